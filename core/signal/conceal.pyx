"""Concealment and time scaling by pitch periods; see conceal.pxd."""

from libc.stdint cimport int16_t
from libc.string cimport memcpy, memmove, memset

from core.signal cimport clones  # noqa: F401  (brings CENTRALA_CLONES)

cdef extern from *:
    """
    #include <math.h>

    /* The likeness of two stretches of sound, -1..1, looked at every `step` samples; 0 where there is nothing. */
    CENTRALA_CLONES
    static float conceal_likeness(const int16_t *restrict a, const int16_t *restrict b, int n, int step) {
        float cross = 0, energy_a = 0, energy_b = 0;
        for (int i = 0; i < n; i += step) {
            float x = a[i], y = b[i];
            cross += x * y;
            energy_a += x * x;
            energy_b += y * y;
        }
        energy_a *= energy_b;
        return energy_a > 0 ? cross / sqrtf(energy_a) : 0;
    }

    static float conceal_energy(const int16_t *restrict a, int n) {
        float energy = 0;
        for (int i = 0; i < n; i++) energy += (float)a[i] * a[i];
        return energy;
    }

    static inline int16_t conceal_round(float x) {
        x += x < 0 ? -0.5f : 0.5f;
        return (int16_t)(x > 32767 ? 32767 : x < -32768 ? -32768 : x);
    }

    /* From one sound to another, linearly. */
    static void conceal_fade(const int16_t *from, const int16_t *to, int16_t *out, int n) {
        for (int i = 0; i < n; i++) {
            float share = (i + 1.0f) / (n + 1.0f);
            out[i] = conceal_round(from[i] * (1 - share) + to[i] * share);
        }
    }
    """
    float _likeness "conceal_likeness"(const int16_t* a, const int16_t* b, int n, int step) noexcept nogil
    float _energy "conceal_energy"(const int16_t* a, int n) noexcept nogil
    int16_t _round "conceal_round"(float x) noexcept nogil
    void _fade "conceal_fade"(const int16_t* source, const int16_t* to, int16_t* out, int n) noexcept nogil

cdef enum:
    HISTORY_MS = 48            # three longest periods, and some
    FULL_MS = 10               # of a repetition: then it falls
    SILENT_MS = 60
    LOOP_MS = 10               # another period is added to the loop this often, up to three
    FADE_MS = 4                # from the repetition to what arrives; and as much again for each 10 ms lost, to
    LONGEST_FADE_MS = 10
    LONGEST_SEAM = 180         # samples: a quarter of CONCEAL_PERIOD
    MATCH_MS = 5               # sound that is compared and crossfaded when it is stretched

cdef float ALIKE = 0.6         # likeness that a cut needs
cdef float QUIET = 100.0 * 100.0   # power per sample under which nobody hears a cut: -47 dBm0


cdef void conceal_init(Concealer* c, int rate) noexcept nogil:
    memset(c, 0, sizeof(Concealer))
    c.rate = rate
    c.shortest = rate * 5 // 1000
    c.longest = rate * 15 // 1000
    c.keep = rate * HISTORY_MS // 1000
    c.step = rate // 4000


cdef inline void _remember(Concealer* c, const int16_t* pcm, int samples) noexcept nogil:
    if samples >= c.keep:
        memcpy(c.history, pcm + samples - c.keep, c.keep * sizeof(int16_t))
    else:
        memmove(c.history, c.history + samples, (c.keep - samples) * sizeof(int16_t))
        memcpy(c.history + c.keep - samples, pcm, samples * sizeof(int16_t))


cdef int _pitch(const Concealer* c) noexcept nogil:
    """The period of the last 20 ms: coarse first, then to the sample."""
    cdef int window = c.rate // 50, lag, best = c.longest, at
    cdef const int16_t* end = c.history + c.keep - window
    cdef float most = -2.0, value
    lag = c.shortest
    while lag <= c.longest:
        value = _likeness(end, end - lag, window, c.step)
        if value > most:
            most = value
            best = lag
        lag += c.step
    at = best
    most = -2.0
    for lag in range(at - c.step + 1, at + c.step):
        if c.shortest <= lag <= c.longest:
            value = _likeness(end, end - lag, window, 1)
            if value > most:
                most = value
                best = lag
    return best


cdef void _make_loop(Concealer* c, int periods) noexcept nogil:
    """The last periods before the loss; the end goes over into what came before their start, so that it can repeat."""
    cdef int length = periods * c.period, seam = c.period // 4
    cdef const int16_t* start = c.history + c.keep - length
    memcpy(c.loop, start, length * sizeof(int16_t))
    _fade(c.history + c.keep - seam, start - seam, c.loop + length - seam, seam)
    c.periods = periods


cdef void _repeat(Concealer* c, int16_t* out, int samples) noexcept nogil:
    cdef int length = c.periods * c.period, i
    for i in range(samples):
        out[i] = c.loop[c.offset]
        c.offset = c.offset + 1 if c.offset + 1 < length else 0


cdef void _begin(Concealer* c, int16_t* out, int samples) noexcept nogil:
    """The first lost samples: from where the sound was, into its repetition."""
    cdef int seam, i
    cdef float step
    c.period = _pitch(c)
    _make_loop(c, 1)
    c.offset = 0
    _repeat(c, out, samples)
    # The loop follows the sample one period back: the difference fades out over a quarter of a period.
    seam = c.period // 4
    if seam > samples:
        seam = samples
    step = c.history[c.keep - 1] - c.history[c.keep - 1 - c.period]
    for i in range(seam):
        out[i] = _round(out[i] + step * (seam - i) / (seam + 1.0))


cdef void _lengthen(Concealer* c, int16_t* out, int samples) noexcept nogil:
    """Goes on with one period more, so that it does not buzz."""
    cdef int16_t[LONGEST_SEAM] old
    cdef int seam = c.period // 4, before = c.offset
    if seam > samples:
        seam = samples
    _repeat(c, old, seam)
    _make_loop(c, c.periods + 1)
    c.offset = before % c.period
    _repeat(c, out, samples)
    _fade(old, out, out, seam)


cdef void _attenuate(const Concealer* c, int16_t* pcm, int samples) noexcept nogil:
    cdef int full = c.rate * FULL_MS // 1000, silent = c.rate * SILENT_MS // 1000, i, at
    for i in range(samples):
        at = c.lost + i
        if at >= silent:
            pcm[i] = 0
        elif at > full:
            pcm[i] = _round(pcm[i] * <float>(silent - at) / <float>(silent - full))


cdef void conceal_lost(Concealer* c, int16_t* pcm, int samples) noexcept nogil:
    cdef int part, grow = c.rate * LOOP_MS // 1000, done = 0
    # In steps that end where the loop grows.
    while done < samples:
        part = grow - c.lost % grow
        if part > samples - done:
            part = samples - done
        if c.lost >= c.rate * SILENT_MS // 1000:
            part = samples - done
            memset(pcm + done, 0, part * sizeof(int16_t))
        elif c.lost == 0:
            _begin(c, pcm + done, part)
        elif c.lost % grow == 0 and c.periods < 3:
            _lengthen(c, pcm + done, part)
        else:
            _repeat(c, pcm + done, part)
        if c.lost + part > c.rate * FULL_MS // 1000:
            _attenuate(c, pcm + done, part)
        c.lost += part
        if c.lost > c.rate:
            c.lost = c.rate            # it only matters that it is long
        done += part


cdef void conceal_good(Concealer* c, int16_t* pcm, int samples) noexcept nogil:
    cdef int16_t[CONCEAL_PERIOD] tail
    cdef int fade, lost = c.lost
    if lost and samples > 0:
        fade = c.rate * FADE_MS // 1000 * (1 + lost // (c.rate // 100))
        if fade > c.rate * LONGEST_FADE_MS // 1000:
            fade = c.rate * LONGEST_FADE_MS // 1000
        if fade > samples:
            fade = samples
        conceal_lost(c, tail, fade)
        _fade(tail, pcm, pcm, fade)
        c.lost = 0
    _remember(c, pcm, samples)


cdef int conceal_stretch(Concealer* c, int16_t* pcm, int samples, int wanted, int capacity) noexcept nogil:
    cdef int match = c.rate * MATCH_MS // 1000, longest = samples - match, lag, best = 0, at
    cdef int size = wanted if wanted > 0 else -wanted
    cdef float most = ALIKE, value
    cdef int16_t[CONCEAL_PERIOD] seam
    if wanted > 0 and capacity - samples < longest:
        longest = capacity - samples
    if longest < c.shortest:
        return samples
    if _energy(pcm, samples) < QUIET * samples:
        best = size if size < longest else longest
    else:
        if longest > c.longest:
            longest = c.longest
        # A period more than wanted is too much; one that is shorter is tried again with the next piece.
        if longest > size + c.shortest:
            longest = size + c.shortest
        lag = c.shortest // 2
        while lag <= longest:
            value = _likeness(pcm, pcm + lag, match, c.step)
            if value > most:
                most = value
                best = lag
            lag += c.step
        if best:
            at = best
            for lag in range(at - c.step + 1, at + c.step):
                if c.shortest // 2 <= lag <= longest:
                    value = _likeness(pcm, pcm + lag, match, 1)
                    if value > most:
                        most = value
                        best = lag
    if best == 0:
        return samples
    if wanted < 0:
        _fade(pcm, pcm + best, seam, match)
        memmove(pcm, pcm + best, (samples - best) * sizeof(int16_t))
        memcpy(pcm, seam, match * sizeof(int16_t))
        return samples - best
    _fade(pcm + best, pcm, seam, match)
    memmove(pcm + best, pcm, samples * sizeof(int16_t))
    memcpy(pcm + best, seam, match * sizeof(int16_t))
    return samples + best


cdef class Conceal:
    """Concealment for Python: tests and tools."""

    cdef Concealer state

    def __init__(self, int rate=8000) -> None:
        if rate not in (8000, 16000, 48000):
            raise ValueError(f"concealment has no rate of {rate} Hz; it has 8000, 16000, 48000")
        conceal_init(&self.state, rate)

    def good(self, bytes pcm) -> bytes:
        """Sound that arrived (s16, host order), as it is to be played."""
        cdef bytearray out = bytearray(pcm)
        cdef char* raw = out
        conceal_good(&self.state, <int16_t*>raw, <int>(len(out) // 2))
        return bytes(out)

    def lost(self, int samples) -> bytes:
        """So many samples of lost sound. Raises ValueError when it is a negative number."""
        if samples < 0:
            raise ValueError(f"{samples} samples cannot be lost")
        cdef bytearray out = bytearray(2 * samples)
        cdef char* raw = out
        conceal_lost(&self.state, <int16_t*>raw, samples)
        return bytes(out)

    def stretch(self, bytes pcm, int wanted) -> bytes:
        """Sound made longer (wanted > 0) or shorter by about so many samples, by whole pitch periods."""
        cdef bytearray out = bytearray(pcm) + bytearray(len(pcm))
        cdef char* raw = out
        cdef int count = conceal_stretch(&self.state, <int16_t*>raw, <int>(len(pcm) // 2), wanted, <int>(len(out) // 2))
        return bytes(out[:2 * count])
