"""Loops that gcc vectorises, once for each generation of x86-64; see mixer.pxd."""

from libc.math cimport log10, pow
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from core.base.clock cimport now_ns
from core.signal cimport clones  # noqa: F401  (brings CENTRALA_CLONES)
from core.signal.g711 cimport ulaw_decode, ulaw_encode

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    static inline int16_t mixer_clip(int32_t value) {
        value = value > 32767 ? 32767 : value;
        return (int16_t)(value < -32768 ? -32768 : value);
    }

    /* Squares of the upper eleven bits, so that a frame of 960 fits into 32 bits and two products go into one instruction. */
    CENTRALA_CLONES
    static int32_t mixer_add(int32_t *restrict total, const int16_t *restrict pcm, int n) {
        int32_t sum = 0;
        for (int i = 0; i < n; i++) {
            int16_t small = (int16_t)(pcm[i] >> 5);
            total[i] += pcm[i];
            sum += (int32_t)small * small;
        }
        return sum;
    }

    CENTRALA_CLONES
    static int32_t mixer_power(const int16_t *restrict pcm, int n) {
        int32_t sum = 0;
        for (int i = 0; i < n; i++) {
            int16_t small = (int16_t)(pcm[i] >> 5);
            sum += (int32_t)small * small;
        }
        return sum;
    }

    CENTRALA_CLONES
    static void mixer_minus(const int32_t *restrict total, const int16_t *restrict own, int16_t *restrict out, int n) {
        for (int i = 0; i < n; i++)
            out[i] = mixer_clip(total[i] - own[i]);
    }

    static inline int32_t mixer_bits(float value) { int32_t bits; memcpy(&bits, &value, 4); return bits; }

    /* The encoders of g711.pyx on the difference itself: their own limit saturates it, and the samples stay in registers. */
    CENTRALA_CLONES
    static void mixer_minus_ulaw(const int32_t *restrict total, const int16_t *restrict own, uint8_t *restrict out, int n) {
        for (int i = 0; i < n; i++) {
            int32_t value = total[i] - own[i];
            int32_t sign = value >> 31;
            int32_t magnitude = (value ^ sign) >> 2;
            magnitude = (magnitude < 8158 ? magnitude : 8158) + 33;
            int32_t code = (mixer_bits((float)magnitude) >> 19) - (132 << 4);
            out[i] = (uint8_t)(code ^ 0xFF ^ (sign & 0x80));
        }
    }

    CENTRALA_CLONES
    static void mixer_minus_alaw(const int32_t *restrict total, const int16_t *restrict own, uint8_t *restrict out, int n) {
        for (int i = 0; i < n; i++) {
            int32_t value = total[i] - own[i];
            int32_t sign = value >> 31;
            int32_t magnitude = (value ^ sign) >> 4;
            magnitude = magnitude < 2047 ? magnitude : 2047;
            int32_t curved = (mixer_bits((float)magnitude) >> 19) - (130 << 4);
            int32_t code = magnitude < 32 ? magnitude : curved;
            out[i] = (uint8_t)(code ^ 0xD5 ^ (sign & 0x80));
        }
    }

    CENTRALA_CLONES
    static void mixer_saturate(const int32_t *restrict total, int16_t *restrict out, int n) {
        for (int i = 0; i < n; i++)
            out[i] = mixer_clip(total[i]);
    }

    CENTRALA_CLONES
    static void mixer_over(int16_t *restrict pcm, const int16_t *restrict other, float gain, int n) {
        for (int i = 0; i < n; i++) {
            float value = (float)other[i] * gain;
            value = value > 65536.0f ? 65536.0f : value < -65536.0f ? -65536.0f : value;
            pcm[i] = mixer_clip((int32_t)pcm[i] + (int32_t)value);
        }
    }

    CENTRALA_CLONES
    static void mixer_gain(int16_t *restrict pcm, float gain, int n) {
        for (int i = 0; i < n; i++) {
            float value = (float)pcm[i] * gain;
            value = value > 32767.0f ? 32767.0f : value < -32768.0f ? -32768.0f : value;
            pcm[i] = (int16_t)value;
        }
    }
    """
    int32_t mixer_add(int32_t* total, const int16_t* pcm, int n) noexcept nogil
    int32_t mixer_power(const int16_t* pcm, int n) noexcept nogil
    void mixer_minus(const int32_t* total, const int16_t* own, int16_t* out, int n) noexcept nogil
    void mixer_minus_ulaw(const int32_t* total, const int16_t* own, uint8_t* out, int n) noexcept nogil
    void mixer_minus_alaw(const int32_t* total, const int16_t* own, uint8_t* out, int n) noexcept nogil
    void mixer_saturate(const int32_t* total, int16_t* out, int n) noexcept nogil
    void mixer_over(int16_t* pcm, const int16_t* other, float gain, int n) noexcept nogil
    void mixer_gain(int16_t* pcm, float gain, int n) noexcept nogil

# Power of 0 dBm0 a sample: half the square of a peak of 22,827 (3.14 dB under full scale), in units of 64.
cdef double ZERO_DBM0_POWER = 22827.0 * 22827.0 / 2.0 / 64.0


cdef int64_t mix_add(int32_t* total, const int16_t* pcm, int n) noexcept nogil:
    return <int64_t>mixer_add(total, pcm, n) * 16


cdef void mix_clear(int32_t* total, int n) noexcept nogil:
    memset(total, 0, n * sizeof(int32_t))


cdef void mix_minus(const int32_t* total, const int16_t* own, int16_t* out, int n) noexcept nogil:
    mixer_minus(total, own, out, n)


cdef void mix_minus_ulaw(const int32_t* total, const int16_t* own, uint8_t* out, int n) noexcept nogil:
    mixer_minus_ulaw(total, own, out, n)


cdef void mix_minus_alaw(const int32_t* total, const int16_t* own, uint8_t* out, int n) noexcept nogil:
    mixer_minus_alaw(total, own, out, n)


cdef void mix_saturate(const int32_t* total, int16_t* out, int n) noexcept nogil:
    mixer_saturate(total, out, n)


cdef void mix_over(int16_t* pcm, const int16_t* other, float gain, int n) noexcept nogil:
    mixer_over(pcm, other, gain, n)


cdef void mix_gain(int16_t* pcm, float gain, int n) noexcept nogil:
    mixer_gain(pcm, gain, n)


cdef int64_t mix_power(const int16_t* pcm, int n) noexcept nogil:
    return <int64_t>mixer_power(pcm, n) * 16


cdef int power_dbm0(int64_t power, int n) noexcept nogil:
    cdef double level
    if power <= 0 or n <= 0:
        return -127
    level = 10.0 * log10(<double>power / n / ZERO_DBM0_POWER)
    return <int>(level - 0.5) if level < 0.0 else <int>(level + 0.5)


cdef int64_t dbm0_power(double level_dbm0, int n) noexcept nogil:
    return <int64_t>(ZERO_DBM0_POWER * n * pow(10.0, level_dbm0 / 10.0))


cdef bint talker_frame(Talker* talker, int64_t power, int64_t threshold, int attack) noexcept nogil:
    cdef bint before = talker.talking
    talker.power = power
    if power >= threshold:
        talker.loud += 1
        talker.hang = TALK_FRAMES
        if talker.loud >= attack:
            talker.talking = True
    else:
        talker.loud = 0
        if talker.hang > 0:
            talker.hang -= 1
        else:
            talker.talking = False
    return talker.talking != before


cdef int _frame(object voices) except -1:
    """Samples of each of the frames."""
    cdef int octets
    if not voices:
        raise ValueError("a mix needs a voice")
    octets = <int>len(voices[0])
    if octets % 2 or octets == 0:
        raise ValueError(f"{octets} octets are not a whole number of 16-bit samples")
    for voice in voices:
        if len(voice) != octets:
            raise ValueError(f"frames of {octets} and of {len(voice)} octets do not mix")
    return octets // 2


cdef int32_t* _sum(object voices, int n) except NULL:
    cdef int32_t* total = <int32_t*>malloc(n * sizeof(int32_t))
    cdef const char* raw
    if total == NULL:
        raise MemoryError("no memory for a sum")
    mix_clear(total, n)
    for voice in voices:
        raw = voice
        mix_add(total, <const int16_t*>raw, n)
    return total


def mix_minus_bytes(object voices, str law="") -> list:
    """For each of the frames (s16, host order, equal lengths) the saturated sum of all others; `law` "ulaw" or "alaw"."""
    cdef int n = _frame(voices)
    cdef int32_t* total = _sum(voices, n)
    cdef const char* raw
    cdef bytearray out
    cdef char* target
    cdef list result = []
    for voice in voices:
        raw = voice
        out = bytearray(n if law else 2 * n)
        target = out
        if law == "ulaw":
            mix_minus_ulaw(total, <const int16_t*>raw, <uint8_t*>target, n)
        elif law == "alaw":
            mix_minus_alaw(total, <const int16_t*>raw, <uint8_t*>target, n)
        else:
            mix_minus(total, <const int16_t*>raw, <int16_t*>target, n)
        result.append(bytes(out))
    free(total)
    return result


def level_dbm0(bytes pcm) -> int:
    """Level of a frame of s16 samples in whole dBm0, -127 for silence."""
    cdef const char* raw = pcm
    cdef int n
    if not pcm:
        return -127
    n = _frame([pcm])
    return power_dbm0(mix_power(<const int16_t*>raw, n), n)


cdef void _round(const uint8_t* coded, int16_t* heard, int32_t* total, uint8_t* sent, int parties, int n) noexcept nogil:
    cdef int i
    mix_clear(total, n)
    for i in range(parties):
        ulaw_decode(coded + i * n, heard + i * n, n)
        mix_add(total, heard + i * n, n)
    for i in range(parties):
        mix_minus_ulaw(total, heard + i * n, sent + i * n, n)


def mix_rounds(object voices, int rounds) -> float:
    """Decodes, mixes and encodes one PCMU frame for each voice `rounds` times; seconds a round."""
    cdef int n = _frame(voices), parties = <int>len(voices), i
    cdef uint8_t* coded = <uint8_t*>malloc(2 * parties * n)
    cdef int16_t* heard = <int16_t*>malloc((parties + 1) * n * sizeof(int16_t))
    cdef int32_t* total = <int32_t*>malloc(n * sizeof(int32_t))
    cdef const char* raw
    cdef int64_t began, spent
    if coded == NULL or heard == NULL or total == NULL:
        free(coded)
        free(heard)
        free(total)
        raise MemoryError("no memory for a bench round")
    for i in range(parties):
        raw = voices[i]
        memcpy(heard, raw, 2 * n)
        ulaw_encode(heard, coded + i * n, n)
    began = now_ns()
    with nogil:
        for i in range(rounds):
            _round(coded, heard, total, coded + parties * n, parties, n)
    spent = now_ns() - began
    free(coded)
    free(heard)
    free(total)
    return spent / 1e9 / max(rounds, 1)
