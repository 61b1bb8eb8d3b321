"""From Python's arguments to commands: checks them and says what is wrong with which."""

from libc.stdint cimport uint32_t

from core.engine.messages cimport Command

cdef Command new_command(int kind, uint32_t stream)
# Host order; ValueError says `what` it was to be.
cdef uint32_t ipv4(object text, str what) except? 0
# Without the flags.
cdef Command configure_command(uint32_t stream, str remote_ip, int remote_port, int remote_rtcp_port, int codec,
                               int payload_type, int event_payload_type, int ptime_ms, int latch, str signalling_ip,
                               object rtp_timeout_ms)
cdef Command digits_command(uint32_t stream, str digits, int duration_ms)
# A new file with an empty WAV's header; OSError names the path.
cdef int open_wav(object path, int channels) except -1
