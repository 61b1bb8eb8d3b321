"""Loss in bursts and gaps (RFC 3611 section 4.7.2): counted when something is lost, nothing is done for a packet that came.

A burst is a stretch that begins and ends with a loss and in which fewer than GMIN packets in a row came; all else is gap.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef enum:
    GMIN = 16

cdef struct Bursts:
    int64_t last_lost          # extended sequence of the last loss; 0: none
    int64_t burst_begun        # of the stretch that is going on: its first loss
    uint32_t burst_losses      # in it so far
    uint64_t bursts            # finished, with two losses and more
    uint64_t in_bursts         # packets that they span
    uint64_t lost_in_bursts
    uint64_t isolated          # losses of gaps
    uint64_t runs              # of losses one after the other
    uint64_t lost


cdef inline void _burst_over(Bursts* b) noexcept nogil:
    if b.burst_losses > 1:
        b.bursts += 1
        b.in_bursts += <uint64_t>(b.last_lost - b.burst_begun + 1)
        b.lost_in_bursts += b.burst_losses
    elif b.burst_losses == 1:
        b.isolated += 1
    b.burst_losses = 0


cdef inline void bursts_lost(Bursts* b, int64_t first, int64_t count) noexcept nogil:
    """The packets from `first` on did not come."""
    if b.last_lost == 0 or first - b.last_lost > GMIN:
        _burst_over(b)
        b.burst_begun = first
    if first != b.last_lost + 1:
        b.runs += 1
    b.burst_losses += <uint32_t>count
    b.lost += <uint64_t>count
    b.last_lost = first + count - 1


cdef inline double bursts_ratio(const Bursts* b, uint64_t expected) noexcept nogil:
    """How much longer runs of loss are than random loss would make them (G.107 section 3.5), at least 1."""
    cdef double share, ratio
    if b.runs == 0 or expected <= b.lost:
        return 1.0
    share = <double>b.lost / <double>expected
    ratio = <double>b.lost / <double>b.runs * (1.0 - share)
    return ratio if ratio > 1.0 else 1.0
