"""Dispatch over the codecs; see codec.pxd."""

from libc.stdint cimport int16_t, uint8_t
from libc.string cimport memcpy, memset

from core.signal.conceal cimport conceal_good, conceal_init, conceal_lost
from core.signal.g711 cimport alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from core.signal.g722 cimport g722_decode, g722_encode, g722_init
from core.signal.opus cimport (
    OpusTuning,
    opus_decode_lost,
    opus_decode_packet,
    opus_decoder_memory,
    opus_decoder_start,
    opus_encode_frame,
    opus_encoder_memory,
    opus_encoder_start,
    opus_encoder_tune,
    opus_packet_samples,
)

cdef enum:
    LONGEST_MS = 120           # of a packet


cdef bint codec_known(int codec) noexcept nogil:
    return (codec == CODEC_PCMU or codec == CODEC_PCMA or codec == CODEC_G722 or codec == CODEC_OPUS
            or CODEC_L16_8 <= codec <= CODEC_L16_48)


cdef bint codec_is_heavy(int codec) noexcept nogil:
    return codec == CODEC_OPUS


cdef int codec_clock(int codec) noexcept nogil:
    if codec == CODEC_OPUS or codec == CODEC_L16_48:
        return 48000
    return 16000 if codec == CODEC_L16_16 else 8000


cdef int codec_rate(int codec, int wanted) noexcept nogil:
    if codec == CODEC_OPUS:
        return wanted if wanted == 8000 or wanted == 48000 else 16000
    return 16000 if codec == CODEC_G722 else codec_clock(codec)


cdef int decoder_memory(int codec) noexcept nogil:
    return opus_decoder_memory() if codec == CODEC_OPUS else 0


cdef int encoder_memory(int codec) noexcept nogil:
    return opus_encoder_memory() if codec == CODEC_OPUS else 0


cdef bint decoder_init(Decoder* d, int codec, int rate, void* memory) noexcept nogil:
    memset(d, 0, sizeof(Decoder))
    if not codec_known(codec):
        return False
    d.codec = <uint8_t>codec
    d.rate = codec_rate(codec, rate)
    d.clock = codec_clock(codec)
    d.frame = d.rate // 50
    conceal_init(&d.concealer, d.rate)
    if codec == CODEC_G722:
        g722_init(&d.g722)
    if codec == CODEC_OPUS:
        d.opus = memory
        return memory != NULL and opus_decoder_start(memory, d.rate)
    return True


cdef bint encoder_init(Encoder* e, int codec, int rate, const Tuning* tuning, void* memory) noexcept nogil:
    cdef OpusTuning opus
    memset(e, 0, sizeof(Encoder))
    if not codec_known(codec):
        return False
    e.codec = <uint8_t>codec
    e.rate = codec_rate(codec, rate)
    e.clock = codec_clock(codec)
    if codec == CODEC_G722:
        g722_init(&e.g722)
    if codec == CODEC_OPUS:
        opus.bitrate = tuning.bitrate
        opus.complexity = tuning.complexity
        opus.fec = tuning.fec
        opus.expected_loss = tuning.expected_loss
        opus.dtx = tuning.dtx
        e.opus = memory
        return memory != NULL and opus_encoder_start(memory, e.rate, &opus)
    return True


cdef void _network_order(const uint8_t* data, int16_t* pcm, int samples) noexcept nogil:
    cdef int i
    for i in range(samples):
        pcm[i] = <int16_t>((data[2 * i] << 8) | data[2 * i + 1])


cdef void encoder_tune(Encoder* e, int bitrate, int expected_loss) noexcept nogil:
    if e.codec == CODEC_OPUS:
        opus_encoder_tune(e.opus, bitrate, expected_loss)


cdef void encoder_copy(Encoder* e, const Encoder* source) noexcept nogil:
    if e.codec == CODEC_OPUS:
        memcpy(e.opus, source.opus, opus_encoder_memory())
    else:
        e[0] = source[0]


cdef int codec_sound(G722* g722, int codec, const uint8_t* data, int size, int16_t* pcm, int capacity) noexcept nogil:
    cdef int samples = codec_span(codec, data, size) * codec_rate(codec, 0) // codec_clock(codec)
    if samples > capacity:
        return 0
    if codec == CODEC_G722:
        g722_decode(g722, data, pcm, size)
    elif CODEC_L16_8 <= codec <= CODEC_L16_48:
        _network_order(data, pcm, samples)
    else:
        return 0
    return samples


cdef int codec_span(int codec, const uint8_t* data, int size) noexcept nogil:
    cdef int span
    if codec == CODEC_OPUS:
        return opus_packet_samples(data, size, 48000)
    span = size
    if CODEC_L16_8 <= codec <= CODEC_L16_48:
        if size & 1:
            return 0
        span = size >> 1
    return span if 0 < span <= LONGEST_MS * codec_clock(codec) // 1000 else 0


cdef int codec_largest(int codec, int ms) noexcept nogil:
    if codec == CODEC_OPUS:
        return MAX_ENCODED
    if CODEC_L16_8 <= codec <= CODEC_L16_48:
        return 2 * ms * codec_clock(codec) // 1000
    return ms * 8


cdef int codec_decode(Decoder* d, const uint8_t* data, int size, int16_t* pcm, int capacity) noexcept nogil:
    cdef int samples
    if d.codec == CODEC_OPUS:
        samples = opus_decode_packet(d.opus, data, size, pcm, capacity)
        if samples:
            d.frame = samples
        return samples
    samples = codec_span(d.codec, data, size) * d.rate // d.clock
    if samples == 0 or samples > capacity:
        return 0
    if d.codec == CODEC_PCMU:
        ulaw_decode(data, pcm, samples)
    elif d.codec == CODEC_PCMA:
        alaw_decode(data, pcm, samples)
    elif d.codec == CODEC_G722:
        g722_decode(&d.g722, data, pcm, size)
    else:
        _network_order(data, pcm, samples)
    d.frame = samples
    conceal_good(&d.concealer, pcm, samples)
    return samples


cdef void codec_conceal(Decoder* d, const uint8_t* following, int size, int16_t* pcm, int samples) noexcept nogil:
    cdef int made = 0, step = d.rate // 400
    if d.codec != CODEC_OPUS:
        conceal_lost(&d.concealer, pcm, samples)
        return
    # Whole 2.5 ms, as libopus wants them; a rest is silence.
    if samples >= step:
        made = opus_decode_lost(d.opus, following, size, pcm, samples - samples % step)
    if made < samples:
        memset(pcm + made, 0, (samples - made) * sizeof(int16_t))


cdef int codec_encode(Encoder* e, const int16_t* pcm, int samples, uint8_t* out) noexcept nogil:
    cdef int i
    if e.codec == CODEC_OPUS:
        return opus_encode_frame(e.opus, pcm, samples, out, MAX_ENCODED)
    if samples <= 0 or samples * e.clock // e.rate > MAX_ENCODED:
        return 0
    if e.codec == CODEC_PCMU:
        ulaw_encode(pcm, out, samples)
        return samples
    if e.codec == CODEC_PCMA:
        alaw_encode(pcm, out, samples)
        return samples
    if e.codec == CODEC_G722:
        g722_encode(&e.g722, pcm, out, samples)
        return samples >> 1
    if 2 * samples > MAX_ENCODED:
        return 0
    for i in range(samples):
        out[2 * i] = <uint8_t>(<unsigned short>pcm[i] >> 8)
        out[2 * i + 1] = <uint8_t>pcm[i]
    return 2 * samples
