"""DTMF by correlation with the eight tones in hops of 4 ms, judged over looks of four hops.

A look is a hit when one tone of each group holds nearly all the energy, within level and twist. The phase that a tone
gains from look to look gives its frequency far finer than a 16 ms window resolves: that tells 1.5 % from 3.5 %, corrects
the level of a tone that is off its nominal frequency, and is what speech cannot imitate for long. A run of hits makes a
digit; a digit ends after a run of misses, so that short interruptions do not split it.
"""

from libc.math cimport M_PI, cos, fabsf, sin
from libc.stdint cimport int16_t
from libc.string cimport memcpy, memset

from core.signal cimport clones  # noqa: F401  (brings CENTRALA_CLONES)

cdef extern from *:
    """
    #include <math.h>
    typedef float dtmf_eight __attribute__((vector_size(32), aligned(4), may_alias));   /* one lane a tone */
    #define DTMF_EIGHT(at) (*(dtmf_eight *)(at))
    #define DTMF_SILENCE 83865.6f      /* energy of a hop: a hundredth of that of a tone of -36 dBm0 in a look */

    /* A hop of 32 samples by the eight tones; its energy. Cosines about the middle of the hop are the same on both sides
       and sines opposite: so samples that are as far from it are added and subtracted first, which halves the work.
       Four sums, because one would wait for its own last addition. */
    static inline __attribute__((always_inline)) float dtmf_fold(
        const float *restrict x, const float *restrict table, float *restrict hop_cos, float *restrict hop_sin) {
        float even[16], odd[16], energy;
        dtmf_eight c0 = {0}, s0 = {0}, c1 = {0}, s1 = {0}, c2 = {0}, s2 = {0}, c3 = {0}, s3 = {0}, sum;
        for (int i = 0; i < 16; i++) even[i] = x[i] + x[31 - i];
        for (int i = 0; i < 16; i++) odd[i] = x[i] - x[31 - i];
        sum = DTMF_EIGHT(even) * DTMF_EIGHT(even) + DTMF_EIGHT(odd) * DTMF_EIGHT(odd)
            + (DTMF_EIGHT(even + 8) * DTMF_EIGHT(even + 8) + DTMF_EIGHT(odd + 8) * DTMF_EIGHT(odd + 8));
        energy = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
        /* From memory a sample comes into all lanes at once; out of a register it takes two shuffles. */
        __asm__("" : "+m"(even), "+m"(odd));
        energy *= 0.5f;
        if (energy > DTMF_SILENCE)                 /* silence correlates to nothing */
            for (int i = 0; i < 16; i += 4) {
                const float *t = table + 16 * i;
                c0 += even[i] * DTMF_EIGHT(t);
                s0 += odd[i] * DTMF_EIGHT(t + 8);
                c1 += even[i + 1] * DTMF_EIGHT(t + 16);
                s1 += odd[i + 1] * DTMF_EIGHT(t + 24);
                c2 += even[i + 2] * DTMF_EIGHT(t + 32);
                s2 += odd[i + 2] * DTMF_EIGHT(t + 40);
                c3 += even[i + 3] * DTMF_EIGHT(t + 48);
                s3 += odd[i + 3] * DTMF_EIGHT(t + 56);
            }
        DTMF_EIGHT(hop_cos) = (c0 + c1) + (c2 + c3);
        DTMF_EIGHT(hop_sin) = (s0 + s1) + (s2 + s3);
        return energy;
    }

    CENTRALA_CLONES
    static float dtmf_hop(const int16_t *restrict pcm, const float *restrict table, float *restrict hop_cos,
                          float *restrict hop_sin) {
        float x[32];
        for (int i = 0; i < 32; i++) x[i] = pcm[i];
        return dtmf_fold(x, table, hop_cos, hop_sin);
    }

    CENTRALA_CLONES
    static float dtmf_hop_of_floats(const float *restrict x, const float *restrict table, float *restrict hop_cos,
                                    float *restrict hop_sin) {
        return dtmf_fold(x, table, hop_cos, hop_sin);
    }

    /* Turns four hops to the start of the oldest one and adds them: the correlation of the whole look; and its power. */
    CENTRALA_CLONES
    static void dtmf_look(const float (*hop_cos)[8], const float (*hop_sin)[8], int oldest, const float *restrict turn,
                          float *restrict look_cos, float *restrict look_sin, float *restrict power) {
        dtmf_eight c = DTMF_EIGHT(hop_cos[oldest]), s = DTMF_EIGHT(hop_sin[oldest]);
        for (int i = 1; i < 4; i++) {
            dtmf_eight hc = DTMF_EIGHT(hop_cos[(oldest + i) & 3]), hs = DTMF_EIGHT(hop_sin[(oldest + i) & 3]);
            dtmf_eight tc = DTMF_EIGHT(turn + 16 * i), ts = DTMF_EIGHT(turn + 16 * i + 8);
            c += hc * tc - hs * ts;
            s += hc * ts + hs * tc;
        }
        DTMF_EIGHT(look_cos) = c;
        DTMF_EIGHT(look_sin) = s;
        DTMF_EIGHT(power) = c * c + s * s;
    }

    /* atan2 to 0.00003 rad: a polynomial of least error over 0..1. libm's was a third of what a digit cost. The signs, which
       nobody can foresee, are put on without a branch. */
    static inline float dtmf_angle(float imaginary, float real) {
        float y = fabsf(imaginary), x = fabsf(real);
        float ratio = y < x ? y / x : y > 0 ? x / y : 0, square = ratio * ratio, fourth = square * square;
        float angle = ratio * ((0.99997321f - square * 0.331803f) + fourth * ((0.18572795f - square * 0.09274774f) +
            fourth * 0.02427452f));
        if (y >= x && y > 0) angle = 1.57079633f - angle;
        return copysignf(1.57079633f - copysignf(1.57079633f - angle, real), imaginary);
    }

    /* sin(x) / x to 0.00001 for x up to 2.2, from the square of x; the same way. */
    static inline float dtmf_sinc(float square) {
        return 0.9999894f + square * (-0.1665959f + square * (0.00825926f - square * 0.00017336f));
    }
    """
    float dtmf_angle(float imaginary, float real) noexcept nogil
    float dtmf_sinc(float square) noexcept nogil
    float dtmf_hop(const int16_t* pcm, const float* table, float* hop_cos, float* hop_sin) noexcept nogil
    float dtmf_hop_of_floats(const float* x, const float* table, float* hop_cos, float* hop_sin) noexcept nogil
    void dtmf_look(
        const float (*hop_cos)[8], const float (*hop_sin)[8], int oldest, const float* turn,
        float* look_cos, float* look_sin, float* power
    ) noexcept nogil

cdef enum:
    HOP = 32               # samples: 4 ms
    LOOK = 4               # hops: 16 ms
    RUN = 6                # hits that make a digit: a burst of 35 ms always, one of 31 ms never
    RELEASE = 9            # misses that end one: a pause of 10 ms makes up to 6, one of 40 ms at least 11
    EDGE_MS = 12           # a burst of d ms makes about (d - 12) / 4 hits: looks that it fills by less than 85 % are none

cdef double RATE = 8000.0
cdef float LEVEL = 128.0 * 362.0 * 362.0 / 2.0     # energy in one look of a tone of -36 dBm0 (peak 362)
cdef float FRACTION = 0.80                         # of the look's energy that the two tones must hold
cdef float NORMAL_TWIST = 12.6                     # low over high, 11 dB: Q.24 wants 8
cdef float REVERSE_TWIST = 5.0                     # high over low, 7 dB: Q.24 wants 4
cdef float DOMINANCE = 5.0                         # a tone over the next best of its group, 7 dB
cdef float SHIFT = 0.023                           # relative error of frequency: 1.5 % must pass, 3.5 % must not
cdef float HOP_SHIFT = 0.035                       # the same from one look to the next, where noise counts more

cdef const char* DIGITS = b"123A456B789C*0#D"
cdef double[8] TONES = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0]
cdef float[16 * 16] TABLE      # cosines and sines of the eight tones for each sample of a hop's first half, about its middle
cdef float[4 * 16] TURN        # the same for the start of each hop of a look
cdef float[8] FULL_TURN        # radians in one hop of a tone that is 100 % off: 2 pi f * 4 ms

# Elliptic high-pass of order 4 as two sections (b0 b1 b2 a1 a2): 0.5 dB of ripple from 672 Hz, 30 dB down to 450 Hz.
cdef double[2][5] HIGH_PASS
HIGH_PASS[0] = [0.54125031, -1.06420033, 0.54125031, -1.06266678, 0.40342447]
HIGH_PASS[1] = [1.0, -1.85553797, 1.0, -1.65486257, 0.90020116]


cdef void _make_tables() noexcept:
    cdef int i, k
    for k in range(8):
        FULL_TURN[k] = <float>(2.0 * M_PI * TONES[k] * HOP / RATE)
        for i in range(HOP // 2):
            TABLE[16 * i + k] = <float>cos(2.0 * M_PI * TONES[k] * (i - 15.5) / RATE)
            TABLE[16 * i + 8 + k] = <float>sin(2.0 * M_PI * TONES[k] * (i - 15.5) / RATE)
        for i in range(LOOK):
            TURN[16 * i + k] = <float>cos(2.0 * M_PI * TONES[k] * i * HOP / RATE)
            TURN[16 * i + 8 + k] = <float>sin(2.0 * M_PI * TONES[k] * i * HOP / RATE)


_make_tables()


cdef void dtmf_init(DtmfDetector* detector) noexcept nogil:
    memset(detector, 0, sizeof(DtmfDetector))
    detector.candidate = -1


cdef bint dtmf_frequencies(int digit, double* low, double* high) noexcept nogil:
    cdef int i
    for i in range(16):
        if DIGITS[i] == digit:
            low[0] = TONES[i >> 2]
            high[0] = TONES[4 + (i & 3)]
            return True
    return False


cdef inline float _most(const float* power) noexcept nogil:
    cdef float a = power[0] if power[0] > power[1] else power[1]
    cdef float b = power[2] if power[2] > power[3] else power[3]
    return a if a > b else b


cdef inline int _best(const float* power) noexcept nogil:
    """The strongest of four tones, or -1 when the next best is too near."""
    cdef int best = 0, k
    cdef float second = 0.0
    for k in range(1, 4):
        if power[k] > power[best]:
            best = k
    for k in range(4):
        if k != best and power[k] > second:
            second = power[k]
    return best if power[best] > DOMINANCE * second else -1


cdef inline float _turn(const DtmfDetector* detector, const float* look_cos, const float* look_sin, int k) noexcept nogil:
    """Radians that tone k gained since the look before, beyond what its nominal frequency gains in a hop."""
    cdef const float* before_cos = detector.look_cos[detector.newest]
    cdef const float* before_sin = detector.look_sin[detector.newest]
    cdef float real = look_cos[k] * before_cos[k] + look_sin[k] * before_sin[k]
    cdef float imaginary = look_cos[k] * before_sin[k] - look_sin[k] * before_cos[k]
    cdef float c = TURN[16 + k], s = TURN[16 + 8 + k]
    return dtmf_angle(imaginary * c - real * s, real * c + imaginary * s)


cdef inline float _correction(float turn) noexcept nogil:
    """What to multiply a tone's power by when it turns by `turn` in a hop: the window's fall beside its centre."""
    cdef float x = 0.5 * LOOK * fabsf(turn)
    if x < 0.05:
        return 1.0
    if x > 2.2:
        x = 2.2                                    # near the window's zero: no correction makes sense there
    x = dtmf_sinc(x * x)
    return 1 / (x * x)


cdef int _hit(
    const DtmfDetector* detector, const float* look_cos, const float* look_sin, const float* power, float energy,
    float* turn_low, float* turn_high
) noexcept nogil:
    """The digit's index that this look shows, or -1; and both tones' turns."""
    cdef int low, high
    # A tone of energy e correlates to a power of e * n / 2.
    cdef float low_energy = _most(power) * <float>(2.0 / (HOP * LOOK))
    cdef float high_energy = _most(power + 4) * <float>(2.0 / (HOP * LOOK))
    # First what most sound fails at, and what takes no branch to find out.
    if low_energy + high_energy < <float>0.25 * energy or not detector.look_valid:
        return -1
    low = _best(power)
    high = _best(power + 4)
    if low < 0 or high < 0:
        return -1
    high += 4
    turn_low[0] = _turn(detector, look_cos, look_sin, low)
    turn_high[0] = _turn(detector, look_cos, look_sin, high)
    if fabsf(turn_low[0]) > HOP_SHIFT * FULL_TURN[low] or fabsf(turn_high[0]) > HOP_SHIFT * FULL_TURN[high]:
        return -1
    low_energy *= _correction(turn_low[0])
    high_energy *= _correction(turn_high[0])
    if low_energy < LEVEL or high_energy < LEVEL or low_energy + high_energy < FRACTION * energy:
        return -1
    if low_energy > NORMAL_TWIST * high_energy or high_energy > REVERSE_TWIST * low_energy:
        return -1
    return low * 4 + high - 4


cdef inline bint _on_frequency(const DtmfDetector* detector) noexcept nogil:
    cdef float looks = detector.run - 1
    cdef int low = detector.candidate >> 2, high = 4 + (detector.candidate & 3)
    return (
        fabsf(detector.drift_low) <= SHIFT * FULL_TURN[low] * looks
        and fabsf(detector.drift_high) <= SHIFT * FULL_TURN[high] * looks
    )


cdef int _advance(DtmfDetector* detector, int index, float turn_low, float turn_high) noexcept nogil:
    """One look's verdict into the run and the sounding digit; returns a newly accepted digit or 0."""
    detector.age += 1
    if index < 0 or index != detector.candidate:
        detector.run = 0
        detector.drift_low = detector.drift_high = 0.0
        detector.candidate = index
    if index >= 0:
        detector.run += 1
        if detector.run > 1:
            detector.drift_low += turn_low
            detector.drift_high += turn_high
        if detector.digit == DIGITS[index]:
            detector.misses = 0
            detector.last_ms = detector.age * HOP // 8 + EDGE_MS
            return 0
    if detector.digit != 0:
        detector.misses += 1
        if detector.misses >= RELEASE:
            detector.digit = 0
    if detector.run >= RUN and _on_frequency(detector):
        detector.digit = DIGITS[index]
        detector.misses = 0
        detector.age = detector.run
        detector.last_ms = detector.run * HOP // 8 + EDGE_MS
        return detector.digit
    return 0


cdef int _look(DtmfDetector* detector) noexcept nogil:
    """Judges the look that the newest hop completes; returns a newly accepted digit or 0."""
    cdef float[8] power
    cdef float turn_low = 0.0, turn_high = 0.0
    cdef float energy = (detector.hop_energy[0] + detector.hop_energy[1]) + (detector.hop_energy[2] + detector.hop_energy[3])
    cdef int index = -1, now = detector.newest ^ 1
    cdef float* look_cos = detector.look_cos[now]
    cdef float* look_sin = detector.look_sin[now]
    if energy < LEVEL:
        detector.look_valid = False
        return _advance(detector, -1, 0.0, 0.0)
    dtmf_look(detector.hop_cos, detector.hop_sin, detector.oldest, &TURN[0], look_cos, look_sin, &power[0])
    index = _hit(detector, look_cos, look_sin, &power[0], energy, &turn_low, &turn_high)
    detector.newest = now
    detector.look_valid = True
    return _advance(detector, index, turn_low, turn_high)


cdef void _high_pass(DtmfDetector* detector, float* samples, int n) noexcept nogil:
    """Takes the dial tone out in place."""
    cdef int i, section
    cdef double x, y
    cdef double* b
    cdef double* z
    for section in range(2):
        b = &HIGH_PASS[section][0]
        z = &detector.filter_state[2 * section]
        for i in range(n):
            x = samples[i]
            y = b[0] * x + z[0]
            z[0] = b[1] * x - b[3] * y + z[1]
            z[1] = b[2] * x - b[4] * y
            samples[i] = <float>y


cdef int _hop(DtmfDetector* detector, const int16_t* pcm) noexcept nogil:
    """The next 32 samples into the ring; returns a newly accepted digit or 0."""
    cdef float[HOP] samples
    cdef int slot = detector.oldest, i
    cdef float* hop_cos = detector.hop_cos[slot]
    cdef float* hop_sin = detector.hop_sin[slot]
    detector.oldest = (slot + 1) & 3
    if not detector.dial_tone_filter:
        detector.hop_energy[slot] = dtmf_hop(pcm, &TABLE[0], hop_cos, hop_sin)
    else:
        for i in range(HOP):
            samples[i] = pcm[i]
        _high_pass(detector, &samples[0], HOP)
        detector.hop_energy[slot] = dtmf_hop_of_floats(&samples[0], &TABLE[0], hop_cos, hop_sin)
    return _look(detector)


cdef int dtmf_feed(DtmfDetector* detector, const int16_t* pcm, int n) noexcept nogil:
    cdef int part, digit = 0, accepted
    while n > 0:
        if detector.filled == 0 and n >= HOP:
            accepted = _hop(detector, pcm)         # as nearly always: frames are whole hops
            part = HOP
        else:
            part = HOP - detector.filled
            if part > n:
                part = n
            memcpy(&detector.waiting[detector.filled], pcm, part * sizeof(int16_t))
            detector.filled += part
            accepted = 0
            if detector.filled == HOP:
                detector.filled = 0
                accepted = _hop(detector, detector.waiting)
        if accepted != 0:
            digit = accepted
        pcm += part
        n -= part
    return digit


cdef class Detector:
    """The detector for Python: tests, tools and the analysis of recordings. Not for the media path."""

    cdef DtmfDetector state

    def __init__(self, *, bint dial_tone_filter=False) -> None:
        dtmf_init(&self.state)
        self.state.dial_tone_filter = dial_tone_filter

    def feed(self, bytes pcm) -> str:
        """Feeds 8 kHz s16 samples (host order), any number; returns the digits accepted inside, in order.

        Raises ValueError on an odd number of octets.
        """
        if len(pcm) % 2:
            raise ValueError(f"{len(pcm)} octets are not a whole number of 16-bit samples")
        cdef const char* raw = pcm
        cdef const int16_t* samples = <const int16_t*>raw
        cdef int left = <int>(len(pcm) // 2), part, digit
        cdef list digits = []
        while left > 0:
            part = 160 if left > 160 else left
            digit = dtmf_feed(&self.state, samples, part)
            if digit != 0:
                digits.append(chr(digit))
            samples += part
            left -= part
        return "".join(digits)

    @property
    def last_ms(self) -> int:
        """How long the last accepted digit has sounded so far, in ms; final once `sounding` is empty."""
        return self.state.last_ms

    @property
    def sounding(self) -> str:
        """The digit that sounds now, or an empty string."""
        return chr(self.state.digit) if self.state.digit else ""


def frequencies(str digit) -> tuple[float, float]:
    """The low and the high frequency of a digit in Hz. Raises ValueError for anything but one of 0-9 * # A-D."""
    cdef double low = 0.0, high = 0.0
    if len(digit) != 1 or not dtmf_frequencies(ord(digit), &low, &high):
        raise ValueError(f"{digit!r} is not a DTMF digit; the digits are 0-9 * # A-D")
    return low, high
