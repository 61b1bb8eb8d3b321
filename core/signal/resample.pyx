"""Polyphase FIR resampling; see resample.pxd.

One prototype for each factor: a sinc under a Kaiser window at the higher rate, cut off so that its stop band begins at
half of the lower rate. Its phases are stored apart, each as a whole number of vectors, so an output sample is one
scalar product of neighbouring floats.
"""

from libc.math cimport M_PI, sin, sqrt
from libc.stdint cimport int16_t
from libc.string cimport memcpy, memset

from core.signal cimport clones  # noqa: F401  (brings CENTRALA_CLONES)

cdef extern from *:
    """
    typedef float resample_eight __attribute__((vector_size(32), aligned(4), may_alias));

    /* Scalar products of `taps` (a multiple of 8) neighbouring samples with each of `phases` filters, for `n` positions
       that are `stride` samples apart; the results of one position stand side by side. */
    CENTRALA_CLONES
    static void resample_run(const float *restrict x, const float *restrict filters, int taps, int phases, int stride,
                             int n, int16_t *restrict out) {
        for (int i = 0; i < n; i++, x += stride)
            for (int p = 0; p < phases; p++) {
                const float *h = filters + p * taps;
                resample_eight sum = {0}, more = {0};
                int k = 0;
                for (; k + 15 < taps; k += 16) {
                    sum += *(const resample_eight *)(x + k) * *(const resample_eight *)(h + k);
                    more += *(const resample_eight *)(x + k + 8) * *(const resample_eight *)(h + k + 8);
                }
                for (; k < taps; k += 8) sum += *(const resample_eight *)(x + k) * *(const resample_eight *)(h + k);
                sum += more;
                float y = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
                y += y < 0 ? -0.5f : 0.5f;
                *out++ = (int16_t)(y > 32767 ? 32767 : y < -32768 ? -32768 : y);
            }
    }

    CENTRALA_CLONES
    static void resample_floats(const int16_t *restrict pcm, float *restrict out, int n) {
        for (int i = 0; i < n; i++) out[i] = pcm[i];
    }
    """
    void resample_run(const float* x, const float* filters, int taps, int phases, int stride, int n, int16_t* out) nogil
    void resample_floats(const int16_t* pcm, float* out, int n) nogil

cdef double BETA = 8.6         # Kaiser: 87 dB
cdef double CUTOFF = 0.4665    # of the lower rate: half way between 3.46 and 4 kHz at 8 kHz

# Filters in the order in which samples stand in memory, oldest first. UP: `factor` phases of RESAMPLE_TAPS; DOWN: one.
cdef float[2 * RESAMPLE_TAPS] UP2
cdef float[3 * RESAMPLE_TAPS] UP3
cdef float[6 * RESAMPLE_TAPS] UP6
cdef float[2 * RESAMPLE_TAPS] DOWN2
cdef float[3 * RESAMPLE_TAPS] DOWN3
cdef float[6 * RESAMPLE_TAPS] DOWN6


cdef double _bessel(double x) noexcept:
    """I0 by its series."""
    cdef double sum = 1.0, term = 1.0
    cdef int k
    for k in range(1, 60):
        term *= (x / (2.0 * k)) * (x / (2.0 * k))
        sum += term
    return sum


cdef void _make(int factor, float* up, float* down) noexcept:
    cdef int length = factor * RESAMPLE_TAPS, i, phase
    cdef double middle = (length - 1) / 2.0, t, window, total = 0.0
    cdef double[6 * RESAMPLE_TAPS] h
    for i in range(length):
        t = (i - middle) / factor
        window = _bessel(BETA * sqrt(1.0 - (i - middle) * (i - middle) / (middle * middle))) / _bessel(BETA)
        h[i] = window * sin(2.0 * M_PI * CUTOFF * t) / (M_PI * t)
        total += h[i]
    for i in range(length):
        h[i] /= total
        down[length - 1 - i] = <float>h[i]
    for i in range(length):
        phase = i % factor
        # Tap i of the prototype meets the sample i / factor before the newest.
        up[phase * RESAMPLE_TAPS + RESAMPLE_TAPS - 1 - i // factor] = <float>(h[i] * factor)


_make(2, UP2, DOWN2)
_make(3, UP3, DOWN3)
_make(6, UP6, DOWN6)


cdef void _choose(Resampler* r, int factor, bint up) noexcept nogil:
    if up:
        r.up = factor
        r.filters = &UP2[0] if factor == 2 else &UP3[0] if factor == 3 else &UP6[0]
    else:
        r.down = factor
        r.filters = &DOWN2[0] if factor == 2 else &DOWN3[0] if factor == 3 else &DOWN6[0]


cdef bint resample_init(Resampler* r, int from_rate, int to_rate) noexcept nogil:
    cdef bint known = from_rate == 8000 or from_rate == 16000 or from_rate == 48000
    memset(r, 0, sizeof(Resampler))
    r.from_rate = from_rate
    r.to_rate = to_rate
    r.up = r.down = 1
    if not known or not (to_rate == 8000 or to_rate == 16000 or to_rate == 48000):
        return False
    if to_rate > from_rate:
        _choose(r, to_rate // from_rate, True)
    elif to_rate < from_rate:
        _choose(r, from_rate // to_rate, False)
    return True


cdef int resample(Resampler* r, const int16_t* pcm, int samples, int16_t* out) noexcept nogil:
    cdef float[RESAMPLE_HISTORY + RESAMPLE_FRAME] x
    cdef int taps, made
    if r.from_rate == r.to_rate:
        memcpy(out, pcm, samples * sizeof(int16_t))
        return samples
    if samples <= 0 or samples > RESAMPLE_FRAME:
        return 0
    taps = RESAMPLE_TAPS * r.down
    memcpy(x, r.history, taps * sizeof(float))
    resample_floats(pcm, x + taps, samples)
    # The first output meets the first new sample: it looks back over `taps`, itself among them.
    if r.up > 1:
        resample_run(x + 1, r.filters, taps, r.up, 1, samples, out)
        made = samples * r.up
    else:
        made = samples // r.down
        resample_run(x + r.down, r.filters, taps, 1, r.down, made, out)
    memcpy(r.history, x + samples, taps * sizeof(float))
    return made


cdef class Converter:
    """Resampling for Python: tests and tools."""

    cdef Resampler state

    def __init__(self, int from_rate, int to_rate) -> None:
        if not resample_init(&self.state, from_rate, to_rate):
            raise ValueError(f"no conversion from {from_rate} to {to_rate} Hz; the rates are 8000, 16000, 48000")

    def convert(self, bytes pcm) -> bytes:
        """The next samples (s16, host order) at the other rate. Raises ValueError when they do not divide evenly."""
        cdef int samples = <int>(len(pcm) // 2), part, at = 0, made = 0
        if len(pcm) % (2 * self.state.down):
            raise ValueError(f"{len(pcm)} octets are not a multiple of {self.state.down} 16-bit samples")
        cdef bytearray out = bytearray(2 * (samples * self.state.up // self.state.down))
        cdef const char* source = pcm
        cdef char* target = out
        while at < samples:
            part = samples - at if samples - at < 480 else 480
            made += resample(&self.state, <const int16_t*>source + at, part, <int16_t*>target + made)
            at += part
        return bytes(out)
