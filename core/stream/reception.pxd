"""What was received of one source: which packets belong to it, loss and jitter (RFC 3550 sections 6.4.1, A.1, A.3, A.8).

A changed SSRC, a sequence or a timestamp that jumps is believed only when two packets in a row agree on it; a single
stray packet changes nothing. The media worker owns the structure; other threads read the counters relaxed.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.stream.bursts cimport Bursts
from core.stream.rtp cimport RtpPacket

cdef enum:
    RX_DROP = 0                # not (yet) believed
    RX_ACCEPT = 1
    RX_RESTART = 2             # accepted, and everything before belongs to another source

cdef struct Reception:
    bint started
    int scale                  # clock / 8000
    uint32_t epoch             # grows at each restart: names the source for those who map its sequence
    uint32_t ssrc
    int64_t base               # extended sequence of the source's first packet
    int64_t highest            # highest extended sequence
    uint32_t timestamp         # of the highest packet
    int64_t arrival_ns         # of the highest packet
    # one that claims to be something new
    bint suspect
    uint32_t suspect_ssrc
    uint16_t suspect_sequence
    uint32_t suspect_timestamp
    # RFC 3550 figures
    uint64_t received          # of this source
    uint64_t expected_before   # of earlier sources
    uint64_t received_before
    uint64_t expected_reported # at the last report
    uint64_t received_reported
    uint32_t transit
    bint transit_known
    uint32_t jitter_q4         # timestamp units, times 16
    int64_t last_ns            # any accepted packet
    int64_t max_gap_ns
    Bursts bursts              # of losses as they were noticed; what comes late after all stays lost in here

# Judges a packet and counts it. `timed` is False for packets whose timestamp does not follow the clock (RFC 4733 events).
cdef int rx_packet(Reception* rx, const RtpPacket* p, int64_t now, bint timed) noexcept nogil
# The RTP clock of what is received, in Hz.
cdef void rx_clock(Reception* rx, int clock) noexcept nogil
# The far end was changed by signalling: its first packet is believed at once.
cdef void rx_expect_change(Reception* rx) noexcept nogil
cdef uint64_t rx_expected(const Reception* rx) noexcept nogil
cdef uint64_t rx_received(const Reception* rx) noexcept nogil
# Since the last call, for a report block: fraction lost in 1/256.
cdef uint8_t rx_fraction_lost(Reception* rx) noexcept nogil


cdef inline int64_t rx_extended(const Reception* rx, uint16_t sequence) noexcept nogil:
    """The sequence number on the source's own 64-bit count."""
    cdef int step = <int><short><unsigned short>(sequence - <uint16_t>rx.highest)
    return rx.highest + step
