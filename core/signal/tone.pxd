"""A generator of one or two sine tones: call progress, beeps, DTMF sent as audio.

Levels are in dBm0 of each tone: 0 dBm0 is a sine of 22,827 peak, 3.14 dB under full scale (ITU-T G.711, A-law).
"""

from libc.stdint cimport int16_t

cdef struct DualTone:           # owned by the thread that fills
    double cos1, sin1           # the phasor of the first tone: its imaginary part is the next sample, scaled
    double cos2, sin2
    double turn_cos1, turn_sin1 # what one sample turns it by
    double turn_cos2, turn_sin2
    double amplitude1           # peak, in 16-bit units
    double amplitude2           # 0 when there is one tone only

# Starts both tones at phase 0. f1, f2 in Hz (f2 = 0: one tone), `level_dbm0` of each tone, `rate` in samples a second.
cdef void tone_init(DualTone* tone, double f1, double f2, double level_dbm0, int rate) noexcept nogil

# Writes the next `n` samples, saturated; the phase goes on from call to call.
cdef void tone_fill(DualTone* tone, int16_t* out, int n) noexcept nogil
