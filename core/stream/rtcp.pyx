"""Reading and writing of RTCP compounds; see rtcp.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from core.stream.bursts cimport GMIN, Bursts
from core.stream.emodel cimport emodel_mos
from core.stream.reception cimport Reception, rx_expected, rx_fraction_lost, rx_received
from core.stream.rtp cimport get16, get32, put16, put32
from core.stream.timeline cimport Timeline

cdef enum:
    PT_SR = 200
    PT_RR = 201
    PT_SDES = 202
    PT_XR = 207
    BT_VOIP = 7
    VOIP_BLOCK = 36            # bytes, its header included
    BLOCK = 24                 # bytes of a report block
    MAX_ROUND_TRIP_S = 10

cdef const char* CNAME_TAIL = b"@centrala"


cdef uint64_t _ntp(int64_t now, int64_t ntp_offset) noexcept nogil:
    """32.32 fixed point."""
    cdef uint64_t total = <uint64_t>(now + ntp_offset)
    return ((total // 1000000000) << 32) | (((total % 1000000000) << 32) // 1000000000)


cdef bint _well_formed(const uint8_t* data, int size) noexcept nogil:
    """The checks of RFC 3550 appendix A.2, and that the report blocks announced are there."""
    cdef int at = 0, length, blocks
    if size < 8 or size % 4 or (data[0] & 0x20) or (data[1] != PT_SR and data[1] != PT_RR):
        return False
    while at < size:
        if size - at < 4 or (data[at] & 0xC0) != 0x80:
            return False
        length = (get16(data + at + 2) + 1) * 4
        if length > size - at:
            return False
        blocks = (data[at] & 0x1F) * BLOCK
        if data[at + 1] == PT_SR and length < 28 + blocks:
            return False
        if data[at + 1] == PT_RR and length < 8 + blocks:
            return False
        if data[at] & 0x20 and (at + length != size or data[size - 1] % 4 or not 4 <= data[size - 1] <= length - 4):
            return False
        at += length
    return True


cdef void _block(RtcpState* state, const uint8_t* block, int64_t now, int64_t ntp_offset) noexcept nogil:
    cdef uint32_t last = get32(block + 16), delay = get32(block + 20), middle
    cdef int64_t trip
    state.blocks += 1
    state.remote_fraction_lost = block[4]
    state.remote_jitter = get32(block + 12)
    if last == 0:
        return
    middle = <uint32_t>(_ntp(now, ntp_offset) >> 16)
    trip = <int64_t><int><uint32_t>(middle - last - delay)
    # A far end may write anything here: negative or absurd values say nothing.
    if 0 <= trip <= MAX_ROUND_TRIP_S * 65536:
        trip = trip * 1000000000 // 65536
        state.round_trip_ns = trip if trip else 1


cdef void _extended(RtcpState* state, const uint8_t* data, int size, uint32_t our_ssrc) noexcept nogil:
    """The blocks of an XR packet (RFC 3611 section 3); those that do not fit are left."""
    cdef int at = 8, length
    while at + 4 <= size:
        length = (get16(data + at + 2) + 1) * 4
        if length > size - at:
            return
        if data[at] == BT_VOIP and length == VOIP_BLOCK and get32(data + at + 4) == our_ssrc:
            state.remote_voip = True
            state.remote_discard = data[at + 9]
            state.remote_system_ms = get16(data + at + 18)
            state.remote_rating = data[at + 24]
            state.remote_mos_q10 = data[at + 27]
        at += length


cdef bint rtcp_receive(RtcpState* state, const uint8_t* data, int size, uint32_t our_ssrc, int64_t now,
                       int64_t ntp_offset) noexcept nogil:
    cdef int at = 0, i, first
    if not _well_formed(data, size):
        return False
    state.reports += 1
    while at < size:
        if data[at + 1] == PT_SR or data[at + 1] == PT_RR:
            first = at + (28 if data[at + 1] == PT_SR else 8)
            state.remote_ssrc = get32(data + at + 4)
            if data[at + 1] == PT_SR:
                state.last_sr = (get32(data + at + 8) << 16) | (get32(data + at + 12) >> 16)
                state.last_sr_ns = now
            for i in range(data[at] & 0x1F):
                if get32(data + first + i * BLOCK) == our_ssrc:
                    _block(state, data + first + i * BLOCK, now, ntp_offset)
        elif data[at + 1] == PT_XR:
            _extended(state, data + at, (get16(data + at + 2) + 1) * 4, our_ssrc)
        at += (get16(data + at + 2) + 1) * 4
    return True


cdef inline uint8_t _octet(double value) noexcept nogil:
    return <uint8_t>(0 if value < 0 else 255 if value > 255 else value)


cdef inline void _put_ms(uint8_t* out, double ms) noexcept nogil:
    put16(out, <unsigned short>(0 if ms < 0 else 65535 if ms > 65535 else ms))


cdef int rtcp_write_voip(RtcpState* state, uint8_t* out, uint32_t ssrc, const Reception* rx,
                         const VoipMetrics* metrics) noexcept nogil:
    cdef const Bursts* b = &rx.bursts
    cdef uint64_t expected = rx_expected(rx), received = rx_received(rx), in_gaps
    cdef uint8_t* block = out + 8
    cdef double packet_ms = 20.0
    if not rx.started or expected == 0:
        return 0
    memset(out, 0, 8 + VOIP_BLOCK)
    out[0] = 0x80
    out[1] = PT_XR
    put16(out + 2, (8 + VOIP_BLOCK) // 4 - 1)
    put32(out + 4, ssrc)
    block[0] = BT_VOIP
    put16(block + 2, VOIP_BLOCK // 4 - 1)
    put32(block + 4, rx.ssrc)
    block[8] = _octet(256.0 * <double>(expected - received) / <double>expected if expected > received else 0.0)
    block[9] = _octet(metrics.discard_q8)
    if b.in_bursts:
        block[10] = _octet(256.0 * <double>b.lost_in_bursts / <double>b.in_bursts)
        _put_ms(block + 12, packet_ms * <double>b.in_bursts / <double>b.bursts)
    in_gaps = expected - b.in_bursts if expected > b.in_bursts else 1
    block[11] = _octet(256.0 * <double>b.isolated / <double>in_gaps)
    _put_ms(block + 14, packet_ms * <double>in_gaps / <double>(b.bursts + 1))
    _put_ms(block + 16, state.round_trip_ns / 1e6)
    _put_ms(block + 18, metrics.buffer_ms + packet_ms)
    block[20] = <uint8_t>metrics.signal_dbm0
    block[21] = 127                        # noise level, unknown
    block[22] = 127                        # residual echo return loss, unknown
    block[23] = GMIN
    block[24] = _octet(metrics.rating)
    block[25] = 127                        # external R, unknown
    block[26] = block[27] = _octet(10.0 * emodel_mos(metrics.rating))
    # Standard concealment, an adaptive jitter buffer where there is one.
    block[28] = 0xC0 | (0x30 if metrics.buffer_ms else 0x20)
    _put_ms(block + 30, metrics.buffer_ms)
    _put_ms(block + 32, metrics.largest_ms)
    _put_ms(block + 34, metrics.largest_ms)
    return 8 + VOIP_BLOCK


cdef int _write_sdes(uint8_t* out, uint32_t ssrc) noexcept nogil:
    """CNAME: the SSRC in hexadecimal, which says nothing about this machine."""
    cdef const char* hexadecimal = b"0123456789abcdef"
    cdef int i
    memset(out, 0, 28)
    out[0] = 0x81
    out[1] = PT_SDES
    put16(out + 2, 6)
    put32(out + 4, ssrc)
    out[8] = 1
    out[9] = 17
    for i in range(8):
        out[10 + i] = <uint8_t>hexadecimal[(ssrc >> (28 - 4 * i)) & 15]
    memcpy(out + 18, CNAME_TAIL, 9)
    return 28


cdef void _write_block(RtcpState* state, uint8_t* out, Reception* rx, int64_t now) noexcept nogil:
    cdef int64_t lost = <int64_t>rx_expected(rx) - <int64_t>rx_received(rx)
    cdef uint32_t delay = 0
    if lost > 0x7FFFFF:
        lost = 0x7FFFFF
    elif lost < -0x800000:
        lost = -0x800000
    put32(out, rx.ssrc)
    put32(out + 4, (<uint32_t>lost) & 0xFFFFFF)
    out[4] = rx_fraction_lost(rx)
    put32(out + 8, <uint32_t>rx.highest)
    put32(out + 12, rx.jitter_q4 >> 4)
    if state.last_sr_ns:
        delay = <uint32_t>((now - state.last_sr_ns) * 65536 // 1000000000)
    put32(out + 16, state.last_sr)
    put32(out + 20, delay)


cdef int rtcp_write(RtcpState* state, uint8_t* out, const Timeline* tx, Reception* rx, uint64_t packets, uint64_t octets,
                    bint sent_lately, int64_t now, int64_t ntp_offset) noexcept nogil:
    cdef int size = 8
    cdef uint64_t ntp
    cdef bint block = rx.started
    out[0] = <uint8_t>(0x80 | (1 if block else 0))
    out[1] = PT_SR if sent_lately else PT_RR
    put32(out + 4, tx.ssrc)
    if sent_lately:
        ntp = _ntp(now, ntp_offset)
        put32(out + 8, <uint32_t>(ntp >> 32))
        put32(out + 12, <uint32_t>ntp)
        put32(out + 16, tx.last_timestamp + <uint32_t>((now - tx.last_ns) * tx.scale // 125000))
        put32(out + 20, <uint32_t>packets)
        put32(out + 24, <uint32_t>octets)
        size = 28
    if block:
        _write_block(state, out + size, rx, now)
        size += BLOCK
    put16(out + 2, <unsigned short>(size // 4 - 1))
    return size + _write_sdes(out + size, tx.ssrc)
