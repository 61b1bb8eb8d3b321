"""Checked arguments of the engine's calls; see arguments.pxd."""

import os
import socket

from libc.stdint cimport int16_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memset

from core.base.sockets cimport AF_INET, Address
from core.engine cimport messages as m
from core.engine.messages cimport Command
from core.engine.recorder cimport wav_header
from core.stream.latch cimport LATCH_STRICT
from core.stream.stream cimport CODEC_PCMA, CODEC_PCMU


cdef Command new_command(int kind, uint32_t stream):
    cdef Command c
    memset(&c, 0, sizeof(c))
    c.kind = <uint16_t>kind
    c.stream = stream
    return c


cdef uint32_t ipv4(object text, str what) except? 0:
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except (OSError, TypeError):
        raise ValueError(f"{what} {text!r} is not an IPv4 address") from None


cdef uint16_t _port(int port, str what) except 0:
    if not 0 < port < 65536:
        raise ValueError(f"{what} port {port} is not in 1..65535")
    return <uint16_t>port


cdef Address _address(object ip, int port, str what):
    cdef Address address
    address.ip = ipv4(ip, what)
    address.port = _port(port, what)
    address.family = <uint16_t>AF_INET
    return address


cdef Command configure_command(uint32_t stream, str remote_ip, int remote_port, int remote_rtcp_port, int codec,
                               int payload_type, int event_payload_type, int ptime_ms, int latch, str signalling_ip,
                               object rtp_timeout_ms):
    cdef Command c = new_command(m.CMD_CONFIGURE, stream)
    if codec != CODEC_PCMU and codec != CODEC_PCMA:
        raise ValueError(f"codec {codec} is neither PCMU (0) nor PCMA (8)")
    if not 10 <= ptime_ms <= 60:
        raise ValueError(f"ptime is {ptime_ms} ms, it must be 10..60")
    if not -1 <= payload_type <= 127 or not -1 <= event_payload_type <= 127:
        raise ValueError(f"payload types are -1..127, not {payload_type} and {event_payload_type}")
    if not 0 <= latch <= LATCH_STRICT:
        raise ValueError(f"latch {latch} is unknown")
    if not 0 <= rtp_timeout_ms <= 0xFFFFFFFF:
        raise ValueError(f"rtp_timeout_ms is {rtp_timeout_ms}, it must be 0 (never) or more")
    c.remote = _address(remote_ip, remote_port, "remote address")
    if c.remote.ip >> 24 == 0 or c.remote.ip >> 28 >= 14:
        # "This network", multicast and broadcast are no far end.
        c.remote.ip = 0
    c.rtcp_remote = c.remote
    if remote_rtcp_port:
        c.rtcp_remote.port = _port(remote_rtcp_port, "remote RTCP address")
    elif remote_port < 65535:
        c.rtcp_remote.port += 1
    c.signalling_ip = ipv4(signalling_ip, "signalling address") if signalling_ip else 0
    c.rtp_timeout_ms = rtp_timeout_ms
    c.payload_type = <int16_t>(codec if payload_type < 0 else payload_type)
    c.event_payload_type = <int16_t>event_payload_type
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
