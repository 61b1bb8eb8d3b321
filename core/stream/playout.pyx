"""From packets to an unbroken stream of samples; see playout.pxd."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memmove, memset

from core.signal.comfort_noise cimport noise_fill, noise_init, noise_update
from core.signal.conceal cimport conceal_stretch
from core.stream.codec cimport (
    codec_clock,
    codec_conceal,
    codec_decode,
    codec_is_g711,
    codec_largest,
    codec_span,
    decoder_init,
    decoder_memory,
)
from core.stream.jitter cimport (
    PACKET_AUDIO,
    PIECE_AUDIO,
    PIECE_LOST,
    PIECE_NOISE,
    PUT_TOO_LONG,
    JitterPiece,
    jitter_flush,
    jitter_get,
    jitter_init,
    jitter_memory,
    jitter_put,
)

cdef enum:
    MAX_TURNS = 64             # pieces of one tick: sixty packets of a millisecond, and comfort noise


cdef int playout_memory(int codec, int longest_ms) noexcept nogil:
    return jitter_memory(codec_largest(codec, longest_ms)) + decoder_memory(codec)


cdef bint playout_init(Playout* p, int codec, int rate, void* memory, int longest_ms, uint32_t seed) noexcept nogil:
    cdef int largest = codec_largest(codec, longest_ms)
    memset(p, 0, sizeof(Playout))
    noise_init(&p.noise, seed)
    jitter_init(&p.jitter, codec_clock(codec), memory, largest, PLAYOUT_MIN_MS, PLAYOUT_MAX_MS)
    return decoder_init(&p.decoder, codec, rate, <uint8_t*>memory + jitter_memory(largest))


cdef int playout_put(Playout* p, int kind, uint16_t sequence, uint32_t timestamp, uint8_t codec,
                     const uint8_t* payload, int size, bint restarted, int64_t now) noexcept nogil:
    cdef int span = 0
    if kind == PACKET_AUDIO:
        span = codec_span(p.decoder.codec, payload, size)
        if span == 0:
            p.counters.malformed += 1
            return PUT_TOO_LONG
    return jitter_put(&p.jitter, sequence, timestamp, kind, codec, payload, size, span, restarted, now)


cdef inline int _samples(const Playout* p, int span) noexcept nogil:
    return <int>(<int64_t>span * p.decoder.rate // p.decoder.clock)


cdef void _smooth(Playout* p) noexcept nogil:
    """Packets are left out here: what follows fades over from a repetition of what was before."""
    cdef int16_t[48] unheard
    codec_conceal(&p.decoder, NULL, 0, unheard, p.decoder.rate // 1000)


cdef void _decode(Playout* p, const JitterPiece* piece) noexcept nogil:
    cdef int16_t* to = &p.room[p.at + p.count]
    cdef int room = PLAYOUT_ROOM - p.at - p.count, samples, after
    if piece.skipped:
        _smooth(p)
    if codec_is_g711(piece.payload_type) and codec_is_g711(p.decoder.codec):
        # The far end may go from one law to the other with any packet.
        p.decoder.codec = piece.payload_type
    samples = codec_decode(&p.decoder, piece.payload, piece.size, to, room)
    if samples == 0:
        p.counters.malformed += 1
        samples = _samples(p, piece.span)
        codec_conceal(&p.decoder, NULL, 0, to, samples)
        p.counters.concealed += samples
    elif piece.adapt:
        after = conceal_stretch(&p.decoder.concealer, to, samples, _samples(p, piece.adapt), room)
        if after > samples:
            p.counters.stretched += after - samples
        else:
            p.counters.shrunk += samples - after
        samples = after
    p.count += samples


cdef void _lost(Playout* p, const JitterPiece* piece) noexcept nogil:
    cdef int samples = _samples(p, piece.span)
    codec_conceal(&p.decoder, piece.next_payload if piece.next_size else NULL, piece.next_size,
                  &p.room[p.at + p.count], samples)
    p.counters.concealed += samples
    p.count += samples


cdef void _silence(Playout* p, int samples) noexcept nogil:
    """To the end of the tick."""
    cdef int16_t* to = &p.room[p.at + p.count]
    if p.described:
        noise_fill(&p.noise, to, samples)
    else:
        memset(to, 0, samples * sizeof(int16_t))
    p.counters.silent += samples
    p.count += samples


cdef int playout_tick(Playout* p, int64_t when, int16_t* out, int samples) noexcept nogil:
    cdef JitterPiece piece
    cdef int turns = 0, heard = 0
    if p.at:
        memmove(p.room, p.room + p.at, p.count * sizeof(int16_t))
        p.at = 0
    while p.count < samples:
        turns += 1
        if turns > MAX_TURNS:
            _silence(p, samples - p.count)
            break
        jitter_get(&p.jitter, when, p.count * p.decoder.clock // p.decoder.rate,
                   (samples - p.count) * p.decoder.clock // p.decoder.rate, &piece)
        if piece.kind == PIECE_AUDIO:
            _decode(p, &piece)
            heard |= HEARD_AUDIO
        elif piece.kind == PIECE_LOST:
            _lost(p, &piece)
            heard |= HEARD_CONCEALED
        elif piece.kind == PIECE_NOISE:
            noise_update(&p.noise, piece.payload, piece.size)
            p.described = True
        else:
            _silence(p, samples - p.count)
            heard |= HEARD_NOISE if p.described else HEARD_NOTHING
    memcpy(out, p.room, samples * sizeof(int16_t))
    p.count -= samples
    p.at = samples
    p.counters.played += samples
    return heard if heard else HEARD_AUDIO


cdef void playout_flush(Playout* p) noexcept nogil:
    jitter_flush(&p.jitter)
    p.count = 0
    p.at = 0
