"""Clips: immutable sound, encoded once for each codec, shared by all workers and counted.

Python's thread adds; a play holds one reference to each of its clips from the moment it is submitted; who drops the last
one after `release` reports it, and Python then frees the memory.
"""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint32_t

cdef enum:
    CLIP_SLOTS = 4096

cdef enum:
    CLIP_FREE = 0
    CLIP_LIVE = 1
    CLIP_UNUSED = 2            # the last reference is gone; waits for its event

cdef struct Clip:
    uint8_t* ulaw
    uint8_t* alaw
    int16_t* wide              # linear sound at 16 kHz, two samples for each of `samples`; NULL: there is none
    int16_t* full              # the same at 48 kHz, six samples for each
    uint32_t samples           # at 8 kHz
    uint32_t id                # slot + CLIP_SLOTS * generation
    int32_t references         # atomic
    int32_t state              # atomic
    uint32_t worker            # who dropped the last reference and reports it

cdef struct ClipTable:
    Clip items[CLIP_SLOTS]
    uint32_t generations[CLIP_SLOTS]
    uint32_t next_slot

# Python's thread: encodes and registers; the id, or 0 when there is no slot or memory. `wide`, `full`: as above, or NULL.
cdef uint32_t clip_add(ClipTable* table, const int16_t* pcm, uint32_t samples, const int16_t* wide,
                       const int16_t* full) noexcept nogil
cdef Clip* clip_find(ClipTable* table, uint32_t id) noexcept nogil
cdef void clip_hold(Clip* clip) noexcept nogil
# True when that was the last reference: then the caller must report it.
cdef bint clip_drop(Clip* clip, uint32_t worker) noexcept nogil
# Python's thread, after the report.
cdef void clip_free(ClipTable* table, uint32_t id) noexcept nogil
cdef void clip_free_all(ClipTable* table) noexcept nogil
