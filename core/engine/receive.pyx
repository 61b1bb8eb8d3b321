"""Reading of sockets; see receive.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint64_t
from libc.string cimport memcpy

from core.base.clock cimport NS_PER_MS, NS_PER_SECOND, now_ns
from core.base.prefetch cimport prefetch, prefetch_range
from core.base.sockets cimport Address, same_ip, udp_connect, udp_receive, udp_receive_from, udp_send, udp_send_to
from core.base.ring cimport spsc_commit, spsc_reserve
from core.engine.hearing cimport hear
from core.engine.datagrams cimport DATAGRAM_MAX, DATAGRAMS_A_TURN, Datagram
from core.engine.messages cimport EV_DATAGRAM
from core.engine.state cimport BUFFER, PENDING_FIRST_PACKET, PENDING_LATCHED, Leg, Worker, emit, next_random, tell
from core.stream.latch cimport LATCH_TOLD, latch_destination, latch_window_open
from core.stream.jitter cimport jitter_depth_ms
from core.stream.playout cimport PLAYOUT_MAX_MS
from core.stream.quality cimport quality_rating
from core.stream.reception cimport rx_expected
from core.stream.rtcp cimport RTCP_MAX, VoipMetrics, rtcp_receive, rtcp_write, rtcp_write_voip
from core.stream.srtp cimport SRTP_ROOM, srtp_seal_rtcp
from core.stream.stream cimport (
    GOT_NOTHING,
    GOT_RTCP,
    Received,
    Stream,
    stream_is_for_python,
    stream_open_rtcp,
    stream_receive,
    stream_rtcp_source,
)

cdef enum:
    VERIFY_MS = 50             # after connecting: a packet may be on its way into the socket still
    MAX_DRAIN = 4096           # datagrams that a socket's buffer can hold, and more
    RTCP_SECONDS = 5


cdef void _take_rtcp(Worker* w, Leg* leg, uint8_t* data, int size, const Address* source, int64_t now) noexcept nogil:
    size = stream_open_rtcp(&leg.stream, data, size)
    if size < 0:
        return
    if source != NULL and not stream_rtcp_source(&leg.stream, source):
        leg.stream.count.foreign += 1
    elif not rtcp_receive(&leg.stream.rtcp, data, size, leg.stream.tx.ssrc, now, w.ntp_offset):
        leg.stream.count.malformed += 1


cdef void _pass_up(Worker* w, Leg* leg, int size, const Address* source, int64_t now) noexcept nogil:
    """Gives STUN or DTLS to Python; what finds no room is lost, as it might be on its way."""
    cdef Datagram* out = NULL
    if leg.passed_up < DATAGRAMS_A_TURN and size <= DATAGRAM_MAX:
        out = <Datagram*>spsc_reserve(&w.datagrams)
    if out == NULL:
        w.count.dropped_datagrams += 1
        return
    leg.passed_up += 1
    out.stream = leg.id
    out.size = <uint16_t>size
    # Connected: the kernel has checked the source.
    out.source = source[0] if source != NULL else leg.stream.latch.source
    memcpy(out.data, w.buffer, size)
    spsc_commit(&w.datagrams)
    # Lost when the ring of events is full: then those that wait there make Python look.
    emit(w, EV_DATAGRAM, leg.id, size, 0, 0, now)


cdef void _take(Worker* w, Leg* leg, int size, const Address* source, int64_t now) noexcept nogil:
    cdef Received got
    cdef bint first = leg.stream.count.rx_packets == 0
    if size > BUFFER:
        leg.stream.count.malformed += 1
        return
    if stream_is_for_python(&leg.stream, w.buffer, size):
        _pass_up(w, leg, size, source, now)
        return
    stream_receive(&leg.stream, w.buffer, size, source, now, &got)
    if got.locked:
        tell(w, leg, PENDING_LATCHED, now)
    if first and leg.stream.count.rx_packets:
        tell(w, leg, PENDING_FIRST_PACKET, now)
    if got.kind == GOT_RTCP:
        _take_rtcp(w, leg, w.buffer, size, source, now)
    elif got.kind != GOT_NOTHING:
        hear(w, leg, &got, now)
    if got.locked:
        settle(w, leg, now)


cdef void settle(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef Address source
    cdef int size, left = MAX_DRAIN
    # A far end that speaks ICE may move to another address at any time.
    if s.connected or not s.latch.set or s.latch.policy == LATCH_TOLD or latch_window_open(&s.latch, now):
        return
    if udp_connect(s.fd, latch_destination(&s.latch)) < 0:
        # For instance no route now. Sources go on being checked here, and the slow pass tries again.
        return
    s.connected = True
    s.verify_until_ns = now + VERIFY_MS * NS_PER_MS
    # What was queued before may be of anybody.
    while left > 0:
        size = udp_receive_from(s.fd, w.buffer, BUFFER, &source)
        if size < 0:
            return
        _take(w, leg, size, &source, now)
        left -= 1


cdef inline void _warm(const Leg* leg) noexcept nogil:
    """Fetches what a packet of the leg will touch while the kernel hands it over.

    With hundreds of calls nothing of a leg is in the cache any more when its next packet comes, 20 ms later: waiting for
    that was half of what the relay takes above the system calls.
    """
    cdef const Stream* s = &leg.stream
    prefetch(&s.latch)
    prefetch(&s.latch.source)
    prefetch_range(&s.rx, sizeof(s.rx))
    prefetch(&s.events)
    prefetch(&s.quality.sample_due)
    prefetch_range(&s.count, sizeof(s.count))
    prefetch(&leg.voice)
    prefetch(&leg.tap)
    if leg.peer != NULL:
        s = &leg.peer.stream
        prefetch_range(s, <size_t>(<const char*>&s.latch - <const char*>s))
        prefetch(&s.tx)
        prefetch(&s.tx.highest)
        prefetch(&s.count.tx_packets)
        prefetch(&leg.peer.player)
        prefetch(&leg.peer.digits)


cdef inline int64_t _instant(const Leg* leg, int64_t now) noexcept nogil:
    """When a packet came: who is looked at on ticks has been sent it before this turn began."""
    return now if leg.swept else now_ns()


cdef void read_rtp(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef Address source
    cdef int size
    _warm(leg)
    if s.connected and now >= s.verify_until_ns:
        size = udp_receive(s.fd, w.buffer, BUFFER)
        if size >= 0:
            _take(w, leg, size, NULL, _instant(leg, now))
        return
    # Errors are those that ICMP reported; reading has cleared them.
    size = udp_receive_from(s.fd, w.buffer, BUFFER, &source)
    if size >= 0:
        _take(w, leg, size, &source, _instant(leg, now))


cdef void read_rtcp(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef Address source
    cdef int size = udp_receive_from(leg.stream.rtcp_fd, w.buffer, BUFFER, &source)
    if size < 0:
        return
    if size > BUFFER:
        leg.stream.count.malformed += 1
        return
    _take_rtcp(w, leg, w.buffer, size, &source, now)


cdef void _dispatch_rtcp(Leg* leg, uint8_t* data, int size) noexcept nogil:
    cdef Stream* s = &leg.stream
    if s.secure:
        if s.srtp_out == NULL:
            return
        size = srtp_seal_rtcp(s.srtp_out, data, size)
        if size < 0:
            s.count.send_errors += 1
            return
    if s.rtcp_mux or s.rtcp_fd < 0:
        if s.connected and s.rtcp_mux:
            udp_send(s.fd, data, size)
        else:
            udp_send_to(s.fd, data, size, latch_destination(&s.latch) if s.rtcp_mux else &s.rtcp_remote)
    elif s.rtcp_source.family:
        udp_send_to(s.rtcp_fd, data, size, &s.rtcp_source)
    elif not s.latch.locked or same_ip(&s.latch.source.ip, &s.rtcp_remote.ip):
        # A far end that was found elsewhere than its SDP said gets reports once its own have shown the port.
        udp_send_to(s.rtcp_fd, data, size, &s.rtcp_remote)


cdef inline int _depth_ms(const Leg* leg) noexcept nogil:
    return jitter_depth_ms(&leg.voice.playout.jitter) if leg.voice != NULL else 0


cdef double leg_delay_ms(const Leg* leg) noexcept nogil:
    cdef const Stream* s = &leg.stream
    return s.rtcp.round_trip_ns / 2e6 + s.ptime_ms + _depth_ms(leg)


cdef int _write_voip(Leg* leg, uint8_t* out) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef VoipMetrics metrics
    cdef uint64_t expected = rx_expected(&s.rx)
    metrics.rating = quality_rating(&s.rx, s.codec, leg_delay_ms(leg))
    metrics.discard_q8 = 0
    metrics.buffer_ms = _depth_ms(leg)
    metrics.largest_ms = PLAYOUT_MAX_MS if leg.voice != NULL else 0
    metrics.signal_dbm0 = <int>s.quality.level_dbm0 if s.quality.measured else 127
    if leg.voice != NULL and expected:
        metrics.discard_q8 = <int>(256 * leg.voice.playout.jitter.counters.late // expected)
    return rtcp_write_voip(&s.rtcp, out, s.tx.ssrc, &s.rx, &metrics)


cdef void send_rtcp(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef uint8_t[RTCP_MAX + SRTP_ROOM] out
    cdef int size
    cdef int64_t interval
    if not s.latch.set or now < s.rtcp.next_ns:
        return
    # 5 s, spread by a fifth, so that streams opened together do not report together for ever (RFC 3550 section 6.3).
    interval = <int64_t>RTCP_SECONDS * NS_PER_SECOND
    interval += <int64_t>(next_random(w) % 2000000000) - 1000000000
    if s.rtcp.next_ns == 0:
        s.rtcp.next_ns = now + interval // 2
        return
    s.rtcp.next_ns = now + interval
    size = rtcp_write(&s.rtcp, out, &s.tx, &s.rx, s.count.tx_packets, s.count.tx_bytes,
                      s.count.tx_packets != leg.tx_reported, now, w.ntp_offset)
    size += _write_voip(leg, out + size)
    leg.tx_reported = s.count.tx_packets
    _dispatch_rtcp(leg, out, size)
