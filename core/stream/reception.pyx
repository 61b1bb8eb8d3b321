"""Judging of received packets; see reception.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.stream.bursts cimport bursts_lost
from core.stream.rtp cimport RtpPacket, sequence_step, timestamp_step

cdef enum:
    MAX_DROPOUT = 3000         # packets ahead that are still loss, not a jump (RFC 3550 A.1)
    MAX_MISORDER = 100         # packets behind that are still reordering
    SLACK_AHEAD = 24000        # samples a timestamp may run ahead of the clock: 3 s
    SLACK_BEHIND = 8000        # samples it may go back: 1 s


cdef void _restart(Reception* rx, const RtpPacket* p) noexcept nogil:
    if rx.started:
        rx.expected_before = rx_expected(rx)
        rx.received_before += rx.received
    rx.started = True
    rx.suspect = False
    rx.epoch += 1
    rx.ssrc = p.ssrc
    rx.base = p.sequence
    rx.highest = p.sequence
    rx.received = 0
    rx.transit_known = False
    rx.bursts.last_lost = 0


cdef bint _follows(const Reception* rx, const RtpPacket* p, int64_t now, bint timed) noexcept nogil:
    cdef int step = sequence_step(p.sequence, <uint16_t>rx.highest)
    cdef int64_t ahead
    if p.ssrc != rx.ssrc or step > MAX_DROPOUT or step < -MAX_MISORDER:
        return False
    if not timed:
        return True
    ahead = timestamp_step(p.timestamp, rx.timestamp)
    return (-SLACK_BEHIND * rx.scale <= ahead
            <= (now - rx.arrival_ns) * rx.scale // 125000 + SLACK_AHEAD * rx.scale)


cdef bint _confirms(const Reception* rx, const RtpPacket* p, bint timed) noexcept nogil:
    return (rx.suspect and p.ssrc == rx.suspect_ssrc and p.sequence == <uint16_t>(rx.suspect_sequence + 1)
            and (not timed or 0 <= timestamp_step(p.timestamp, rx.suspect_timestamp) <= SLACK_AHEAD * rx.scale))


cdef void _measure(Reception* rx, const RtpPacket* p, int64_t now) noexcept nogil:
    """Interarrival jitter, RFC 3550 A.8, in timestamp units."""
    cdef uint32_t transit = <uint32_t>(now * rx.scale // 125000) - p.timestamp
    cdef int step
    if rx.transit_known:
        step = timestamp_step(transit, rx.transit)
        if step < 0:
            step = -step
        rx.jitter_q4 += <uint32_t>step - ((rx.jitter_q4 + 8) >> 4)
    rx.transit = transit
    rx.transit_known = True


cdef void rx_clock(Reception* rx, int clock) noexcept nogil:
    if rx.scale != clock // 8000:
        rx.scale = clock // 8000
        rx.transit_known = False
        rx.jitter_q4 = 0


cdef int rx_packet(Reception* rx, const RtpPacket* p, int64_t now, bint timed) noexcept nogil:
    cdef int verdict = RX_ACCEPT
    cdef int64_t extended
    if rx.scale == 0:
        rx.scale = 1
    if not rx.started or not _follows(rx, p, now, timed):
        if rx.started and not _confirms(rx, p, timed):
            rx.suspect = True
            rx.suspect_ssrc = p.ssrc
            rx.suspect_sequence = p.sequence
            rx.suspect_timestamp = p.timestamp
            return RX_DROP
        _restart(rx, p)
        rx.timestamp = p.timestamp
        rx.arrival_ns = now
        verdict = RX_RESTART
    extended = rx_extended(rx, p.sequence)
    if extended > rx.highest:
        if extended > rx.highest + 1:
            bursts_lost(&rx.bursts, rx.highest + 1, extended - rx.highest - 1)
        rx.highest = extended
        if timed:
            rx.timestamp = p.timestamp
            rx.arrival_ns = now
    rx.received += 1
    if rx.last_ns and now - rx.last_ns > rx.max_gap_ns:
        rx.max_gap_ns = now - rx.last_ns
    rx.last_ns = now
    if timed:
        _measure(rx, p, now)
    return verdict


cdef void rx_expect_change(Reception* rx) noexcept nogil:
    if rx.started:
        rx.expected_before = rx_expected(rx)
        rx.received_before += rx.received
        rx.received = 0
        rx.started = False
    rx.suspect = False


cdef uint64_t rx_expected(const Reception* rx) noexcept nogil:
    if not rx.started:
        return rx.expected_before
    return rx.expected_before + <uint64_t>(rx.highest - rx.base + 1)


cdef uint64_t rx_received(const Reception* rx) noexcept nogil:
    return rx.received_before + rx.received


cdef uint8_t rx_fraction_lost(Reception* rx) noexcept nogil:
    cdef uint64_t expected = rx_expected(rx), received = rx_received(rx)
    cdef int64_t span = expected - rx.expected_reported, got = received - rx.received_reported
    rx.expected_reported = expected
    rx.received_reported = received
    if span <= 0 or got >= span:
        return 0
    return <uint8_t>(((span - got) << 8) // span if got > 0 else 255)
