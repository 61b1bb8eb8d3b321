"""What a datagram means to a stream; see stream.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint64_t
from libc.string cimport memset

from core.base.sockets cimport Address, same_address, same_ip
from core.stream.codec cimport codec_clock, codec_is_g711, codec_span
from core.stream.latch cimport LATCH_TOLD, SOURCE_FOREIGN, SOURCE_LOCKED, latch_packet, latch_set
from core.stream.reception cimport RX_DROP, RX_RESTART, rx_clock, rx_expect_change, rx_packet
from core.stream.rtp cimport MAX_PAYLOAD, MIN_PAYLOAD, PT_COMFORT_NOISE, PT_PCMA, PT_PCMU, is_rtcp, rtp_parse
from core.stream.srtp cimport SRTP_REPLAYED, srtp_open_rtcp, srtp_open_rtp
from core.stream.telephone_event cimport EVENT_SIZE
from core.stream.timeline cimport SOURCE_NONE, tl_clock, tl_init


cdef void stream_init(Stream* s, int fd, int rtcp_fd, uint16_t family, uint64_t random) noexcept nogil:
    memset(s, 0, sizeof(Stream))
    s.fd = fd
    s.rtcp_fd = rtcp_fd
    s.family = family
    s.event_payload_type = s.heard_event_type = s.noise_payload_type = -1
    s.ptime_ms = 20
    tl_init(&s.tx, random)


cdef bint stream_configure(Stream* s, const StreamSettings* settings, int64_t now) noexcept nogil:
    cdef bint opened = latch_set(&s.latch, &settings.remote, &settings.signalling_ip, settings.latch,
                                 settings.open_window, now)
    if settings.receive:
        s.waiting_since_ns = now
    if settings.send != s.send or settings.codec != s.codec:
        s.tx.source = SOURCE_NONE
    s.codec = settings.codec
    tl_clock(&s.tx, codec_clock(s.codec))
    rx_clock(&s.rx, codec_clock(s.codec))
    s.events.scale = codec_clock(s.codec) // 8000
    s.payload_type = settings.payload_type
    s.event_payload_type = settings.event_payload_type
    s.heard_payload_type = settings.heard_payload_type
    s.heard_event_type = settings.heard_event_type
    s.noise_payload_type = settings.noise_payload_type
    s.suppress = settings.suppress
    s.signalled_digits = settings.signalled_digits
    s.ptime_ms = settings.ptime_ms
    s.receive = settings.receive
    s.send = settings.send
    s.rtcp_mux = settings.rtcp_mux
    s.secure = settings.secure
    s.demux = settings.demux
    s.rtcp_remote = settings.rtcp_remote
    s.timeout_ns = settings.timeout_ns
    s.timed_out = False
    s.configured = True
    if opened:
        rx_expect_change(&s.rx)
        s.rtcp_source.family = 0
    if s.connected and not s.latch.locked:
        # The far end was changed, or the window is open again.
        s.connected = False
        return True
    return False


cdef bint _classify(Stream* s, Received* out) noexcept nogil:
    """Kind and codec by payload type; False when it was not negotiated or cannot be audio."""
    cdef int pt = out.packet.payload_type
    out.kind = GOT_AUDIO
    if pt == s.heard_payload_type:
        out.codec = s.codec
    elif pt == s.heard_event_type:
        out.kind = GOT_EVENT
        return out.packet.size >= EVENT_SIZE
    elif pt == PT_PCMU or pt == PT_PCMA:
        # An answer that lists both lets the far end change between them at any time (RFC 3264 section 6.1).
        out.codec = <uint8_t>pt
    elif pt == PT_COMFORT_NOISE or pt == s.noise_payload_type:
        out.kind = GOT_NOISE
        out.codec = s.codec
        return out.packet.size <= MAX_PAYLOAD
    else:
        return False
    if not codec_is_g711(out.codec):
        return codec_span(out.codec, out.packet.payload, out.packet.size) > 0
    return MIN_PAYLOAD <= out.packet.size <= MAX_PAYLOAD


cdef bint _known_source(Stream* s, const Address* source, int64_t now, Received* out) noexcept nogil:
    cdef int verdict
    if source == NULL:
        # Connected: the kernel has checked the source. The lock itself may still be to come (strict, window over).
        source = &s.latch.source if s.latch.locked else &s.latch.expected
    verdict = latch_packet(&s.latch, source, &out.packet, now)
    if verdict == SOURCE_FOREIGN:
        s.count.foreign += 1
        return False
    out.locked = verdict == SOURCE_LOCKED
    return True


cdef bint stream_is_for_python(const Stream* s, const uint8_t* data, int size) noexcept nogil:
    return s.demux and size > 0 and (data[0] < 4 or 20 <= data[0] < 64)


cdef int _judged(Stream* s, int size) noexcept nogil:
    if size < 0:
        if size == SRTP_REPLAYED:
            s.count.replayed += 1
        else:
            s.count.forged += 1
    return size


cdef int stream_open_rtcp(Stream* s, uint8_t* data, int size) noexcept nogil:
    if not s.secure:
        return size
    if s.srtp_in == NULL:
        return -1
    return _judged(s, srtp_open_rtcp(s.srtp_in, data, size))


cdef inline bint _by_keys(const Stream* s) noexcept nogil:
    """Whether the keys alone say whose a packet is: with ICE the far end may change its path before it has said so."""
    return s.secure and s.latch.policy == LATCH_TOLD


cdef int _decipher(Stream* s, uint8_t* data, int size, const Address* source) noexcept nogil:
    """The size of the packet without its protection; less than 0 when it is not authentic or not from the far end."""
    if source != NULL and not _by_keys(s) and (
            not s.latch.set or (s.latch.locked and not same_address(source, &s.latch.source))):
        # Told apart before any work is put into it.
        s.count.foreign += 1
        return -1
    if s.srtp_in == NULL:
        return -1
    return _judged(s, srtp_open_rtp(s.srtp_in, data, size))


cdef void stream_receive(Stream* s, uint8_t* data, int size, const Address* source, int64_t now,
                         Received* out) noexcept nogil:
    cdef int verdict
    out.kind = GOT_NOTHING
    out.restarted = False
    out.locked = False
    if s.rtcp_mux and is_rtcp(data, size):
        out.kind = GOT_RTCP
        return
    if s.secure:
        # Authentic first: neither header nor source of a forged packet may count (security.md, advisory 14).
        size = _decipher(s, data, size, source)
        if size < 0:
            return
    if not s.configured or not rtp_parse(data, size, &out.packet) or not _classify(s, out):
        s.count.malformed += 1
        out.kind = GOT_NOTHING
        return
    if not _by_keys(s) and not _known_source(s, source, now, out):
        out.kind = GOT_NOTHING
        return
    verdict = rx_packet(&s.rx, &out.packet, now, out.kind == GOT_AUDIO or out.kind == GOT_NOISE)
    if verdict == RX_DROP:
        s.count.malformed += 1
        out.kind = GOT_NOTHING
        return
    out.restarted = verdict == RX_RESTART
    s.count.rx_packets += 1
    s.count.rx_bytes += out.packet.size
    s.waiting_since_ns = now
    s.timed_out = False
    if not s.receive:
        out.kind = GOT_NOTHING


cdef bint stream_rtcp_source(Stream* s, const Address* source) noexcept nogil:
    if not s.configured or not s.latch.set:
        return False
    if _by_keys(s):
        return True
    if s.latch.locked:
        if not same_ip(&source.ip, &s.latch.source.ip):
            return False
        if not (same_ip(&source.ip, &s.rtcp_remote.ip) and source.port == s.rtcp_remote.port):
            s.rtcp_source = source[0]
        return True
    return same_ip(&source.ip, &s.rtcp_remote.ip)


cdef int64_t stream_timeout(Stream* s, int64_t now) noexcept nogil:
    if not s.configured or not s.receive or s.timeout_ns == 0 or s.timed_out:
        return 0
    if now - s.waiting_since_ns < s.timeout_ns:
        return 0
    s.timed_out = True
    return (now - s.waiting_since_ns) // 1000000
