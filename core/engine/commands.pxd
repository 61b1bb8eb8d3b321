"""What each command does to a worker's legs. Errors become EV_COMMAND_FAILED; nothing raises."""

from libc.stdint cimport int64_t

from core.engine.messages cimport Command
from core.engine.state cimport Leg, Worker

cdef void run_command(Worker* w, const Command* c, int64_t now) noexcept nogil
# Closes a leg's sockets and ends what it does; tells EV_STREAM_CLOSED. False when the event ring had no room yet.
cdef bint close_leg(Worker* w, Leg* leg, int64_t now) noexcept nogil
