"""The RTP header (RFC 3550 section 5.1) and arithmetic modulo 2^16 and 2^32. Everything is inline and copies nothing."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t

cdef enum:
    RTP_HEADER = 12            # bytes, without CSRC list and extension
    MIN_PAYLOAD = 8            # bytes of audio: 1 ms
    MAX_PAYLOAD = 960          # bytes of audio: 120 ms, twice the longest packet that is ever negotiated
    PT_PCMU = 0
    PT_PCMA = 8
    PT_COMFORT_NOISE = 13

cdef struct RtpPacket:
    uint8_t* payload           # inside the receive buffer; the 12 bytes before it are free to be a header
    int size                   # bytes of payload, padding taken off
    uint8_t payload_type
    uint8_t marker
    uint16_t sequence
    uint32_t timestamp
    uint32_t ssrc


cdef inline uint16_t get16(const uint8_t* p) noexcept nogil:
    return <uint16_t>((p[0] << 8) | p[1])


cdef inline uint32_t get32(const uint8_t* p) noexcept nogil:
    return (<uint32_t>p[0] << 24) | (<uint32_t>p[1] << 16) | (<uint32_t>p[2] << 8) | p[3]


cdef inline void put16(uint8_t* p, uint16_t value) noexcept nogil:
    p[0] = <uint8_t>(value >> 8)
    p[1] = <uint8_t>value


cdef inline void put32(uint8_t* p, uint32_t value) noexcept nogil:
    p[0] = <uint8_t>(value >> 24)
    p[1] = <uint8_t>(value >> 16)
    p[2] = <uint8_t>(value >> 8)
    p[3] = <uint8_t>value


cdef inline int sequence_step(uint16_t new, uint16_t old) noexcept nogil:
    """How far `new` is after `old`, -32768..32767."""
    return <int16_t><uint16_t>(new - old)


cdef inline int timestamp_step(uint32_t new, uint32_t old) noexcept nogil:
    return <int32_t>(new - old)


cdef inline bint rtp_parse(uint8_t* data, int size, RtpPacket* out) noexcept nogil:
    """False when the datagram is not well-formed RTP version 2 that carries a payload."""
    cdef int offset = RTP_HEADER, padding
    if size <= RTP_HEADER or (data[0] & 0xC0) != 0x80:
        return False
    offset += (data[0] & 0x0F) * 4
    if data[0] & 0x10:
        if size < offset + 4:
            return False
        offset += 4 + get16(data + offset + 2) * 4
    if size <= offset:
        return False
    if data[0] & 0x20:
        padding = data[size - 1]
        if padding == 0 or padding >= size - offset:
            return False
        size -= padding
    out.payload = data + offset
    out.size = size - offset
    out.marker = data[1] >> 7
    out.payload_type = data[1] & 0x7F
    out.sequence = get16(data + 2)
    out.timestamp = get32(data + 4)
    out.ssrc = get32(data + 8)
    return True


cdef inline void rtp_write(uint8_t* header, int payload_type, bint marker, uint16_t sequence, uint32_t timestamp,
                           uint32_t ssrc) noexcept nogil:
    header[0] = 0x80
    header[1] = <uint8_t>((0x80 if marker else 0) | (payload_type & 0x7F))
    put16(header + 2, sequence)
    put32(header + 4, timestamp)
    put32(header + 8, ssrc)


cdef inline bint is_rtcp(const uint8_t* data, int size) noexcept nogil:
    """Tells RTCP from RTP on one port (RFC 5761 section 4): the second byte is 192..223."""
    return size >= 2 and 192 <= data[1] <= 223
