"""Lock-free rings of fixed-size records: one producer and one consumer, or many producers and one consumer.

Positions only grow (64 bits); a slot is a position modulo the capacity, which is a power of two. Producer and consumer
fields sit on cache lines of their own, and each side keeps a copy of the other's position, so that it reads the shared one
only when the ring looks full or empty.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from core.base.atomics cimport compare_exchange_u64, load_acquire_u64, load_relaxed_u64, store_relaxed_u64, store_release_u64

cdef struct SpscRing:
    uint8_t* records
    uint64_t mask
    uint32_t record_size       # bytes
    uint8_t pad0[44]
    uint64_t head              # producer: next position to write
    uint64_t tail_seen         # producer's copy of tail
    uint8_t pad1[48]
    uint64_t tail              # consumer: next position to read
    uint64_t head_seen         # consumer's copy of head
    uint8_t pad2[48]

cdef struct MpscRing:
    uint8_t* cells             # each: uint64 sequence, then the record, padded to 8 bytes
    uint64_t mask
    uint32_t record_size       # bytes
    uint32_t stride            # bytes from cell to cell
    uint8_t pad0[40]
    uint64_t head              # shared by the producers
    uint8_t pad1[56]
    uint64_t tail              # consumer
    uint8_t pad2[56]

# Both return 0, or -1 when memory is short. `capacity` is rounded up to a power of two.
cdef int spsc_init(SpscRing* ring, uint32_t capacity, uint32_t record_size) noexcept nogil
cdef void spsc_free(SpscRing* ring) noexcept nogil
cdef int mpsc_init(MpscRing* ring, uint32_t capacity, uint32_t record_size) noexcept nogil
cdef void mpsc_free(MpscRing* ring) noexcept nogil


cdef inline void* spsc_reserve(SpscRing* ring) noexcept nogil:
    """Producer: the record to fill before `spsc_commit`, or NULL when the ring is full."""
    if ring.head - ring.tail_seen > ring.mask:
        ring.tail_seen = load_acquire_u64(&ring.tail)
        if ring.head - ring.tail_seen > ring.mask:
            return NULL
    return ring.records + (ring.head & ring.mask) * ring.record_size


cdef inline void spsc_commit(SpscRing* ring) noexcept nogil:
    store_release_u64(&ring.head, ring.head + 1)


cdef inline bint spsc_push(SpscRing* ring, const void* record) noexcept nogil:
    cdef void* slot = spsc_reserve(ring)
    if slot == NULL:
        return False
    memcpy(slot, record, ring.record_size)
    spsc_commit(ring)
    return True


cdef inline void* spsc_front(SpscRing* ring) noexcept nogil:
    """Consumer: the oldest record, valid until `spsc_release`, or NULL when the ring is empty."""
    if ring.tail == ring.head_seen:
        ring.head_seen = load_acquire_u64(&ring.head)
        if ring.tail == ring.head_seen:
            return NULL
    return ring.records + (ring.tail & ring.mask) * ring.record_size


cdef inline void spsc_release(SpscRing* ring) noexcept nogil:
    store_release_u64(&ring.tail, ring.tail + 1)


cdef inline bint spsc_pop(SpscRing* ring, void* record) noexcept nogil:
    cdef void* slot = spsc_front(ring)
    if slot == NULL:
        return False
    memcpy(record, slot, ring.record_size)
    spsc_release(ring)
    return True


cdef inline uint64_t spsc_count(const SpscRing* ring) noexcept nogil:
    """Records in the ring; exact for its two threads only in what they own themselves."""
    return load_acquire_u64(&ring.head) - load_acquire_u64(&ring.tail)


cdef inline bint mpsc_push(MpscRing* ring, const void* record) noexcept nogil:
    """Any thread. A cell is free for position p when its sequence says p, and filled when it says p + 1."""
    cdef uint64_t position = load_relaxed_u64(&ring.head)
    cdef uint64_t sequence
    cdef uint8_t* cell
    while True:
        cell = ring.cells + (position & ring.mask) * ring.stride
        sequence = load_acquire_u64(<uint64_t*>cell)
        if sequence == position:
            if compare_exchange_u64(&ring.head, position, position + 1):
                memcpy(cell + 8, record, ring.record_size)
                store_release_u64(<uint64_t*>cell, position + 1)
                return True
        elif <long long>(sequence - position) < 0:
            return False
        position = load_relaxed_u64(&ring.head)


cdef inline bint mpsc_pop(MpscRing* ring, void* record) noexcept nogil:
    """The one consumer."""
    cdef uint64_t position = ring.tail
    cdef uint8_t* cell = ring.cells + (position & ring.mask) * ring.stride
    if load_acquire_u64(<uint64_t*>cell) != position + 1:
        return False
    memcpy(record, cell + 8, ring.record_size)
    store_release_u64(<uint64_t*>cell, position + ring.mask + 1)
    store_relaxed_u64(&ring.tail, position + 1)
    return True
