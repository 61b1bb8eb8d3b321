"""Which RTP port pair a new stream gets."""

from libc.stdint cimport uint32_t

from core.base.sockets cimport Address
from core.engine.state cimport Worker

cdef class Place:
    """The pairs of one local address."""
    cdef object owners         # array: the id of each pair's stream, 0: none, AT_REST
    cdef int next              # pair to try
    cdef object resting        # deque of (since when, RTP descriptor), the oldest first
    cdef dict sockets          # pair -> its RTP descriptor, while it is bound

cdef class PortRange:
    cdef int first             # even
    cdef int pairs
    cdef Worker* workers       # to see which owners still have their sockets
    cdef dict places           # local address -> Place
    cdef dict bound            # RTP descriptor -> (local address, pair, RTCP descriptor or -1); closed nowhere else
    cdef set single            # RTP descriptors whose RTCP socket was closed: rtcp-mux needs none
    cdef int resting           # pairs that are bound, but nobody's
    cdef int most_resting

    # Binds the next free pair in rotation: its index; fds get the RTP and the RTCP descriptor.
    cdef int take(self, str local_ip, const Address* local, int* fds) except -1
    # Sockets of a stream that ended: they rest, or are closed.
    cdef int rest(self, uint32_t owner, int fd, bint reusable) except -1
    # Closes what has rested for longer than `age_s` seconds.
    cdef int tidy(self, double age_s) except -1
    # Closes everything; the workers have ended.
    cdef int close_all(self) except -1
    cdef int close(self, int fd) except -1
    # The stream's RTCP socket is of no use (rtcp-mux).
    cdef int spare(self, uint32_t owner, int fd) except -1
    # An RTCP socket for a pair that has none: its descriptor, or -1.
    cdef int complete(self, int fd) except -2
    cdef int _wake(self, str local_ip, double age_s, int* fds) except -2
    cdef int _claim(self, str local_ip, const Address* local, int pair, int* fds) except -1
    # Whose the pair is from now on: a new stream's, or the same one's under the id that a move gave it.
    cdef int give_to(self, str local_ip, int pair, uint32_t owner) except -1
    cdef Place _place(self, str local_ip)
    cdef bint _usable(self, int fd, int* fds)
    # The stream has another id from now on.
    cdef int moved(self, uint32_t old, uint32_t new) except -1
    cdef bint _in_use(self, uint32_t owner)
    cdef int _bind(self, str local_ip, const Address* local, int pair, int* fds) except -1
    cdef int _take_now(self, str local_ip, const Address* local, int* fds) except -2
