"""The slow pass over all legs, a part at a time: reports, timeouts, what waits for room in the event ring."""

from libc.stdint cimport int64_t

from core.engine.state cimport Worker

cdef enum:
    HOUSE_NS = 32000000        # a part of the slow pass is done this often

cdef void housekeeping(Worker* w, int64_t now) noexcept nogil
