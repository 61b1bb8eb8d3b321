"""The 20 ms clock of a worker: absolute deadlines on a wheel of 2 ms, legs and rooms staggered over it."""

from libc.stdint cimport int64_t

from core.engine.state cimport Worker

# Runs the ticks that are due.
cdef void run_ticks(Worker* w, int64_t now) noexcept nogil
# Sets the timer for the next tick that somebody waits for; none, no timer.
cdef void arm_ticks(Worker* w) noexcept nogil
