"""Which RTP port pair a new stream gets."""

from libc.stdint cimport uint32_t

from core.base.sockets cimport Address
from core.engine.state cimport Worker

cdef class PortRange:
    cdef int first             # even
    cdef int pairs
    cdef Worker* workers       # to see which owners still have their sockets
    cdef dict places           # local address -> [id of each pair's owner (array), next pair to try]

    # Binds the next free pair in rotation: its index; fds get the RTP and the RTCP descriptor.
    cdef int take(self, str local_ip, const Address* local, int* fds) except -1
    cdef int give_to(self, str local_ip, int pair, uint32_t owner) except -1
    cdef bint _in_use(self, uint32_t owner)
    cdef int _bind(self, str local_ip, const Address* local, int pair, int* fds) except -1
    cdef int _take_now(self, str local_ip, const Address* local, int* fds) except -2
