"""From Python's arguments to commands: checks them and says what is wrong with which."""

from libc.stdint cimport uint16_t, uint32_t

from core.base.sockets cimport Address, Ip
from core.engine.messages cimport Command

cdef Command new_command(int kind, uint32_t stream)
# IPv4 or IPv6; ValueError says `what` it was to be.
cdef Ip read_ip(object text, str what)
# An address to bind, port 0.
cdef Address local_address(str text)
# A unicast address to send to; without an IP when it is none. ValueError.
cdef Address far_end(uint16_t family, str text, int port)
# Without the flags; `family` is the one of the stream's sockets.
cdef Command configure_command(uint32_t stream, uint16_t family, str remote_ip, int remote_port, int remote_rtcp_port,
                               int codec, int payload_type, int event_payload_type, int heard_payload_type,
                               int heard_event_type, int noise_payload_type, int ptime_ms, int latch, str signalling_ip,
                               object rtp_timeout_ms)
cdef Command digits_command(uint32_t stream, str digits, int duration_ms)
# A gain of -60..20 dB as a factor; ValueError says `what` it was to be.
cdef float factor(double gain_db, str what) except -1
# A new file with an empty WAV's header; OSError names the path.
cdef int open_wav(object path, int channels) except -1
