"""Sine tones by turning a phasor: no table, no sine call a sample, no drift (the phasor is set to length 1 at each fill)."""

from libc.math cimport M_PI, cos, pow, sin, sqrt
from libc.stdint cimport int16_t

FULL_SCALE_DBM0 = 3.14
cdef double ZERO_DBM0_PEAK = 32768.0 * pow(10.0, -3.14 / 20.0)


cdef void tone_init(DualTone* tone, double f1, double f2, double level_dbm0, int rate) noexcept nogil:
    cdef double amplitude = ZERO_DBM0_PEAK * pow(10.0, level_dbm0 / 20.0)
    cdef double step1 = 2.0 * M_PI * f1 / rate
    cdef double step2 = 2.0 * M_PI * f2 / rate
    tone.cos1 = tone.cos2 = 1.0
    tone.sin1 = tone.sin2 = 0.0
    tone.turn_cos1 = cos(step1)
    tone.turn_sin1 = sin(step1)
    tone.turn_cos2 = cos(step2)
    tone.turn_sin2 = sin(step2)
    tone.amplitude1 = amplitude
    tone.amplitude2 = amplitude if f2 > 0.0 else 0.0


cdef inline void _normalise(double* real, double* imaginary) noexcept nogil:
    cdef double scale = 1.0 / sqrt(real[0] * real[0] + imaginary[0] * imaginary[0])
    real[0] *= scale
    imaginary[0] *= scale


cdef void tone_fill(DualTone* tone, int16_t* out, int n) noexcept nogil:
    cdef double c1 = tone.cos1, s1 = tone.sin1, c2 = tone.cos2, s2 = tone.sin2
    cdef double value, turned
    cdef int i
    for i in range(n):
        value = tone.amplitude1 * s1 + tone.amplitude2 * s2
        value += 0.5 if value >= 0.0 else -0.5
        if value > 32767.0:
            value = 32767.0
        elif value < -32768.0:
            value = -32768.0
        out[i] = <int16_t>value
        turned = c1 * tone.turn_cos1 - s1 * tone.turn_sin1
        s1 = s1 * tone.turn_cos1 + c1 * tone.turn_sin1
        c1 = turned
        turned = c2 * tone.turn_cos2 - s2 * tone.turn_sin2
        s2 = s2 * tone.turn_cos2 + c2 * tone.turn_sin2
        c2 = turned
    _normalise(&c1, &s1)
    _normalise(&c2, &s2)
    tone.cos1 = c1
    tone.sin1 = s1
    tone.cos2 = c2
    tone.sin2 = s2


def tone_bytes(double f1, double f2, double level_dbm0, int samples, int rate=8000) -> bytes:
    """Samples (s16, host order) of one tone, or two when `f2` is not 0, of `level_dbm0` each, starting at phase 0.

    Raises ValueError when a frequency is negative or not under half the rate, or the number of samples is negative.
    """
    if rate <= 0 or samples < 0:
        raise ValueError(f"rate {rate} must be positive and samples {samples} not negative")
    if not (0.0 <= f1 < rate / 2.0 and 0.0 <= f2 < rate / 2.0):
        raise ValueError(f"tones of {f1} Hz and {f2} Hz do not fit a rate of {rate} samples a second")
    cdef DualTone tone
    cdef bytearray out = bytearray(2 * samples)
    cdef char* raw = out
    tone_init(&tone, f1, f2, level_dbm0, rate)
    tone_fill(&tone, <int16_t*>raw, samples)
    return bytes(out)
