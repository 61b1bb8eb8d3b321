"""G.711 without tables: the exponent and mantissa of a float are the segment and step that the law asks for.

Both laws are piecewise linear with segments that double. Converting the magnitude to a 32-bit float leaves the segment
in the exponent and the step in the upper four bits of the mantissa, exactly (14-bit integers have exact floats), and
gcc turns the loops into vector code: 20 ms take 20 to 40 ns, a table look-up 50 to 100. The way back stays in lanes of
16 bits, where a vector holds twice as many: the segment's power of two is three doublings, taken or not.
Negative samples are taken as one's complement, as the recommendation's sign-and-magnitude code words want.
"""

from libc.stdint cimport int16_t, uint8_t

from core.signal cimport clones  # noqa: F401  (brings CENTRALA_CLONES)


cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    static inline int32_t g711_bits(float value) { int32_t bits; memcpy(&bits, &value, 4); return bits; }

    /* `value` times two to the power of the lower three bits of `segment`. */
    static inline int16_t g711_raise(int16_t value, int segment) {
        int16_t one = (int16_t)-(segment & 1), two = (int16_t)-((segment >> 1) & 1), four = (int16_t)-((segment >> 2) & 1);
        value = (int16_t)(value + (value & one));
        value = (int16_t)(value + ((int16_t)(value * 3) & two));
        return (int16_t)(((int16_t)(value * 16) & four) | (value & ~four));
    }

    CENTRALA_CLONES
    static void g711_ulaw_encode(const int16_t *restrict pcm, uint8_t *restrict out, int n) {
        for (int i = 0; i < n; i++) {
            int16_t sign = (int16_t)(pcm[i] >> 15);
            int16_t clipped = (int16_t)((pcm[i] ^ sign) >> 2);
            int32_t magnitude = (clipped < 8158 ? clipped : 8158) + 33;       /* 33 .. 8191: biased, so no segment 0 */
            int32_t code = (g711_bits((float)magnitude) >> 19) - (132 << 4);  /* 127 + 5: the first segment is 2**5 */
            out[i] = (uint8_t)(code ^ 0xFF ^ (sign & 0x80));
        }
    }

    CENTRALA_CLONES
    static void g711_ulaw_decode(const uint8_t *restrict data, int16_t *restrict pcm, int n) {
        for (int i = 0; i < n; i++) {
            int16_t code = (int16_t)(data[i] ^ 0xFF);
            int16_t value = g711_raise((int16_t)((code & 15) * 8 + 132), code >> 4);   /* the middle of the step */
            int16_t sign = (int16_t)-(code >> 7);
            value = (int16_t)(value - 132);
            pcm[i] = (int16_t)((value ^ sign) - sign);
        }
    }

    CENTRALA_CLONES
    static void g711_alaw_encode(const int16_t *restrict pcm, uint8_t *restrict out, int n) {
        for (int i = 0; i < n; i++) {
            int16_t sign = (int16_t)(pcm[i] >> 15);
            int16_t magnitude = (int16_t)((pcm[i] ^ sign) >> 4);              /* 0 .. 2047 */
            int16_t raised = magnitude > 16 ? magnitude : 16;                 /* the first segment has no power of two */
            int16_t curved = (int16_t)((g711_bits((float)raised) >> 19) - (130 << 4));
            int16_t code = (int16_t)(curved - (raised - magnitude));          /* which goes on linearly below */
            out[i] = (uint8_t)(code ^ 0xD5 ^ (sign & 0x80));
        }
    }

    CENTRALA_CLONES
    static void g711_alaw_decode(const uint8_t *restrict data, int16_t *restrict pcm, int n) {
        for (int i = 0; i < n; i++) {
            uint16_t code = (uint16_t)(data[i] ^ 0xD5);
            uint16_t segment = (code >> 4) & 7;
            uint16_t doublings = (uint16_t)(segment - (segment != 0));        /* the first two segments are one line */
            uint16_t power = (uint16_t)((uint16_t)(1 + (doublings & 1)) * (uint16_t)((doublings & 2) ? 4 : 1));
            uint16_t value = (uint16_t)((code & 15) * 16 + 8 + (segment ? 256 : 0));
            int16_t sign = (int16_t)(code >> 7 ? -1 : 0);
            value = (uint16_t)(value * (uint16_t)(power * (uint16_t)((doublings & 4) ? 16 : 1)));
            pcm[i] = (int16_t)(((int16_t)value ^ sign) - sign);
        }
    }
    """
    void g711_ulaw_encode(const int16_t* pcm, uint8_t* out, int n) noexcept nogil
    void g711_ulaw_decode(const uint8_t* data, int16_t* pcm, int n) noexcept nogil
    void g711_alaw_encode(const int16_t* pcm, uint8_t* out, int n) noexcept nogil
    void g711_alaw_decode(const uint8_t* data, int16_t* pcm, int n) noexcept nogil


cdef uint8_t[256] ULAW_TO_ALAW
cdef uint8_t[256] ALAW_TO_ULAW


cdef void ulaw_encode(const int16_t* pcm, uint8_t* out, int n) noexcept nogil:
    g711_ulaw_encode(pcm, out, n)


cdef void ulaw_decode(const uint8_t* data, int16_t* pcm, int n) noexcept nogil:
    g711_ulaw_decode(data, pcm, n)


cdef void alaw_encode(const int16_t* pcm, uint8_t* out, int n) noexcept nogil:
    g711_alaw_encode(pcm, out, n)


cdef void alaw_decode(const uint8_t* data, int16_t* pcm, int n) noexcept nogil:
    g711_alaw_decode(data, pcm, n)


cdef void ulaw_to_alaw(uint8_t* buf, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        buf[i] = ULAW_TO_ALAW[buf[i]]


cdef void alaw_to_ulaw(uint8_t* buf, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        buf[i] = ALAW_TO_ULAW[buf[i]]


# Table 3 of G.711 by runs, as (first mu-law number, first A-law number, how many, step of the A-law number): mu-law decoder
# value number n becomes that A-law number. Both count from 1, without the sign.
cdef list MU_TO_A_RUNS = [
    (17, 9, 16, 1), (33, 25, 4, 2), (37, 33, 12, 1), (49, 46, 1, 1), (50, 48, 15, 1), (65, 64, 17, 1), (82, 82, 47, 1),
]
# Table 4 likewise, from A-law to mu-law.
cdef list A_TO_MU_RUNS = [
    (1, 1, 8, 2), (9, 16, 16, 1), (33, 36, 12, 1), (49, 50, 14, 1), (65, 65, 16, 1), (81, 80, 48, 1),
]
# Where two numbers share one target, the runs above do not reach: pairs that go up by one every second number.
cdef list MU_TO_A_PAIRS = [(1, 1, 16)]
cdef list A_TO_MU_PAIRS = [(25, 32, 8), (45, 48, 4), (63, 64, 2)]


cdef list _numbers(list runs, list pairs):
    """The 128 targets of one table, counted from 0."""
    cdef list targets = [-1] * 128
    for first, target, count, step in runs:
        for i in range(count):
            targets[first - 1 + i] = target - 1 + i * step
    for first, target, count in pairs:
        for i in range(count):
            targets[first - 1 + i] = target - 1 + i // 2
    if min(targets) < 0:
        raise AssertionError("a conversion table of G.711 has a hole")
    return targets


def _make_tables() -> None:
    cdef list to_a = _numbers(MU_TO_A_RUNS, MU_TO_A_PAIRS)
    cdef list to_mu = _numbers(A_TO_MU_RUNS, A_TO_MU_PAIRS)
    cdef int number, sign
    for number in range(128):
        for sign in (0, 0x80):
            ULAW_TO_ALAW[(number ^ 0x7F) | sign] = <uint8_t>((<int>to_a[number] ^ 0x55) | sign)
            ALAW_TO_ULAW[(number ^ 0x55) | sign] = <uint8_t>((<int>to_mu[number] ^ 0x7F) | sign)


_make_tables()


cdef int _samples(object pcm) except -1:
    if len(pcm) % 2:
        raise ValueError(f"{len(pcm)} octets are not a whole number of 16-bit samples")
    return <int>(len(pcm) // 2)


def ulaw_encode_bytes(bytes pcm) -> bytes:
    """Linear s16 samples (host order) to mu-law octets. Raises ValueError on an odd number of octets."""
    cdef int n = _samples(pcm)
    cdef bytearray out = bytearray(n)
    cdef char* target = out
    cdef char* source = pcm
    g711_ulaw_encode(<const int16_t*>source, <uint8_t*>target, n)
    return bytes(out)


def alaw_encode_bytes(bytes pcm) -> bytes:
    """Linear s16 samples (host order) to A-law octets. Raises ValueError on an odd number of octets."""
    cdef int n = _samples(pcm)
    cdef bytearray out = bytearray(n)
    cdef char* target = out
    cdef char* source = pcm
    g711_alaw_encode(<const int16_t*>source, <uint8_t*>target, n)
    return bytes(out)


def ulaw_decode_bytes(bytes data) -> bytes:
    """Mu-law octets to linear s16 samples (host order)."""
    cdef bytearray out = bytearray(2 * len(data))
    cdef char* target = out
    cdef char* source = data
    g711_ulaw_decode(<const uint8_t*>source, <int16_t*>target, <int>len(data))
    return bytes(out)


def alaw_decode_bytes(bytes data) -> bytes:
    """A-law octets to linear s16 samples (host order)."""
    cdef bytearray out = bytearray(2 * len(data))
    cdef char* target = out
    cdef char* source = data
    g711_alaw_decode(<const uint8_t*>source, <int16_t*>target, <int>len(data))
    return bytes(out)


def ulaw_to_alaw_bytes(bytes data) -> bytes:
    """Mu-law octets to A-law octets (G.711 table 3)."""
    cdef bytearray out = bytearray(data)
    cdef char* target = out
    ulaw_to_alaw(<uint8_t*>target, <int>len(out))
    return bytes(out)


def alaw_to_ulaw_bytes(bytes data) -> bytes:
    """A-law octets to mu-law octets (G.711 table 4)."""
    cdef bytearray out = bytearray(data)
    cdef char* target = out
    alaw_to_ulaw(<uint8_t*>target, <int>len(out))
    return bytes(out)
