"""Reading and writing of RTCP compounds; see rtcp.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from core.stream.reception cimport Reception, rx_expected, rx_fraction_lost, rx_received
from core.stream.rtp cimport get16, get32, put16, put32
from core.stream.timeline cimport Timeline

cdef enum:
    PT_SR = 200
    PT_RR = 201
    PT_SDES = 202
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
        at += (get16(data + at + 2) + 1) * 4
    return True


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
