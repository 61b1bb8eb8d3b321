"""The class that Python sees; its fields are touched by Python's thread only, what they point at is shared as it says."""

from libc.stdint cimport uint32_t, uint64_t

from core.engine.crew cimport Crew
from core.engine.keys cimport KeyStore
from core.engine.ports cimport PortRange
from core.engine.shelf cimport Shelf

cdef class Engine:
    cdef Crew crew
    cdef Shelf shelf
    cdef PortRange ports
    cdef KeyStore keys
    cdef bytes random          # a block of it, used up to random_at
    cdef int random_at

    # KeyError when the room is closed.
    cdef uint32_t _room(self, object room) except 0
    cdef uint64_t _random(self) except? 0
