"""Hash map from uint64 keys to int32 slots: open addressing, linear probing, deletion by shifting back (no tombstones).

Key 0 marks an empty cell and is never stored. The table grows at 5/8 full; only `keymap_reserve` can fail (out of memory).
One thread owns a map.
"""

from libc.stdint cimport int32_t, uint64_t
from libc.stdlib cimport calloc, free


cdef struct Cell:
    uint64_t key
    int32_t value


cdef struct KeyMap:
    Cell* cells
    uint64_t mask  # capacity - 1; the capacity is a power of two
    uint64_t used


cdef inline uint64_t keymap_home(const KeyMap* map, uint64_t key) noexcept nogil:
    # Fibonacci hashing: running numbers, which our keys are, spread evenly and without clusters.
    return ((key * 0x9E3779B97F4A7C15ULL) >> 20) & map.mask


cdef inline int keymap_init(KeyMap* map, uint64_t capacity) noexcept nogil:
    """`capacity` is a power of two. Returns -1 when out of memory."""
    map.cells = <Cell*>calloc(capacity, sizeof(Cell))
    map.mask = capacity - 1
    map.used = 0
    return 0 if map.cells != NULL else -1


cdef inline void keymap_close(KeyMap* map) noexcept nogil:
    free(map.cells)
    map.cells = NULL


cdef inline int32_t keymap_get(const KeyMap* map, uint64_t key) noexcept nogil:
    """The slot of `key`, or -1."""
    cdef uint64_t at = keymap_home(map, key)
    while map.cells[at].key != 0:
        if map.cells[at].key == key:
            return map.cells[at].value
        at = (at + 1) & map.mask
    return -1


cdef inline void keymap_put(KeyMap* map, uint64_t key, int32_t value) noexcept nogil:
    """Stores a key that is not in the map yet; `keymap_reserve` has made the room."""
    cdef uint64_t at = keymap_home(map, key)
    while map.cells[at].key != 0:
        at = (at + 1) & map.mask
    map.cells[at].key = key
    map.cells[at].value = value
    map.used += 1


cdef inline int keymap_reserve(KeyMap* map) noexcept nogil:
    """Makes room for one more key. Returns -1 when out of memory; the map is then unchanged."""
    cdef KeyMap larger
    cdef uint64_t at
    if (map.used + 1) * 8 <= (map.mask + 1) * 5:
        return 0
    if keymap_init(&larger, (map.mask + 1) * 2) != 0:
        return -1
    for at in range(map.mask + 1):
        if map.cells[at].key != 0:
            keymap_put(&larger, map.cells[at].key, map.cells[at].value)
    keymap_close(map)
    map[0] = larger
    return 0


cdef inline void keymap_remove(KeyMap* map, uint64_t key) noexcept nogil:
    """Forgets `key`; nothing happens when it is not there."""
    cdef uint64_t hole = keymap_home(map, key)
    cdef uint64_t at, home
    while map.cells[hole].key != key:
        if map.cells[hole].key == 0:
            return
        hole = (hole + 1) & map.mask
    at = hole
    while True:
        at = (at + 1) & map.mask
        if map.cells[at].key == 0:
            break
        home = keymap_home(map, map.cells[at].key)
        # The entry may move into the hole only if its home does not lie behind the hole.
        if ((at - home) & map.mask) >= ((at - hole) & map.mask):
            map.cells[hole] = map.cells[at]
            hole = at
    map.cells[hole].key = 0
    map.used -= 1
