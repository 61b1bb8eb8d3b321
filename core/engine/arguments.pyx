"""Checked arguments of the engine's calls; see arguments.pxd."""

import os

from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int16_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memchr, memset

from core.base.sockets cimport AF_INET, AF_INET6, Address, Ip, ip_known, ip_of_v4, is_v4
from core.engine cimport messages as m
from core.engine.messages cimport Command
from core.engine.recorder cimport wav_header
from core.stream.codec cimport codec_is_heavy, codec_known
from core.stream.latch cimport LATCH_TOLD


cdef extern from "<arpa/inet.h>" nogil:
    int inet_pton(int family, const char* text, void* address)


cdef Command new_command(int kind, uint32_t stream):
    cdef Command c
    memset(&c, 0, sizeof(c))
    c.kind = <uint16_t>kind
    c.stream = stream
    return c


cdef Ip read_ip(object text, str what):
    cdef Ip ip
    cdef uint8_t[16] octets
    cdef const char* spelt = NULL
    cdef Py_ssize_t length = 0
    cdef int i, size = 0
    memset(octets, 0, sizeof(octets))
    if isinstance(text, str) and text.isascii():
        spelt = PyUnicode_AsUTF8AndSize(text, &length)
        if memchr(spelt, 0, length) == NULL:
            if inet_pton(AF_INET, spelt, octets) == 1:
                size = 4
            elif inet_pton(AF_INET6, spelt, octets) == 1:
                size = 16
    if size == 4:
        return ip_of_v4(<uint32_t>octets[0] << 24 | <uint32_t>octets[1] << 16 | <uint32_t>octets[2] << 8 | octets[3])
    if size == 0:
        raise ValueError(f"{what} {text!r} is neither an IPv4 nor an IPv6 address")
    ip.high = ip.low = 0
    for i in range(8):
        ip.high = ip.high << 8 | octets[i]
        ip.low = ip.low << 8 | octets[8 + i]
    return ip


cdef Address local_address(str text):
    cdef Address address
    memset(&address, 0, sizeof(address))
    address.ip = read_ip(text, "local address")
    address.family = <uint16_t>(AF_INET6 if ":" in text else AF_INET)
    return address


cdef uint16_t _port(int port, str what) except 0:
    if not 0 < port < 65536:
        raise ValueError(f"{what} port {port} is not in 1..65535")
    return <uint16_t>port


cdef bint _unicast(const Ip* ip) noexcept:
    """False for "this network", multicast and broadcast of either family: they are no far end."""
    cdef uint32_t v4 = <uint32_t>ip.low
    if is_v4(ip):
        return v4 >> 24 != 0 and v4 >> 28 < 14
    return ip_known(ip) and ip.high >> 56 != 0xFF


cdef Address far_end(uint16_t family, str text, int port):
    cdef Address address
    memset(&address, 0, sizeof(address))
    address.ip = read_ip(text, "remote address")
    address.port = _port(port, "remote address")
    address.family = family
    if not _unicast(&address.ip):
        address.ip.high = address.ip.low = 0
    elif family == AF_INET and not is_v4(&address.ip):
        raise ValueError(f"remote address {text} is IPv6, the stream's socket is IPv4: listen on ::")
    return address


cdef Command configure_command(uint32_t stream, uint16_t family, str remote_ip, int remote_port, int remote_rtcp_port,
                               int codec, int payload_type, int event_payload_type, int heard_payload_type,
                               int heard_event_type, int noise_payload_type, int ptime_ms, int latch, str signalling_ip,
                               object rtp_timeout_ms):
    cdef Command c = new_command(m.CMD_CONFIGURE, stream)
    if not codec_known(codec):
        raise ValueError(f"codec {codec} is none that the media core knows")
    if codec_is_heavy(codec):
        ptime_ms = 20  # the helper threads work in ticks; any receiver takes it (RFC 7587)
    if not 10 <= ptime_ms <= 60:
        raise ValueError(f"ptime is {ptime_ms} ms, it must be 10..60")
    for number in (payload_type, event_payload_type, heard_payload_type, heard_event_type, noise_payload_type):
        if not -1 <= number <= 127:
            raise ValueError(f"payload types are -1..127, not {number}")
    if not 0 <= latch <= LATCH_TOLD:
        raise ValueError(f"latch {latch} is unknown")
    if not 0 <= rtp_timeout_ms <= 0xFFFFFFFF:
        raise ValueError(f"rtp_timeout_ms is {rtp_timeout_ms}, it must be 0 (never) or more")
    c.remote = far_end(family, remote_ip, remote_port)
    if remote_rtcp_port:
        c.rtcp_port = _port(remote_rtcp_port, "remote RTCP address")
    else:
        c.rtcp_port = <uint16_t>(remote_port + 1 if remote_port < 65535 else remote_port)
    if signalling_ip:
        c.signalling_ip = read_ip(signalling_ip, "signalling address")
    c.rtp_timeout_ms = rtp_timeout_ms
    c.payload_type = <int16_t>(codec if payload_type < 0 else payload_type)
    c.event_payload_type = <int16_t>event_payload_type
    c.heard_payload_type = c.payload_type if heard_payload_type < 0 else <int16_t>heard_payload_type
    c.heard_event_type = c.event_payload_type if heard_event_type < 0 else <int16_t>heard_event_type
    c.noise_payload_type = <int16_t>noise_payload_type
    # The tick wheel counts in 2 ms.
    c.ptime_ms = <uint16_t>(ptime_ms & ~1)
    c.codec = <uint8_t>codec
    c.latch = <uint8_t>latch
    return c


cdef Command digits_command(uint32_t stream, str digits, int duration_ms):
    cdef Command c = new_command(m.CMD_SEND_DIGITS, stream)
    cdef uint8_t* text = <uint8_t*>c.values
    cdef int i
    digits = digits.upper()
    if not 1 <= len(digits) <= m.MAX_DIGITS or digits.strip("0123456789*#ABCD"):
        raise ValueError(f"digits {digits!r}: 1..{m.MAX_DIGITS} of 0-9 * # A-D are sent")
    if not 40 <= duration_ms <= 8000:
        raise ValueError(f"duration_ms is {duration_ms}, it must be 40..8000")
    for i in range(<int>len(digits)):
        text[i] = <uint8_t>ord(digits[i])
    c.count = <uint16_t>len(digits)
    c.duration_ms = <uint16_t>duration_ms
    return c


cdef float factor(double gain_db, str what) except -1:
    if not -60.0 <= gain_db <= 20.0:
        raise ValueError(f"{what} is {gain_db}, it must be -60..20")
    return 1.0 if gain_db == 0.0 else <float>(10.0 ** (gain_db / 20.0))


cdef int open_wav(object path, int channels) except -1:
    cdef uint8_t[44] header
    cdef int fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    wav_header(header, channels, 0)
    try:
        # A disk without room for 44 bytes says so here.
        os.write(fd, <bytes>header[:44])
    except OSError as error:
        os.close(fd)
        raise OSError(error.errno, error.strerror, path) from None
    return fd
