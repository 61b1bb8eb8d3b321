"""One RTP leg: where it sends, from where it hears, what it counts. Owned by its media worker; time is an argument.

Python's thread opens the sockets and fills the structure before the worker learns of it, and reads the counters relaxed.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.base.sockets cimport Address, Ip
from core.signal.g711 cimport alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from core.stream.codec cimport CODEC_PCMA, CODEC_PCMU
from core.stream.latch cimport Latch
from core.stream.quality cimport Quality
from core.stream.reception cimport Reception
from core.stream.rtcp cimport RtcpState
from core.stream.rtp cimport RtpPacket
from core.stream.srtp cimport Srtp
from core.stream.telephone_event cimport EventReceiver
from core.stream.timeline cimport Timeline

# What a received datagram is.
cdef enum:
    GOT_NOTHING = 0            # dropped and counted
    GOT_AUDIO = 1
    GOT_EVENT = 2
    GOT_RTCP = 3
    GOT_NOISE = 4              # comfort noise (RFC 3389): keeps the source's sequence whole

cdef struct Counters:
    uint64_t rx_packets        # accepted
    uint64_t rx_bytes          # of payload
    uint64_t tx_packets
    uint64_t tx_bytes          # of payload
    uint64_t foreign
    uint64_t malformed
    uint64_t late_ticks
    uint64_t send_errors
    uint64_t forged            # failed the authentication of SRTP or SRTCP
    uint64_t replayed          # authentic, but seen before

cdef struct Stream:
    int fd
    int rtcp_fd
    uint16_t family            # of both sockets
    bint connected             # the kernel drops what is not from the locked source
    int64_t verify_until_ns    # connected, but packets queued before that may still be in the socket
    bint configured
    bint receive
    bint send
    bint rtcp_mux
    bint secure                # nothing goes or comes unprotected
    bint demux                 # STUN and DTLS on this socket are for Python
    Srtp* srtp_in              # NULL: no keys yet
    Srtp* srtp_out
    uint8_t codec              # CODEC_*: what we send
    int payload_type           # to send with
    int event_payload_type     # to send with; -1: not negotiated
    int heard_payload_type     # of what we receive, as our own description named it
    int heard_event_type       # -1: not negotiated
    int noise_payload_type     # comfort noise, both ways; -1: not negotiated
    bint suppress              # silence is not sent
    bint signalled_digits      # digits for the far end go by SIP INFO: neither events nor tones
    int ptime_ms
    Address rtcp_remote        # of the SDP
    Address rtcp_source        # learnt from the locked source's IP, when it is not the one of the SDP
    int64_t timeout_ns         # 0: never
    int64_t waiting_since_ns   # RTP is awaited since
    bint timed_out             # said already
    Latch latch
    Reception rx
    Timeline tx
    EventReceiver events
    RtcpState rtcp
    Quality quality
    Counters count

cdef struct StreamSettings:
    Address remote
    Address rtcp_remote
    Ip signalling_ip           # none: unknown
    int latch
    uint8_t codec
    int payload_type
    int event_payload_type
    int heard_payload_type
    int heard_event_type
    int noise_payload_type
    bint suppress
    bint signalled_digits
    int ptime_ms
    bint receive
    bint send
    bint rtcp_mux
    bint open_window
    bint secure
    bint demux
    int64_t timeout_ns

cdef struct Received:
    int kind                   # GOT_*
    RtpPacket packet
    uint8_t codec              # of audio
    bint restarted             # another source than before, or the same after a jump
    bint locked                # this packet locked the latch

cdef void stream_init(Stream* s, int fd, int rtcp_fd, uint16_t family, uint64_t random) noexcept nogil
# Signalling's word; True when the socket must be disconnected, because the lock was opened.
cdef bint stream_configure(Stream* s, const StreamSettings* settings, int64_t now) noexcept nogil
# Whether a datagram is STUN or DTLS by its first byte (RFC 7983), for those who asked for it.
cdef bint stream_is_for_python(const Stream* s, const uint8_t* data, int size) noexcept nogil
# Takes the protection off RTCP in place: the new size, or less than 0 when it must not be used.
cdef int stream_open_rtcp(Stream* s, uint8_t* data, int size) noexcept nogil
# Judges a datagram of the RTP socket, deciphered in place. `source` is NULL when the kernel has checked it (connected socket).
cdef void stream_receive(Stream* s, uint8_t* data, int size, const Address* source, int64_t now,
                         Received* out) noexcept nogil
# Whether RTCP from there may be believed; learns the port of a switched source.
cdef bint stream_rtcp_source(Stream* s, const Address* source) noexcept nogil
# Milliseconds without RTP, once for each silence that exceeds the limit; else 0.
cdef int64_t stream_timeout(Stream* s, int64_t now) noexcept nogil


cdef inline void decode_audio(int codec, const uint8_t* data, int16_t* pcm, int n) noexcept nogil:
    if codec == CODEC_PCMA:
        alaw_decode(data, pcm, n)
    else:
        ulaw_decode(data, pcm, n)


cdef inline void encode_audio(int codec, const int16_t* pcm, uint8_t* data, int n) noexcept nogil:
    if codec == CODEC_PCMA:
        alaw_encode(pcm, data, n)
    else:
        ulaw_encode(pcm, data, n)
