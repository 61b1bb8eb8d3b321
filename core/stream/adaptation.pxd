"""How an Opus encoder follows what the far end reports of its losses (RTCP, RFC 3550 section 6.4.1). Time plays no part: each report
is a step.

Loss turns the redundancy on (in-band FEC) and says how much of it is worth its bits: at once when it grows, one class at a time
and only after three better reports when it falls, so that a network which comes and goes does not make the sound change with it.
Loss of a tenth or more, twice running, is taken for a path that is too narrow: the bit rate goes down by a fifth, and up again by a
tenth after three reports with little loss.
"""

from libc.stdint cimport uint8_t

cdef struct Adaptation:
    int least_loss             # percent that is always expected (configured)
    int base_bitrate           # bit/s (configured), where the bit rate goes back to
    int lowest_bitrate
    int expected_loss          # percent, what the encoder is told; 0: no redundancy
    int bitrate                # bit/s, the same
    float loss                 # percent, smoothed
    int better                 # reports in a row under the class
    int heavy                  # reports in a row of heavy loss
    int light                  # reports in a row of light loss

# `bitrate` in bit/s.
cdef void adaptation_init(Adaptation* a, int least_loss, int bitrate) noexcept nogil
# The next report, the far end's fraction lost in 1/256. True when the encoder is to be told.
cdef bint adaptation_report(Adaptation* a, uint8_t fraction_lost) noexcept nogil
