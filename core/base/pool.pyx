"""Taking and giving of slots; see pool.pxd for the layout of an id."""

from libc.stdint cimport uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.base.ring cimport spsc_count, spsc_free, spsc_init, spsc_pop, spsc_push

cdef enum:
    RETIRED = 0x8000


cdef int pool_init(Pool* pool, uint32_t capacity, uint32_t tag) noexcept nogil:
    memset(pool, 0, sizeof(Pool))
    pool.capacity = capacity
    pool.tag = tag
    pool.generations = <uint16_t*>calloc(capacity, sizeof(uint16_t))
    if pool.generations == NULL or spsc_init(&pool.returned, capacity, sizeof(uint32_t)) < 0:
        return -1
    return 0


cdef void pool_free(Pool* pool) noexcept nogil:
    free(pool.generations)
    pool.generations = NULL
    spsc_free(&pool.returned)


cdef uint32_t pool_take(Pool* pool) noexcept nogil:
    cdef uint32_t slot = 0, generation
    if pool.fresh < pool.capacity and spsc_count(&pool.returned) < RESERVE:
        slot = pool.fresh
        pool.fresh += 1
    elif not spsc_pop(&pool.returned, &slot):
        return 0
    generation = (pool.generations[slot] & ((1 << GENERATION_BITS) - 1)) + 1
    if generation >= (1 << GENERATION_BITS):
        generation = 1
    pool.generations[slot] = <uint16_t>generation
    pool.taken += 1
    return (pool.tag << (SLOT_BITS + GENERATION_BITS)) | (generation << SLOT_BITS) | slot


cdef bint pool_is_current(const Pool* pool, uint32_t id) noexcept nogil:
    cdef uint32_t slot = id_slot(id)
    return slot < pool.fresh and id_tag(id) == pool.tag and pool.generations[slot] == id_generation(id)


cdef void pool_retire(Pool* pool, uint32_t id) noexcept nogil:
    if pool_is_current(pool, id):
        pool.generations[id_slot(id)] |= <uint16_t>RETIRED
        pool.taken -= 1


cdef void pool_give(Pool* pool, uint32_t slot) noexcept nogil:
    # The ring holds every slot, so this cannot fail.
    spsc_push(&pool.returned, &slot)
