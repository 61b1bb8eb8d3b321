"""Slots of a preallocated array, named by ids that carry a generation, so that a late user of a reused slot is recognised.

An id is a uint32: tag (5 bits), generation (13 bits, never 0), slot (14 bits). One thread takes slots, one gives them back
(the media worker, after it has let go of the stream). A given slot waits until RESERVE others wait as well, which keeps the
touched memory small and still spreads generations, so an id comes back after half a million uses at the earliest.
"""

from libc.stdint cimport uint16_t, uint32_t

from core.base.ring cimport SpscRing

cdef enum:
    SLOT_BITS = 14
    GENERATION_BITS = 13
    MAX_SLOTS = 1 << 14
    MAX_TAGS = 1 << 5
    RESERVE = 64

cdef struct Pool:
    uint16_t* generations      # of each slot: the one in use or last used; taking thread
    uint32_t capacity          # slots
    uint32_t fresh             # slots never used yet start here; taking thread
    uint32_t taken             # taking thread
    uint32_t tag               # goes into each id
    SpscRing returned          # slots given back

cdef int pool_init(Pool* pool, uint32_t capacity, uint32_t tag) noexcept nogil
cdef void pool_free(Pool* pool) noexcept nogil
# The next id, or 0 when every slot is taken.
cdef uint32_t pool_take(Pool* pool) noexcept nogil
# Taking thread: whether the id is the present one of its slot and not retired.
cdef bint pool_is_current(const Pool* pool, uint32_t id) noexcept nogil
# Taking thread: the id is dead from now on, though its slot is not free yet.
cdef void pool_retire(Pool* pool, uint32_t id) noexcept nogil
# Giving thread: the slot may be taken again.
cdef void pool_give(Pool* pool, uint32_t slot) noexcept nogil


cdef inline uint32_t id_slot(uint32_t id) noexcept nogil:
    return id & (MAX_SLOTS - 1)


cdef inline uint32_t id_tag(uint32_t id) noexcept nogil:
    return id >> (SLOT_BITS + GENERATION_BITS)


cdef inline uint32_t id_generation(uint32_t id) noexcept nogil:
    return (id >> SLOT_BITS) & ((1 << GENERATION_BITS) - 1)
