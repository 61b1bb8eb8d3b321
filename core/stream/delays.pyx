"""The sliding histogram of delays; see delays.pxd."""

from libc.stdint cimport int16_t, int64_t
from libc.string cimport memset

cdef enum:
    TAIL_SHIFT = 8             # 1/256 of the packets may lie above the pointer
    LOOK_EVERY = 64            # packets between two looks for the lowest bin (a power of two)
    ROOM_BELOW = 64            # bins left free below when the origin moves


cdef void delays_init(Delays* d, int clock) noexcept nogil:
    memset(d, 0, sizeof(Delays))
    d.unit = clock // BINS_PER_SECOND
    d.bins_per_unit = 1.0 / d.unit


cdef int _lowest(const Delays* d) noexcept nogil:
    cdef int i
    for i in range(DELAY_BINS):
        if d.bins[i]:
            return i
    return 0


cdef void _recount(Delays* d) noexcept nogil:
    """The histogram and the pointer from the window."""
    cdef int i
    memset(d.bins, 0, sizeof(d.bins))
    for i in range(d.count):
        d.bins[d.window[i]] += 1
    d.pointer = DELAY_BINS - 1
    d.above = 0
    d.lowest = _lowest(d)


cdef void _move_origin(Delays* d, int64_t origin) noexcept nogil:
    cdef int64_t step = d.origin - origin, moved
    cdef int i
    d.origin = origin
    if step <= -DELAY_BINS or step >= DELAY_BINS:
        # Nothing of before can be compared with what comes.
        d.count = 0
        d.at = 0
    for i in range(d.count):
        moved = d.window[i] + step
        d.window[i] = <int16_t>(0 if moved < 0 else DELAY_BINS - 1 if moved >= DELAY_BINS else moved)
    _recount(d)


cdef inline void _settle(Delays* d) noexcept nogil:
    cdef int allowed = d.count >> TAIL_SHIFT
    while d.above > allowed and d.pointer < DELAY_BINS - 1:
        d.pointer += 1
        d.above -= d.bins[d.pointer]
    while d.pointer > 0 and d.above + d.bins[d.pointer] <= allowed:
        d.above += d.bins[d.pointer]
        d.pointer -= 1


cdef inline int64_t _bin(const Delays* d, int64_t delay) noexcept nogil:
    """Rounded down, below zero as well."""
    return delay // d.unit if delay >= 0 else -((d.unit - 1 - delay) // d.unit)


cdef int _far(Delays* d, int64_t delay) noexcept nogil:
    """The bin of a delay that lies outside: the origin moves, or it counts as the longest."""
    cdef int64_t bin = _bin(d, delay)
    if d.count == 0:
        d.origin = bin - ROOM_BELOW
        d.pointer = ROOM_BELOW
    elif bin < d.origin or bin >= d.origin + 2 * DELAY_BINS:
        _move_origin(d, bin - ROOM_BELOW)
    else:
        d.lowest = _lowest(d)
        if d.lowest > DELAY_BINS // 2:
            _move_origin(d, d.origin + d.lowest - ROOM_BELOW)
    bin -= d.origin
    return DELAY_BINS - 1 if bin >= DELAY_BINS else <int>bin


cdef void delays_add(Delays* d, int64_t delay) noexcept nogil:
    cdef int64_t offset = delay - d.origin * d.unit
    cdef int old, new
    if d.count == 0 or offset < 0 or offset >= DELAY_BINS * d.unit:
        new = _far(d, delay)
    else:
        new = <int>(<int>offset * d.bins_per_unit)
    if d.count == DELAY_WINDOW:
        old = d.window[d.at]
        d.bins[old] -= 1
        if old > d.pointer:
            d.above -= 1
    else:
        d.count += 1
    d.window[d.at] = <int16_t>new
    d.bins[new] += 1
    if new > d.pointer:
        d.above += 1
    d.at = d.at + 1 if d.at < DELAY_WINDOW - 1 else 0
    if new < d.lowest or not d.at & (LOOK_EVERY - 1):
        d.lowest = _lowest(d)
    _settle(d)
