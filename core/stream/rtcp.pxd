"""RTCP (RFC 3550 section 6): sender and receiver reports, loss and round trip. Anything malformed is refused whole."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.stream.reception cimport Reception
from core.stream.timeline cimport Timeline

cdef enum:
    RTCP_MAX = 128             # bytes of a compound that we send

cdef struct RtcpState:
    int64_t next_ns            # when the next report is due; 0: not started
    uint32_t remote_ssrc       # of the last report
    uint32_t last_sr           # middle 32 bits of the NTP time of the far end's last SR
    int64_t last_sr_ns         # when it came
    uint8_t remote_fraction_lost    # 1/256, what the far end says it lost of ours
    uint32_t remote_jitter     # samples
    int64_t round_trip_ns      # 0 unknown
    uint64_t reports           # well-formed compounds received

# Takes a compound; False when it is malformed and was not used at all. `ntp_offset` is added to monotonic ns to give NTP.
cdef bint rtcp_receive(RtcpState* state, const uint8_t* data, int size, uint32_t our_ssrc, int64_t now,
                       int64_t ntp_offset) noexcept nogil
# Writes a compound (SR or RR, SDES CNAME) into RTCP_MAX bytes and returns its size.
cdef int rtcp_write(RtcpState* state, uint8_t* out, const Timeline* tx, Reception* rx, uint64_t packets, uint64_t octets,
                    bint sent_lately, int64_t now, int64_t ntp_offset) noexcept nogil
