"""Making and freeing of the rings; pushing and popping is inline in ring.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset


cdef uint64_t _power_of_two(uint32_t wanted) noexcept nogil:
    cdef uint64_t size = 2
    while size < wanted:
        size *= 2
    return size


cdef int spsc_init(SpscRing* ring, uint32_t capacity, uint32_t record_size) noexcept nogil:
    cdef uint64_t size = _power_of_two(capacity)
    memset(ring, 0, sizeof(SpscRing))
    # calloc of a large block gives pages that cost nothing until they are touched.
    ring.records = <uint8_t*>calloc(size, record_size)
    ring.mask = size - 1
    ring.record_size = record_size
    return 0 if ring.records != NULL else -1


cdef void spsc_free(SpscRing* ring) noexcept nogil:
    free(ring.records)
    ring.records = NULL


cdef int mpsc_init(MpscRing* ring, uint32_t capacity, uint32_t record_size) noexcept nogil:
    cdef uint64_t size = _power_of_two(capacity), position
    memset(ring, 0, sizeof(MpscRing))
    ring.stride = (8 + record_size + 7) & ~<uint32_t>7
    ring.record_size = record_size
    ring.mask = size - 1
    ring.cells = <uint8_t*>calloc(size, ring.stride)
    if ring.cells == NULL:
        return -1
    for position in range(size):
        (<uint64_t*>(ring.cells + position * ring.stride))[0] = position
    return 0


cdef void mpsc_free(MpscRing* ring) noexcept nogil:
    free(ring.cells)
    ring.cells = NULL
