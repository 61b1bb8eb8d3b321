"""What Python reads of a worker: events and counters."""

from libc.stdint cimport int64_t

from core.engine.state cimport Leg, Worker

# Appends all waiting events and digits as tuples, in the order of their instants.
cdef int take_events(Worker* w, list out) except -1
# Appends (stream, source address, source port, data) of all waiting datagrams.
cdef int take_datagrams(Worker* w, list out) except -1
cdef object read_stream(const Leg* leg)
cdef object read_worker(const Worker* w, int64_t cpu_ns)
