"""The clips that Python has registered, and the commands that play them. Python's thread only."""

from libc.stdint cimport uint32_t

from core.engine.crew cimport Crew
from core.engine.messages cimport Command

cdef class Shelf:
    cdef Crew crew
    cdef set live              # ids that may be played
    cdef uint32_t token        # of the last play

    cdef uint32_t add(self, bytes pcm, bytes wide, bytes full) except 0
    cdef int release(self, object clip) except -1
    # A play of CMD_PLAY or CMD_ROOM_PLAY to `target`; each clip is held from here on. Returns its token.
    cdef uint32_t play(self, int kind, uint32_t target, object clips, uint32_t flags, double gain_db,
                       double duck_db) except 0
