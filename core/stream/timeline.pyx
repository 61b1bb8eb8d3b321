"""Sequence numbers and timestamps of what is sent; see timeline.pxd."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from core.stream.rtp cimport timestamp_step

cdef enum:
    NS_PER_SAMPLE = 125000     # at 8 kHz
    SNAP = 40                  # samples (5 ms): a start this near to the end of the last packet joins it without a gap


cdef void tl_init(Timeline* t, uint64_t random) noexcept nogil:
    memset(t, 0, sizeof(Timeline))
    t.ssrc = <uint32_t>random | 1
    # RFC 3550 section 5.1: both start at random; below 2^15, so that the first wrap is some minutes away.
    t.next_sequence = <uint16_t>((random >> 32) & 0x7FFF)
    t.last_timestamp = <uint32_t>(random >> 16)
    t.scale = 1


cdef void tl_clock(Timeline* t, int clock) noexcept nogil:
    if t.started and t.scale != clock // 8000:
        # The last packet's span is of another clock; a new one starts where the wall clock says.
        t.last_span = <uint32_t>(t.last_span * (clock // 8000) // t.scale)
    t.scale = clock // 8000


cdef uint32_t tl_timestamp_at(const Timeline* t, int64_t now) noexcept nogil:
    cdef int64_t elapsed
    if not t.started:
        return t.last_timestamp
    elapsed = (now - t.last_ns) * t.scale // NS_PER_SAMPLE
    if elapsed < <int64_t>t.last_span + SNAP * t.scale:
        elapsed = t.last_span
    return t.last_timestamp + <uint32_t>elapsed


cdef void tl_next_at(Timeline* t, uint64_t source, uint32_t timestamp, int64_t timestamp_ns, int span,
                     Stamp* out) noexcept nogil:
    out.marker = t.source != source or t.paused
    t.paused = False
    out.sequence = t.next_sequence
    out.timestamp = timestamp
    t.source = source
    t.started = True
    t.next_sequence += 1
    t.last_timestamp = timestamp
    t.last_span = span
    t.last_ns = timestamp_ns


cdef void tl_next(Timeline* t, uint64_t source, int span, int64_t now, Stamp* out) noexcept nogil:
    cdef uint32_t timestamp
    if t.started and t.source == source:
        # One after the other: our own packets are paced by an exact clock, so their timestamps carry no jitter.
        timestamp = t.last_timestamp + t.last_span
        now = t.last_ns + <int64_t>t.last_span * NS_PER_SAMPLE // t.scale
    else:
        timestamp = tl_timestamp_at(t, now)
    tl_next_at(t, source, timestamp, now, span, out)


cdef void tl_pause(Timeline* t, int span) noexcept nogil:
    t.last_span += <uint32_t>span
    t.paused = True


cdef void _change(Timeline* t, uint64_t source, int64_t extended, uint32_t timestamp, int64_t now) noexcept nogil:
    t.timestamp_offset = tl_timestamp_at(t, now) - timestamp
    t.sequence_offset = <uint16_t>(t.next_sequence - <uint16_t>extended)
    t.first = extended
    t.highest = extended - 1
    t.source = source
    t.started = True


cdef bint tl_map(Timeline* t, uint64_t source, int64_t extended, uint32_t timestamp, int span, int64_t now,
                 Stamp* out) noexcept nogil:
    out.marker = False
    if t.source != source:
        _change(t, source, extended, timestamp, now)
        out.marker = True
    elif extended < t.first:
        return False
    out.sequence = <uint16_t>(<uint16_t>extended + t.sequence_offset)
    out.timestamp = timestamp + t.timestamp_offset
    if extended > t.highest:
        t.highest = extended
        t.next_sequence = <uint16_t>(out.sequence + 1)
        # The packets of one event share their timestamp: the first of them dates it.
        if out.marker or timestamp_step(out.timestamp, t.last_timestamp) > 0:
            t.last_timestamp = out.timestamp
            t.last_span = span
            t.last_ns = now
    return True
