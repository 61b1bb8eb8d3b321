"""The SRTP contexts of all workers: made and freed by Python's thread, used by the worker that was told their number."""

from libc.stdint cimport uint32_t

from core.stream.srtp cimport Srtp

cdef struct SrtpTable:
    Srtp* items
    uint32_t capacity

cdef class KeyStore:
    cdef SrtpTable* table
    cdef list free             # numbers that are not in use
    cdef uint32_t unused       # numbers from here on were never used
    cdef dict sessions         # number -> pylibsrtp Session, which owns what the worker uses
    cdef dict current          # stream -> {direction: (number, profile, key)}
    cdef list retired          # numbers that a worker has been told to let go of

    # The number of a context for the key; 0 when the stream has that key already and keeps it, with its packet index.
    cdef uint32_t add(self, uint32_t stream, str direction, int profile, bytes key) except? 0
    # The stream has another id from now on.
    cdef int move(self, uint32_t old, uint32_t new) except -1
    # The stream is closed: its contexts are freed.
    cdef int drop(self, uint32_t stream) except -1
    cdef int _sweep(self) except -1
    cdef uint32_t _number(self) except 0
    cdef int _give_back(self, uint32_t number) except -1
