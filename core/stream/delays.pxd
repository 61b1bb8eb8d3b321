"""The delays of the last packets as a histogram: which delay do all but a few of them keep?

A window of the last packets, each as the bin of its delay, and a pointer into the histogram that moves with each packet;
so the quantile is exact for the window and costs some nanoseconds. Delays are in timestamp units against a reference of
their own: only differences say something. A clock that drifts for hours moves the origin along.
"""

from libc.stdint cimport int16_t, int64_t, uint16_t

cdef enum:
    DELAY_BINS = 256           # of 4 ms: what is over a second more than the least counts as a second
    DELAY_WINDOW = 400         # packets: 8 s of 20 ms
    BIN_MS = 4
    BINS_PER_SECOND = 250

cdef struct Delays:
    int unit                   # timestamp units in a bin
    float bins_per_unit
    int count                  # packets in the window
    int at                     # where the next one goes
    int pointer                # the lowest bin that at most a share of TAIL lies above
    int above                  # packets above the pointer
    int lowest                 # lowest bin in use, looked up now and then
    int64_t origin             # of bin 0, in bins
    uint16_t bins[DELAY_BINS]
    int16_t window[DELAY_WINDOW]

# `clock` is the RTP clock in Hz.
cdef void delays_init(Delays* d, int clock) noexcept nogil
# Counts the delay of a packet, in timestamp units.
cdef void delays_add(Delays* d, int64_t delay) noexcept nogil


cdef inline int64_t delays_high(const Delays* d) noexcept nogil:
    """The delay that all but 0.4 percent of the packets in the window keep, in timestamp units."""
    return (d.origin + d.pointer + 1) * d.unit


cdef inline int64_t delays_low(const Delays* d) noexcept nogil:
    """The least delay in the window, in timestamp units; up to 64 packets old."""
    return (d.origin + d.lowest) * d.unit
