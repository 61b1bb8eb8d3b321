"""How good a leg is: rated by windows while the call is on and as a whole, with what can be heard to be wrong.

Nothing here is done for a packet. The slow pass closes a window every five seconds; once a second a packet is measured (level,
clipping). A verdict changes only when it has been the same for a whole window, and then Python is told.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t, uint64_t

from core.stream.reception cimport Reception

cdef enum:                     # what is wrong; bits of a verdict
    QUALITY_BAD = 1            # the window's MOS is under 3.1 ("many users dissatisfied"); over 3.6 is good again
    QUALITY_ONE_WAY = 2        # we send and hear nothing at all
    QUALITY_DEAD_AIR = 4       # packets come, and for ten seconds there is only silence in them
    QUALITY_CLIPPING = 8       # over 1 % of the samples are at the limit

cdef enum:
    QUALITY_WINDOW_S = 5
    LEVEL_SILENT = -60         # dBm0: softer than this is silence

cdef struct Quality:           # the worker's; other threads read it relaxed
    int64_t window_ns          # when the window is over; 0: not begun
    uint64_t expected          # at its beginning
    uint64_t received
    uint64_t lost
    uint64_t runs
    uint64_t sent
    uint8_t verdict            # QUALITY_*
    bint sample_due            # the next packet is to be measured
    int64_t sample_ns          # when one was
    int silent_samples         # measured in a row that were silent
    int64_t silent_since_ns    # when the first of these was
    float mos                  # of the last window; 0: none yet
    float worst_mos
    float rating
    float level_dbm0           # smoothed over what is no silence
    uint64_t measured          # samples, and those at the limit
    uint64_t clipped
    uint64_t window_measured   # at the window's beginning
    uint64_t window_clipped
    uint64_t total_windows
    uint64_t bad_windows

# Linear sound of the leg: at most a frame once a second.
cdef void quality_measure(Quality* q, const int16_t* pcm, int samples, int64_t now) noexcept nogil
# Part of the slow pass: True when the verdict is another one. `delay_ms` is the estimate for one way, `sent` the packets sent
# so far, `receiving` whether packets are due.
cdef bint quality_look(Quality* q, const Reception* rx, int codec, double delay_ms, uint64_t sent, bint receiving,
                       int64_t now) noexcept nogil
# Rating and MOS of the whole call so far.
cdef double quality_rating(const Reception* rx, int codec, double delay_ms) noexcept nogil


cdef inline void quality_tick(Quality* q, int64_t now) noexcept nogil:
    """Part of the slow pass: asks for a measurement once a second."""
    if now - q.sample_ns > 1000000000:
        q.sample_due = True
