"""RTCP (RFC 3550 section 6): sender and receiver reports, loss and round trip. Anything malformed is refused whole."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.stream.reception cimport Reception
from core.stream.timeline cimport Timeline

cdef enum:
    RTCP_MAX = 160             # bytes of a compound that we send

cdef struct RtcpState:
    int64_t next_ns            # when the next report is due; 0: not started
    uint32_t remote_ssrc       # of the last report
    uint32_t last_sr           # middle 32 bits of the NTP time of the far end's last SR
    int64_t last_sr_ns         # when it came
    uint8_t remote_fraction_lost    # 1/256, what the far end says it lost of ours
    uint32_t remote_jitter     # samples
    int64_t round_trip_ns      # 0 unknown
    uint64_t reports           # well-formed compounds received
    uint32_t blocks            # reports of what we send among them
    # of the far end's last VoIP metrics block (RFC 3611 section 4.7)
    bint remote_voip           # one has come
    uint8_t remote_discard     # 1/256: what came too late for its jitter buffer
    uint8_t remote_rating      # R, 127 unknown
    uint8_t remote_mos_q10     # MOS-CQ times 10, 127 unknown
    int remote_system_ms       # delay of its end: jitter buffer, codec, echo

# Takes a compound; False when it is malformed and was not used at all. `ntp_offset` is added to monotonic ns to give NTP.
cdef bint rtcp_receive(RtcpState* state, const uint8_t* data, int size, uint32_t our_ssrc, int64_t now,
                       int64_t ntp_offset) noexcept nogil
# What a VoIP metrics block says beside what reception knows; units as in RFC 3611.
cdef struct VoipMetrics:
    double rating              # R of the call
    int discard_q8             # share of packets that came too late, 1/256
    int buffer_ms              # nominal depth of the jitter buffer; 0: none, packets go through
    int largest_ms             # it may grow to
    int signal_dbm0            # level; 127 unknown

# Adds an XR packet with a VoIP metrics block at `out`; its size. Only once something was received.
cdef int rtcp_write_voip(RtcpState* state, uint8_t* out, uint32_t ssrc, const Reception* rx,
                         const VoipMetrics* metrics) noexcept nogil
# Writes a compound (SR or RR, SDES CNAME) into RTCP_MAX bytes and returns its size.
cdef int rtcp_write(RtcpState* state, uint8_t* out, const Timeline* tx, Reception* rx, uint64_t packets, uint64_t octets,
                    bint sent_lately, int64_t now, int64_t ntp_offset) noexcept nogil
