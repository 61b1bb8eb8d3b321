"""RFC 4733 events; see telephone_event.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memset

from core.stream.rtp cimport get16, put16

cdef enum:
    LOST_END_NS = 120000000    # no packet of an open event for this long: its end was lost
    SEGMENT = 0xFFFF           # samples a segment of a long event lasts

cdef const char* DIGITS = b"0123456789*#ABCD"


cdef int event_of(char digit) noexcept nogil:
    cdef int i
    for i in range(16):
        if DIGITS[i] == digit:
            return i
    return -1


cdef bint _is_done(const EventReceiver* r, uint8_t event, uint32_t timestamp) noexcept nogil:
    cdef int i
    for i in range(r.done_count):
        if r.done[i] == timestamp and r.done_event[i] == event:
            return True
    return False


cdef void _remember(EventReceiver* r, uint8_t event, uint32_t timestamp) noexcept nogil:
    cdef int i
    if r.done_count < EVENT_HISTORY:
        r.done_count += 1
    for i in range(r.done_count - 1, 0, -1):
        r.done[i] = r.done[i - 1]
        r.done_event[i] = r.done_event[i - 1]
    r.done[0] = timestamp
    r.done_event[0] = event


cdef Digit _finish(EventReceiver* r) noexcept nogil:
    cdef Digit digit
    digit.code = DIGITS[r.event]
    digit.duration_ms = (r.duration + (r.segment - r.timestamp)) // (8 * r.scale if r.scale else 8)
    r.open = False
    _remember(r, r.event, r.timestamp)
    if r.segment != r.timestamp:
        _remember(r, r.event, r.segment)
    return digit


cdef bint _continues(EventReceiver* r, uint8_t event, uint32_t timestamp) noexcept nogil:
    """The next segment of an event that lasts longer than a duration field can say."""
    if r.open and event == r.event and timestamp == r.segment + SEGMENT:
        # The finished segment must stay known, or a late duplicate of it would look like a new digit.
        _remember(r, event, r.segment)
        r.segment = timestamp
        r.duration = 0
        return True
    return r.open and event == r.event and timestamp == r.segment


cdef void event_packet(EventReceiver* r, const uint8_t* payload, int size, uint32_t timestamp, int64_t now,
                       EventNews* news) noexcept nogil:
    cdef uint8_t event
    cdef uint32_t duration
    memset(news, 0, sizeof(EventNews))
    # 16 and more are no digits (16 is the hook flash); an old event's late packet is no news.
    if size < EVENT_SIZE or payload[0] > 15 or _is_done(r, payload[0], timestamp):
        return
    event = payload[0]
    duration = get16(payload + 2)
    if not _continues(r, event, timestamp):
        if r.open:
            news.finished[0] = _finish(r)
        r.open = True
        r.event = event
        r.timestamp = timestamp
        r.segment = timestamp
        r.duration = 0
        news.started = DIGITS[event]
    if duration > r.duration:
        r.duration = duration
    r.last_ns = now
    if payload[1] & 0x80:
        news.finished[1] = _finish(r)


cdef Digit event_poll(EventReceiver* r, int64_t now) noexcept nogil:
    cdef Digit none
    if r.open and now - r.last_ns > LOST_END_NS:
        return _finish(r)
    none.code = 0
    none.duration_ms = 0
    return none


cdef void event_write(uint8_t* payload, int event, bint end, int volume, int duration) noexcept nogil:
    payload[0] = <uint8_t>event
    payload[1] = <uint8_t>((0x80 if end else 0) | (volume & 0x3F))
    put16(payload + 2, <unsigned short>duration)
