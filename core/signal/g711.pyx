"""G.711 without tables: the exponent and mantissa of a float are the segment and step that the law asks for.

Both laws are piecewise linear with segments that double. Converting the magnitude to a 32-bit float leaves the segment
in the exponent and the step in the upper four bits of the mantissa, exactly (14-bit integers have exact floats); the
same bits made into a float and converted back give the value. 20 ms take 20 to 35 ns, a table look-up 50 to 100.

All else stays in lanes of 16 bits. Two neighbouring samples are one lane of 32 bits, of which the conversions take the
lower half and the upper half in turns: so samples are never shuffled apart and together again. The upper half is worth
65536 times as much, which is 16 in the exponent.
Negative samples are taken as one's complement, as the recommendation's sign-and-magnitude code words want.
"""

from libc.stdint cimport int16_t, uint8_t

from core.signal cimport clones  # noqa: F401  (brings CENTRALA_CLONES)


cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    #define G711_INLINE static inline __attribute__((always_inline))
    typedef int16_t g711_16 __attribute__((vector_size(32), aligned(1), may_alias));    /* sixteen samples or octets */
    typedef uint8_t g711_octets __attribute__((vector_size(16), aligned(1), may_alias));
    typedef int32_t g711_pairs __attribute__((vector_size(32), may_alias));             /* the same as eight pairs */
    typedef uint32_t g711_bits __attribute__((vector_size(32), may_alias));
    typedef float g711_floats __attribute__((vector_size(32), may_alias));

    /* Sixteen magnitudes (13 bits, over 0) as 16 * exponent + the upper four bits of the mantissa. The upper halves are
       256 too much. What stands under them is too little to round into the four bits. */
    #define G711_CURVE(magnitude) ({ \\
        g711_pairs both = (g711_pairs)(magnitude); \\
        g711_bits low = (g711_bits)__builtin_convertvector(both & 0xFFFF, g711_floats); \\
        g711_bits high = (g711_bits)__builtin_convertvector(both, g711_floats); \\
        (g711_16)((low >> 19) | ((high >> 3) & 0xFFFF0000u)); })

    /* The way back: `first` is the float's bits of code 0, in the middle of its step; a code is `step` times 1 << 19. */
    #define G711_STRAIGHTEN(code, first, step) ({ \\
        g711_pairs both = (g711_pairs)(code); \\
        g711_pairs low = (first) + ((both & 0x7F) << 19) * (step); \\
        g711_pairs high = (first) + (16 << 23) + ((both & 0x7F0000) << 3) * (step); \\
        (g711_16)(__builtin_convertvector((g711_floats)low, g711_pairs) \\
                  | __builtin_convertvector((g711_floats)high, g711_pairs)); })

    G711_INLINE void g711_to_ulaw(const int16_t *pcm, int16_t *out) {
        const int16_t odd = 256;
        const g711_16 bias = {0, odd, 0, odd, 0, odd, 0, odd, 0, odd, 0, odd, 0, odd, 0, odd};
        g711_16 x = *(const g711_16 *)pcm, sign = x >> 15;
        g711_16 code = G711_CURVE(((x ^ sign) >> 2) + 33);     /* 33 .. 8224: biased, so no segment 0 */
        code -= bias + (132 << 4);                             /* 127 + 5: the first segment is 2**5 */
        code -= code >> 7;                                     /* over 8191 is clipped: 128 becomes 127 */
        *(g711_16 *)out = ~code - (sign & 0x80);
    }

    G711_INLINE void g711_to_alaw(const int16_t *pcm, int16_t *out) {
        g711_16 x = *(const g711_16 *)pcm, sign = x >> 15;
        g711_16 magnitude = (x ^ sign) >> 4;                   /* 0 .. 2047 */
        g711_16 flat = ((magnitude - 16) >> 15) & 16;          /* the first segment has no power of two: it goes on */
        g711_16 code = G711_CURVE(magnitude + flat) - (130 << 4) - flat;                /* linearly below the second */
        *(g711_16 *)out = code ^ 0xD5 ^ (sign & 0x80);         /* of which the lower eight bits count */
    }

    G711_INLINE void g711_from_ulaw(const uint8_t *data, int16_t *pcm) {
        g711_16 octets = __builtin_convertvector(*(const g711_octets *)data, g711_16);  /* all bits are inverted */
        g711_16 sign = (octets << 8) >> 15;                    /* of what is not negative */
        g711_16 value = G711_STRAIGHTEN(octets, (134 << 23) + (127 << 19) + (1 << 18), -1) - 132;
        *(g711_16 *)pcm = sign - (value ^ sign);
    }

    G711_INLINE void g711_from_alaw(const uint8_t *data, int16_t *pcm) {
        g711_16 octets = __builtin_convertvector(*(const g711_octets *)data, g711_16) ^ 0x55;
        g711_16 sign = (octets << 8) >> 15;
        g711_16 value = G711_STRAIGHTEN(octets, (134 << 23) + (1 << 18), 1);
        g711_16 below = value - 256;                           /* under the second segment: as steep as that is */
        value += below & (below >> 15);
        *(g711_16 *)pcm = sign - (value ^ sign);
    }

    G711_INLINE void g711_narrow(const int16_t *restrict from, uint8_t *restrict to, int n) {
        for (int i = 0; i < n; i++) to[i] = (uint8_t)from[i];
    }

    #define G711_ENCODER(name, sixteen) \\
        CENTRALA_CLONES \\
        static void name(const int16_t *restrict pcm, uint8_t *restrict out, int n) { \\
            int16_t made[32] __attribute__((aligned(32))); \\
            for (; n >= 32; n -= 32, pcm += 32, out += 32) { \\
                sixteen(pcm, made); \\
                sixteen(pcm + 16, made + 16); \\
                g711_narrow(made, out, 32); \\
            } \\
            if (n > 0) { \\
                int16_t rest[32] = {0}; \\
                memcpy(rest, pcm, (size_t)n * sizeof(int16_t)); \\
                sixteen(rest, made); \\
                sixteen(rest + 16, made + 16); \\
                g711_narrow(made, out, n); \\
            } \\
        }

    #define G711_DECODER(name, sixteen) \\
        CENTRALA_CLONES \\
        static void name(const uint8_t *restrict data, int16_t *restrict pcm, int n) { \\
            for (; n >= 16; n -= 16, data += 16, pcm += 16) sixteen(data, pcm); \\
            if (n > 0) { \\
                uint8_t rest[16] = {0}; \\
                int16_t made[16]; \\
                memcpy(rest, data, (size_t)n); \\
                sixteen(rest, made); \\
                memcpy(pcm, made, (size_t)n * sizeof(int16_t)); \\
            } \\
        }

    G711_ENCODER(g711_ulaw_encode, g711_to_ulaw)
    G711_ENCODER(g711_alaw_encode, g711_to_alaw)
    G711_DECODER(g711_ulaw_decode, g711_from_ulaw)
    G711_DECODER(g711_alaw_decode, g711_from_alaw)
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
