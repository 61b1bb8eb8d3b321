"""The adaptive jitter buffer; see jitter.pxd.

The depth follows the delays of the last 8 s: so long that half a percent would come too late. The buffer gets deeper
by playing longer, shallower by playing shorter; in between lies a band in which nothing is done, so that a drifting clock
costs one small correction in minutes. An empty buffer waits for its packet instead of giving it up: what is late by
jitter is played all the same and only the depth has changed.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from core.stream.delays cimport delays_add, delays_high, delays_init, delays_low

cdef enum:
    MASK = JITTER_SLOTS - 1
    NS_PER_8K = 125000         # of a sample at 8 kHz
    FIRST = 1 << 20            # extended sequences start high, so that 0 can mean a free slot
    SETTLED = 3                # pieces to look at before the depth is made less
    ANEW = 3                   # late packets in a row, in order, that are a new beginning
    REORDER = 16               # packets that may still come before the first one

# All in units of 8 kHz; times scale for other clocks.
cdef enum:
    MARGIN = 40                # 5 ms over the measured delay: half a bin of rounding, and a tick that is a little early
    DEEPER = 0                 # less depth than wanted by more than this, and the next piece is played longer
    SHALLOWER = 64             # 8 ms: more than a step above by this, and it is played shorter
    SKIP = 960                 # 120 ms: more than wanted by this, and packets are given up
    HOLD = 800                 # 100 ms without a packet, and the source has stopped
    STRANGE = 8000             # 1 s beside the usual delay: the timestamp jumped
    NEAR = 2000                # 250 ms
    LONGEST_HOLD = 160         # 20 ms: concealed at once while waiting


cdef int jitter_memory(int largest) noexcept nogil:
    return JITTER_SLOTS * ((largest + 15) & ~15)


cdef void jitter_init(Jitter* j, int clock, void* memory, int largest, int min_ms, int max_ms) noexcept nogil:
    memset(j, 0, sizeof(Jitter))
    j.clock = clock
    j.scale = clock // 8000
    j.stride = (largest + 15) & ~15
    j.memory = <uint8_t*>memory
    j.min_depth = min_ms * (clock // 1000)
    j.max_depth = max_ms * (clock // 1000)
    j.last_span = 160 * j.scale
    delays_init(&j.delays, clock)


cdef inline int64_t _units(const Jitter* j, int64_t now) noexcept nogil:
    return now * j.scale // NS_PER_8K


cdef void _clear(Jitter* j) noexcept nogil:
    cdef int i
    if j.count:
        for i in range(JITTER_SLOTS):
            j.slots[i].sequence = 0
    j.count = 0
    j.playing = False
    j.held = 0


cdef void jitter_flush(Jitter* j) noexcept nogil:
    _clear(j)
    j.silent = False
    if j.started:
        j.next_sequence = j.highest + 1


cdef int jitter_depth_ms(const Jitter* j) noexcept nogil:
    cdef int64_t depth = j.target - delays_low(&j.delays)
    return <int>(depth * 1000 // j.clock) if j.started else 0


cdef inline void _retarget(Jitter* j) noexcept nogil:
    cdef int64_t low = delays_low(&j.delays), wanted = delays_high(&j.delays) + MARGIN * j.scale
    if wanted > low + j.max_depth:
        wanted = low + j.max_depth
    elif wanted < low + j.min_depth:
        wanted = low + j.min_depth
    j.target = wanted


cdef int64_t _reanchor(Jitter* j, int64_t units, bint follows) noexcept nogil:
    """The extended timestamp of a packet whose own says nothing: gapless if that fits the clock, else as usual."""
    cdef int64_t gapless = j.highest_timestamp + j.last_span
    cdef int64_t off = units - gapless - j.mean_delay
    if follows and -NEAR * j.scale < off < NEAR * j.scale:
        return gapless
    return units - j.mean_delay


cdef void _begin(Jitter* j, uint16_t sequence, uint32_t timestamp, int64_t units) noexcept nogil:
    j.started = True
    j.highest = FIRST + sequence
    j.raw_sequence = sequence
    j.raw_timestamp = timestamp
    # So that the delay of the first packet is zero: numbers stay small, whatever the far end's clock says.
    j.highest_timestamp = units
    j.next_sequence = j.highest - REORDER
    j.mean_delay = 0


cdef inline int64_t _time(Jitter* j, uint32_t timestamp, int64_t units, bint follows, bint restarted) noexcept nogil:
    """The extended timestamp; notices jumps."""
    cdef int64_t extended = j.highest_timestamp + <int32_t>(timestamp - j.raw_timestamp)
    cdef int64_t off = units - extended - j.mean_delay
    cdef int64_t strange = STRANGE * j.scale
    if not restarted and -strange < off < strange:
        return extended
    if not restarted:
        j.counters.jumps += 1
    extended = _reanchor(j, units, follows)
    j.highest_timestamp = extended
    j.raw_timestamp = timestamp
    return extended


cdef bint _room(Jitter* j, int64_t extended) noexcept nogil:
    """Makes the slot of a packet its own; False when the packet is too old for that."""
    cdef int64_t base = j.next_sequence if j.playing else j.first
    if j.count == 0 and not j.playing:
        j.first = extended
        return True
    if extended >= base + JITTER_SLOTS:
        j.counters.overflows += 1
        _clear(j)
        j.next_sequence = extended
        j.first = extended
    elif not j.playing and extended < j.first:
        if j.highest - extended >= JITTER_SLOTS:
            return False
        j.first = extended
    return True


cdef inline void _learn(Jitter* j, int64_t delay) noexcept nogil:
    j.mean_delay += (delay - j.mean_delay) >> 4
    delays_add(&j.delays, delay)
    _retarget(j)


cdef bint _began_anew(Jitter* j, uint16_t sequence) noexcept nogil:
    """Whether late packets come in such order that they are the beginning of something new: a source that counts from
    the start again, near to where it was before."""
    j.late_run = j.late_run + 1 if sequence == j.late_sequence else 1
    j.late_sequence = sequence + 1
    return j.late_run >= ANEW and j.count == 0


cdef int _late(Jitter* j, uint32_t timestamp, int kind, int64_t units) noexcept nogil:
    cdef int64_t delay = units - j.highest_timestamp - <int32_t>(timestamp - j.raw_timestamp)
    # What comes after its time says how deep the buffer should have been; what comes ages later says nothing.
    if kind != PACKET_OTHER and j.mean_delay - STRANGE * j.scale < delay < j.target + j.max_depth:
        _learn(j, delay)
    j.counters.late += 1
    return PUT_LATE


cdef inline int64_t _extend(Jitter* j, uint16_t sequence) noexcept nogil:
    return j.highest + <int16_t><uint16_t>(sequence - j.raw_sequence)


cdef int jitter_put(Jitter* j, uint16_t sequence, uint32_t timestamp, int kind, uint8_t payload_type,
                    const uint8_t* payload, int size, int span, bint restarted, int64_t now) noexcept nogil:
    cdef int64_t units = _units(j, now), extended, at
    cdef JitterSlot* slot
    if size < 0 or size > j.stride or (kind == PACKET_AUDIO and not 0 < span <= j.clock):
        return PUT_TOO_LONG
    if not j.started:
        _begin(j, sequence, timestamp, units)
        restarted = False
    extended = _extend(j, sequence)
    if extended < j.next_sequence and not restarted:
        if not _began_anew(j, sequence):
            return _late(j, timestamp, kind, units)
        restarted = True
    if restarted:
        # Another source goes on where the one before ends: what waits is played first.
        j.counters.restarts += 1
        j.late_run = 0
        extended = j.highest + 1
    slot = &j.slots[extended & MASK]
    if slot.sequence == extended:
        j.counters.duplicates += 1
        return PUT_DUPLICATE
    at = j.highest_timestamp
    if kind != PACKET_OTHER:
        at = _time(j, timestamp, units, extended == j.highest + 1, restarted)
        _learn(j, units - at)
    if extended > j.highest:
        j.highest = extended
        j.raw_sequence = sequence
        if kind != PACKET_OTHER:
            j.highest_timestamp = at
            j.raw_timestamp = timestamp
    if not _room(j, extended):
        j.counters.late += 1
        return PUT_LATE
    slot.sequence = extended
    slot.timestamp = at
    slot.span = <uint32_t>span
    slot.size = <uint16_t>size
    slot.kind = <uint8_t>kind
    slot.payload_type = payload_type
    memcpy(j.memory + (extended & MASK) * j.stride, payload, size)
    j.count += 1
    j.counters.stored += 1
    return PUT_STORED


cdef inline void _take(Jitter* j, JitterSlot* slot) noexcept nogil:
    slot.sequence = 0
    j.count -= 1
    j.next_sequence += 1


cdef inline void _describe(Jitter* j, const JitterSlot* slot, JitterPiece* out) noexcept nogil:
    out.payload = j.memory + (slot - &j.slots[0]) * j.stride
    out.size = slot.size
    out.payload_type = slot.payload_type
    out.span = <int>slot.span


cdef inline int _lag(int need, int span) noexcept nogil:
    """Where a tick takes several packets, all are asked for at once: how much younger the last one is than this one."""
    return 0 if need <= span or span <= 0 else (need - 1) // span * span


cdef bint _start(Jitter* j, int64_t units, int need) noexcept nogil:
    """A talk spurt begins when its first packet has waited as long as the slowest need; False: not yet."""
    cdef JitterSlot* slot
    if j.count == 0:
        return False
    while j.slots[j.first & MASK].sequence != j.first and j.first < j.highest:
        j.first += 1
    slot = &j.slots[j.first & MASK]
    if units - slot.timestamp - _lag(need, <int>slot.span) < j.target:
        return False
    j.playing = True
    j.held = 0
    j.next_sequence = j.first
    j.next_timestamp = slot.timestamp
    return True


cdef void _underrun(Jitter* j, JitterPiece* out) noexcept nogil:
    """Nothing waits. What is expected may come yet: its place is kept for a while."""
    cdef int span = j.last_span if j.last_span < LONGEST_HOLD * j.scale else LONGEST_HOLD * j.scale
    if j.silent or j.held >= HOLD * j.scale:
        j.playing = False
        j.held = 0
        return
    j.held += span
    j.counters.held_units += span
    out.kind = PIECE_LOST
    out.span = span


cdef bint _missing(Jitter* j, JitterPiece* out) noexcept nogil:
    """A packet is not there, but later ones are: it is lost. False when it was concealed already, while we waited."""
    cdef JitterSlot* following = &j.slots[(j.next_sequence + 1) & MASK]
    j.next_sequence += 1
    j.next_timestamp += j.last_span
    if j.held >= j.last_span:
        j.held -= j.last_span
        return False
    j.held = 0
    if j.silent:
        return False
    j.counters.lost += 1
    out.kind = PIECE_LOST
    out.span = j.last_span
    if following.sequence == j.next_sequence and following.kind == PACKET_AUDIO:
        out.next_payload = j.memory + (j.next_sequence & MASK) * j.stride
        out.next_size = following.size
    return True


cdef inline int _adaptation(Jitter* j, int64_t depth, int ahead, int lag, int need, int span) noexcept nogil:
    """By how much the piece should be played longer or shorter.

    A packet must be here at the tick that asks for it, not when it is heard, so the depth moves in steps of a packet or a
    tick: what is heard later by less than a step only waits decoded (`spare`).
    """
    cdef int tick = ahead + need
    cdef int step = span if span < tick else tick
    cdef int64_t spare = ahead + lag - (tick - step), excess
    if depth < j.least or j.pieces == 0:
        j.least = depth
    j.pieces += 1
    if depth < j.target - DEEPER * j.scale:
        j.pieces = 0
        excess = j.target - depth + step - 1
        if excess > j.clock:
            excess = j.clock
        return <int>(excess - excess % step - spare)
    if j.pieces < SETTLED:
        return 0
    # Whatever is taken out, the step after it must still be deep enough.
    excess = j.least - j.target + spare - step
    if j.pieces > 2 * SETTLED:
        j.pieces = 0
    if excess < SHALLOWER * j.scale:
        return 0
    j.pieces = 0
    return <int>-(excess if excess < j.clock else j.clock)


cdef bint _play(Jitter* j, JitterSlot* slot, int64_t units, int ahead, int need, JitterPiece* out) noexcept nogil:
    """The packet whose turn it is; False when it was no sound or is given up, so that the next one's turn has come."""
    cdef int64_t gap = slot.timestamp - j.next_timestamp, following = j.next_sequence + 1
    cdef int lag = _lag(need, <int>slot.span)
    cdef int64_t depth = units - slot.timestamp - lag
    if slot.kind != PACKET_AUDIO:
        j.silent = True
        if slot.kind == PACKET_NOISE:
            out.kind = PIECE_NOISE
            _describe(j, slot, out)
        if gap > 0:
            j.next_timestamp = slot.timestamp
        _take(j, slot)
        return out.kind == PIECE_NOISE
    if gap > 0 and depth < j.target:
        # A pause that the source left out: it may be longer or shorter here, so the depth is set anew.
        j.held = 0
        return True
    if depth > j.target + SKIP * j.scale and j.slots[following & MASK].sequence == following:
        j.counters.skipped += 1
        out.skipped += 1
        j.next_timestamp = slot.timestamp + slot.span
        _take(j, slot)
        return False
    out.kind = PIECE_AUDIO
    _describe(j, slot, out)
    out.adapt = _adaptation(j, depth, ahead, lag, need, out.span)
    j.silent = False
    j.held = 0
    if slot.span:
        j.last_span = <int>slot.span
    j.next_timestamp = slot.timestamp + slot.span
    _take(j, slot)
    return True


cdef void jitter_get(Jitter* j, int64_t now, int ahead, int need, JitterPiece* out) noexcept nogil:
    cdef int64_t units = _units(j, now)
    cdef JitterSlot* slot
    cdef int turns
    memset(out, 0, sizeof(JitterPiece))
    if not j.playing and not _start(j, units, need):
        return
    for turns in range(2 * JITTER_SLOTS):
        slot = &j.slots[j.next_sequence & MASK]
        if slot.sequence == j.next_sequence:
            if _play(j, slot, units, ahead, need, out):
                return
        elif j.count == 0:
            _underrun(j, out)
            return
        elif _missing(j, out):
            return
