"""The in-band DTMF detector: 8 kHz samples in, digits out (ITU-T Q.23 tones, Q.24 limits in AT&T's column).

Accepts bursts of 40 ms and more, frequencies within 1.5 %, 0 to -25 dBm0 a tone, twist +4 to -8 dB; rejects bursts up to
23 ms, frequencies 3.5 % off, twist over 15 dB. Owned by one thread; no allocation, no time: only samples count.
"""

from libc.stdint cimport int16_t

cdef struct DtmfDetector:
    int16_t[32] waiting     # samples of a hop that is not full
    int filled              # how many
    float[4][8] hop_cos     # the last four hops by the eight tones, a ring: together one look
    float[4][8] hop_sin
    float[4] hop_energy
    int oldest              # index of the oldest hop in the ring: the next to be overwritten
    float[2][8] look_cos    # the last two looks
    float[2][8] look_sin
    int newest              # of these
    bint look_valid         # whether it was computed: silence is not
    int candidate           # row * 4 + column of the run that is going on; -1: none
    int run                 # looks in the run
    float drift_low         # turn of both phases over the run, radians, beyond what the nominal frequencies turn
    float drift_high
    int digit               # ASCII of the digit that sounds now; 0: none
    int misses              # looks since the sounding digit was last seen
    int age                 # looks since the sounding digit began
    int last_ms             # how long the last accepted digit has sounded so far; final once `digit` is 0 again
    bint dial_tone_filter   # set it after dtmf_init to find digits under a dial tone of 350 to 450 Hz
    double[4] filter_state

# Forgets everything; the dial tone filter is off.
cdef void dtmf_init(DtmfDetector* detector) noexcept nogil

# Feeds samples, at most 60 ms a call; returns the ASCII code of a digit that was accepted inside, or 0. A digit is reported
# once, about 35 ms after its start; `last_ms` goes on growing while it sounds.
cdef int dtmf_feed(DtmfDetector* detector, const int16_t* pcm, int n) noexcept nogil

# The two frequencies of a digit in Hz; False for anything but 0-9 * # A-D.
cdef bint dtmf_frequencies(int digit, double* low, double* high) noexcept nogil
