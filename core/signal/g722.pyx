"""Sub-band ADPCM (ITU-T G.722 clauses 3 to 5): quadrature mirror filters, adaptive quantizers, pole-zero prediction.

Written from the recommendation's block diagrams; the names of its blocks stand beside the steps. All arithmetic is the
16-bit fixed point of the recommendation, with saturation where it says so.
"""

from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.string cimport memset

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* Table 7 (decision levels), 8-10, 14-19 of the recommendation, as integers. */
    static const int g722_q6[32] = {0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858,
        940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919, 0, 0};
    static const int g722_iln[32] = {0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13,
        12, 11, 10, 9, 8, 7, 6, 5, 4, 0};
    static const int g722_ilp[32] = {0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
        40, 39, 38, 37, 36, 35, 34, 33, 32, 0};
    static const int g722_wl[8] = {-60, -30, 58, 172, 334, 538, 1198, 3042};
    static const int g722_rl42[16] = {0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0};
    static const int g722_ilb[32] = {2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714,
        2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};
    static const int g722_qm2[4] = {-7408, -1616, 7408, 1616};
    static const int g722_qm4[16] = {0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240,
        2584, 1200, 0};
    static const int g722_qm6[64] = {-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192,
        -10232, -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032,
        -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192,
        6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136};
    static const int g722_wh[3] = {0, -214, 798};
    static const int g722_rh2[4] = {2, 1, 2, 1};
    /* Half of the symmetric filter, table 11. */
    static const int g722_qmf[12] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};

    static inline int g722_sat(int x) { return x > 32767 ? 32767 : x < -32768 ? -32768 : x; }
    static inline int g722_clamp(int x, int low, int high) { return x < low ? low : x > high ? high : x; }
    """
    const int* Q6 "g722_q6"
    const int* ILN "g722_iln"
    const int* ILP "g722_ilp"
    const int* WL "g722_wl"
    const int* RL42 "g722_rl42"
    const int* ILB "g722_ilb"
    const int* QM2 "g722_qm2"
    const int* QM4 "g722_qm4"
    const int* QM6 "g722_qm6"
    const int* WH "g722_wh"
    const int* RH2 "g722_rh2"
    const int* QMF "g722_qmf"
    int _sat "g722_sat"(int x) noexcept nogil
    int _clamp "g722_clamp"(int x, int low, int high) noexcept nogil


cdef void g722_init(G722* g) noexcept nogil:
    memset(g, 0, sizeof(G722))
    g.band[0].det = 32
    g.band[1].det = 8


cdef inline void _poles(G722Band* z) noexcept nogil:
    """UPPOL2 and UPPOL1 with their limits: both pole coefficients for the next sample."""
    cdef int first = _sat(4 * z.a[1])
    cdef int opposite = -first if (z.p[0] ^ z.p[1]) >= 0 else first
    cdef int second, step, limit
    second = (opposite if opposite <= 32767 else 32767) >> 7
    second += 128 if (z.p[0] ^ z.p[2]) >= 0 else -128
    second = _clamp(second + ((z.a[2] * 32512) >> 15), -12288, 12288)
    step = 192 if (z.p[0] ^ z.p[1]) >= 0 else -192
    limit = _sat(15360 - second)
    z.a[1] = _clamp(_sat(step + ((z.a[1] * 32640) >> 15)), -limit, limit)
    z.a[2] = second


cdef inline void _zeros(G722Band* z) noexcept nogil:
    """UPZERO and DELAYA: the six zero coefficients and differences, one sample on."""
    cdef int step = 128 if z.d[0] else 0
    cdef int i, change
    for i in range(6, 0, -1):
        change = step if (z.d[0] ^ z.d[i]) >= 0 else -step
        z.b[i] = _sat(change + ((z.b[i] * 32640) >> 15))
    for i in range(6, 0, -1):
        z.d[i] = z.d[i - 1]


cdef inline void _predict(G722Band* z, int difference) noexcept nogil:
    """Block 4: takes the quantized difference of this sample, leaves the estimate of the next one in `s`."""
    cdef int i, sum
    z.d[0] = difference
    z.r[0] = _sat(z.s + difference)
    z.p[0] = _sat(z.sz + difference)
    _poles(z)
    _zeros(z)
    z.r[2] = z.r[1]
    z.r[1] = z.r[0]
    z.p[2] = z.p[1]
    z.p[1] = z.p[0]
    # FILTEP, FILTEZ, PREDIC
    z.sp = _sat(((z.a[1] * _sat(2 * z.r[1])) >> 15) + ((z.a[2] * _sat(2 * z.r[2])) >> 15))
    sum = 0
    for i in range(6, 0, -1):
        sum += (z.b[i] * _sat(2 * z.d[i])) >> 15
    z.sz = _sat(sum)
    z.s = _sat(z.sp + z.sz)


cdef inline int _scale(int nb, int shift_base) noexcept nogil:
    """SCALEL and SCALEH: the linear scale factor of a logarithmic one."""
    cdef int mantissa = ILB[(nb >> 6) & 31], shift = shift_base - (nb >> 11)
    return ((mantissa << -shift) if shift < 0 else (mantissa >> shift)) << 2


cdef inline void _adapt_low(G722Band* z, int code4) noexcept nogil:
    """LOGSCL and SCALEL."""
    z.nb = _clamp(((z.nb * 127) >> 7) + WL[RL42[code4]], 0, 18432)
    z.det = _scale(z.nb, 8)


cdef inline void _adapt_high(G722Band* z, int code) noexcept nogil:
    """LOGSCH and SCALEH."""
    z.nb = _clamp(((z.nb * 127) >> 7) + WH[RH2[code]], 0, 22528)
    z.det = _scale(z.nb, 10)


cdef inline int _quantize_low(const G722Band* z, int error) noexcept nogil:
    """QUANTL: the 6-bit code of the low band's prediction error."""
    cdef int magnitude = error if error >= 0 else ~error
    cdef int low = 1, high = 30, middle
    # The first level that is above; levels grow, so by halving.
    while low < high:
        middle = (low + high) >> 1
        if magnitude < (Q6[middle] * z.det) >> 12:
            high = middle
        else:
            low = middle + 1
    return ILN[low] if error < 0 else ILP[low]


cdef inline int _quantize_high(const G722Band* z, int error) noexcept nogil:
    """QUANTH: the 2-bit code of the high band's prediction error."""
    cdef int magnitude = error if error >= 0 else ~error
    cdef bint outer = magnitude >= (564 * z.det) >> 12
    if error < 0:
        return 0 if outer else 1
    return 2 if outer else 3


cdef inline void _push(G722* g, int older, int newer) noexcept nogil:
    """Two samples into the filter's window, which is kept twice so that it is always in one piece."""
    g.history[g.at] = g.history[g.at + 24] = older
    g.history[g.at + 1] = g.history[g.at + 25] = newer
    g.at = g.at + 2 if g.at < 22 else 0


cdef inline void _mirror(const G722* g, int* odd, int* even) noexcept nogil:
    """Both polyphase halves of the quadrature mirror filter over the last 24 samples."""
    cdef const int* x = &g.history[g.at]
    cdef int i, first = 0, second = 0
    for i in range(12):
        first += x[2 * i] * QMF[i]
        second += x[2 * i + 1] * QMF[11 - i]
    odd[0] = first
    even[0] = second


cdef void g722_encode(G722* g, const int16_t* pcm, uint8_t* out, int samples) noexcept nogil:
    cdef int i, odd, even, low, high, code_low, code_high
    for i in range(samples >> 1):
        _push(g, pcm[2 * i], pcm[2 * i + 1])
        _mirror(g, &odd, &even)
        low = _sat((odd + even) >> 14)
        high = _sat((even - odd) >> 14)
        code_low = _quantize_low(&g.band[0], _sat(low - g.band[0].s))
        low = (g.band[0].det * QM4[code_low >> 2]) >> 15
        _adapt_low(&g.band[0], code_low >> 2)
        _predict(&g.band[0], low)
        code_high = _quantize_high(&g.band[1], _sat(high - g.band[1].s))
        high = (g.band[1].det * QM2[code_high]) >> 15
        _adapt_high(&g.band[1], code_high)
        _predict(&g.band[1], high)
        out[i] = <uint8_t>((code_high << 6) | code_low)


cdef void g722_decode(G722* g, const uint8_t* data, int16_t* pcm, int octets) noexcept nogil:
    cdef int i, code_low, code_high, low, high, difference, odd, even
    for i in range(octets):
        code_low = data[i] & 63
        code_high = data[i] >> 6
        # The output takes all six bits, the adaptation the four that every mode has.
        low = _clamp(g.band[0].s + ((g.band[0].det * QM6[code_low]) >> 15), -16384, 16383)
        difference = (g.band[0].det * QM4[code_low >> 2]) >> 15
        _adapt_low(&g.band[0], code_low >> 2)
        _predict(&g.band[0], difference)
        difference = (g.band[1].det * QM2[code_high]) >> 15
        high = _clamp(g.band[1].s + difference, -16384, 16383)
        _adapt_high(&g.band[1], code_high)
        _predict(&g.band[1], difference)
        _push(g, low + high, low - high)
        _mirror(g, &odd, &even)
        pcm[2 * i] = <int16_t>_sat(even >> 11)
        pcm[2 * i + 1] = <int16_t>_sat(odd >> 11)


cdef class Encoder:
    """The encoder for Python: tests and tools."""

    cdef G722 state

    def __init__(self) -> None:
        g722_init(&self.state)

    def encode(self, bytes pcm) -> bytes:
        """16 kHz s16 samples (host order) to octets. Raises ValueError unless they are whole pairs of samples."""
        if len(pcm) % 4:
            raise ValueError(f"{len(pcm)} octets are not a whole number of pairs of 16-bit samples")
        cdef bytearray out = bytearray(len(pcm) // 4)
        cdef const char* source = pcm
        cdef char* target = out
        g722_encode(&self.state, <const int16_t*>source, <uint8_t*>target, <int>(len(pcm) // 2))
        return bytes(out)


cdef class Decoder:
    """The decoder for Python: tests and tools."""

    cdef G722 state

    def __init__(self) -> None:
        g722_init(&self.state)

    def decode(self, bytes data) -> bytes:
        """Octets to 16 kHz s16 samples (host order)."""
        cdef bytearray out = bytearray(4 * len(data))
        cdef const char* source = data
        cdef char* target = out
        g722_decode(&self.state, <const uint8_t*>source, <int16_t*>target, <int>len(data))
        return bytes(out)
