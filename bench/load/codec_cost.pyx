"""Rounds of codec work as a worker or helper does it: on its own buffers, without a Python object in the timed part."""

from libc.stdint cimport int16_t, uint8_t
from libc.stdlib cimport calloc, free

from core.signal.conceal cimport Concealer, conceal_good, conceal_init, conceal_lost
from core.signal.g722 cimport G722, g722_decode, g722_encode, g722_init
from core.signal.resample cimport Resampler, resample, resample_init
from core.stream.codec cimport (
    CODEC_OPUS,
    Decoder,
    Encoder,
    Tuning,
    codec_decode,
    codec_encode,
    decoder_init,
    decoder_memory,
    encoder_init,
    encoder_memory,
)


def g722_frames(bytes pcm, int frames, bint decode):
    """`frames` times 20 ms of `pcm` (16 kHz) encoded, or its octets decoded; the octets or samples of the last frame."""
    cdef G722 state, other
    cdef const char* raw = pcm
    cdef uint8_t[160] octets
    cdef int16_t[320] out
    cdef int i
    g722_init(&state)
    g722_init(&other)
    g722_encode(&other, <const int16_t*>raw, octets, 320)
    with nogil:
        for i in range(frames):
            if decode:
                g722_decode(&state, octets, out, 160)
            else:
                g722_encode(&state, <const int16_t*>raw, octets, 320)
    return bytes(octets[:160])


def opus_frames(bytes pcm, int frames, bint decode, int complexity=5):
    """The same with Opus at 16 kHz; octets of the last packet."""
    cdef Encoder e
    cdef Decoder d
    cdef Tuning tuning
    cdef const char* raw = pcm
    cdef uint8_t[1280] packet
    cdef int16_t[5760] out
    cdef void* for_encoder = calloc(1, encoder_memory(CODEC_OPUS))
    cdef void* for_decoder = calloc(1, decoder_memory(CODEC_OPUS))
    cdef int i, size
    tuning.bitrate = 24000
    tuning.complexity = complexity
    tuning.fec = True
    tuning.expected_loss = 5
    tuning.dtx = False
    encoder_init(&e, CODEC_OPUS, 16000, &tuning, for_encoder)
    decoder_init(&d, CODEC_OPUS, 16000, for_decoder)
    size = codec_encode(&e, <const int16_t*>raw, 320, packet)
    with nogil:
        for i in range(frames):
            if decode:
                codec_decode(&d, packet, size, out, 5760)
            else:
                size = codec_encode(&e, <const int16_t*>raw, 320, packet)
    free(for_encoder)
    free(for_decoder)
    return size


def resample_frames(bytes pcm, int from_rate, int to_rate, int frames):
    """`frames` times 20 ms; samples of the last frame."""
    cdef Resampler state
    cdef const char* raw = pcm
    cdef int16_t[2880] out
    cdef int i, made = 0
    resample_init(&state, from_rate, to_rate)
    with nogil:
        for i in range(frames):
            made = resample(&state, <const int16_t*>raw, from_rate // 50, out)
    return made


def conceal_frames(bytes pcm, int frames, int every):
    """20 ms frames of which each `every`-th is lost (0: none)."""
    cdef Concealer state
    cdef const char* raw = pcm
    cdef int16_t[160] out
    cdef int i, k
    conceal_init(&state, 8000)
    with nogil:
        for i in range(frames):
            for k in range(160):
                out[k] = (<const int16_t*>raw)[k]
            if every and i % every == 0:
                conceal_lost(&state, out, 160)
            else:
                conceal_good(&state, out, 160)
    return frames
