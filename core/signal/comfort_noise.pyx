"""Comfort noise (RFC 3389, ITU-T G.711 Appendix II): an all-pole model as reflection coefficients; see the .pxd."""

from libc.math cimport exp2f, log10f, sqrtf
from libc.stdint cimport int16_t, uint8_t, uint32_t
from libc.string cimport memset

cdef enum:
    SMOOTH = 64                # samples over which the level goes half of the way
    FORGET = 16                # frames of silence that the long-term spectrum remembers

cdef float OVERLOAD = 32768.0  # 0 dBov: a full-scale square wave (RFC 3389 section 3.1)
cdef float LOG2_10_BY_20 = 0.1660964    # 10^(x/20) = 2^(x * this)
cdef float UNIFORM = 1.7320508 # peak of a uniform noise of power 1
cdef float LARGEST = 0.9999    # of a reflection coefficient: above 1 the filter would ring for ever


cdef void noise_init(NoiseMaker* n, uint32_t seed) noexcept nogil:
    memset(n, 0, sizeof(NoiseMaker))
    n.seed = seed | 1


cdef inline float _gain(int dbov) noexcept nogil:
    return OVERLOAD * exp2f(-dbov * LOG2_10_BY_20) if dbov < SILENT_DBOV else 0.0


cdef void noise_level(NoiseMaker* n, int dbov) noexcept nogil:
    n.order = 0
    n.wanted = _gain(0 if dbov < 0 else dbov)


cdef void noise_update(NoiseMaker* n, const uint8_t* payload, int size) noexcept nogil:
    cdef int i
    cdef float k, power = 1.0
    if size <= 0:
        noise_level(n, SILENT_DBOV)
        return
    n.order = size - 1 if size - 1 < NOISE_ORDER else NOISE_ORDER
    for i in range(n.order):
        # 258 * (N - 127) in Q15; 255 is not used.
        k = 258.0 * (<int>payload[1 + i] - 127) / 32768.0
        k = LARGEST if k > LARGEST else -LARGEST if k < -LARGEST else k
        n.reflection[i] = k
        power *= 1.0 - k * k
    # The filter raises the noise by 1 / power; the level is that of what comes out.
    n.wanted = _gain(payload[0] & 0x7F) * sqrtf(power)


cdef void noise_fill(NoiseMaker* n, int16_t* pcm, int samples) noexcept nogil:
    cdef int i, j
    cdef float forward, backward, value
    for i in range(samples):
        n.gain += (n.wanted - n.gain) / SMOOTH
        n.seed = n.seed * 1664525 + 1013904223
        value = <float><int>n.seed * (UNIFORM / 2147483648.0)
        forward = value * n.gain
        for j in range(n.order - 1, -1, -1):
            forward -= n.reflection[j] * n.state[j]
            if j < n.order - 1:
                n.state[j + 1] = n.state[j] + n.reflection[j] * forward
        if n.order:
            n.state[0] = forward
        value = forward
        pcm[i] = <int16_t>(32767 if value > 32767 else -32768 if value < -32768 else value)


cdef void meter_init(NoiseMeter* m) noexcept nogil:
    memset(m, 0, sizeof(NoiseMeter))


cdef void meter_add(NoiseMeter* m, const int16_t* pcm, int samples) noexcept nogil:
    cdef int lag, i
    cdef float sum, share
    if samples <= NOISE_ORDER:
        return
    if m.frames < FORGET:
        m.frames += 1
    share = 1.0 / m.frames
    for lag in range(NOISE_ORDER + 1):
        sum = 0.0
        for i in range(lag, samples):
            sum += <float>pcm[i] * pcm[i - lag]
        m.correlation[lag] += (sum / samples - m.correlation[lag]) * share


cdef int meter_write(NoiseMeter* m, uint8_t* payload) noexcept nogil:
    """Levinson and Durbin's recursion, then RFC 3389's quantization."""
    cdef float[NOISE_ORDER + 1] a
    cdef float[NOISE_ORDER + 1] before
    cdef float error = m.correlation[0] * 1.0001 + 0.01, sum, k
    cdef int i, j, level
    level = <int>(-20.0 * log10f((sqrtf(m.correlation[0]) + 0.01) / OVERLOAD) + 0.5)
    payload[0] = <uint8_t>(0 if level < 0 else SILENT_DBOV if level > SILENT_DBOV else level)
    memset(a, 0, sizeof(a))
    for i in range(1, NOISE_ORDER + 1):
        sum = m.correlation[i]
        for j in range(1, i):
            sum += a[j] * m.correlation[i - j]
        k = -sum / error
        k = LARGEST if k > LARGEST else -LARGEST if k < -LARGEST else k
        for j in range(1, i):
            before[j] = a[j]
        for j in range(1, i):
            a[j] = before[j] + k * before[i - j]
        a[i] = k
        error *= 1.0 - k * k
        payload[i] = <uint8_t>(127 + <int>(k * 32768.0 / 258.0 + (0.5 if k >= 0.0 else -0.5)))
    return NOISE_PAYLOAD


cdef class Maker:
    """Comfort noise for Python: tests and tools."""

    cdef NoiseMaker state

    def __init__(self, int seed=1) -> None:
        noise_init(&self.state, seed)

    def update(self, bytes payload) -> None:
        """Takes the payload of a comfort noise packet."""
        cdef const char* raw = payload
        noise_update(&self.state, <const uint8_t*>raw, <int>len(payload))

    def fill(self, int samples) -> bytes:
        """The next samples (s16, host order). Raises ValueError when their number is negative."""
        if samples < 0:
            raise ValueError(f"{samples} samples cannot be made")
        cdef bytearray out = bytearray(2 * samples)
        cdef char* raw = out
        noise_fill(&self.state, <int16_t*>raw, samples)
        return bytes(out)


cdef class Meter:
    """The analysis of silence for Python: tests and tools."""

    cdef NoiseMeter state

    def __init__(self) -> None:
        meter_init(&self.state)

    def add(self, bytes pcm) -> None:
        """A frame of silence that was heard (s16, host order)."""
        cdef const char* raw = pcm
        meter_add(&self.state, <const int16_t*>raw, <int>(len(pcm) // 2))

    def payload(self) -> bytes:
        """What a comfort noise packet should say of it."""
        cdef uint8_t[NOISE_PAYLOAD] out
        return bytes(out[:meter_write(&self.state, out)])
