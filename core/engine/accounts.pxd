"""What the legs have counted, added up for the worker."""

from core.engine.state cimport Leg, Worker

# Adds what the counters have gained since the last time to the worker's.
cdef void account(Worker* w, Leg* leg) noexcept nogil
