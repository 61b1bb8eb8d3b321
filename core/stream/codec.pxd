"""The codecs of a leg: a decoder and an encoder as plain structs, set up once, used frame by frame.

| codec | RTP clock | sound | payload type |
|---|---|---|---|
| CODEC_PCMU, CODEC_PCMA | 8000 | 8 kHz | 0, 8 |
| CODEC_G722 | 8000 (RFC 3551 section 4.5.2) | 16 kHz | 9 |
| CODEC_L16_8, _16, _48 | 8000, 16000, 48000 | the same, mono | dynamic: L16/8000, L16/16000, L16/48000 |
| CODEC_OPUS | 48000 (RFC 7587) | 8, 16 or 48 kHz, as asked for | dynamic: opus/48000/2 |

What Opus needs besides the struct is memory that the owner gives (`decoder_memory`, `encoder_memory` octets), taken when
the stream is configured. `codec_is_heavy` says which codecs belong into a helper thread. No allocation, one thread.
"""

from libc.stdint cimport int16_t, uint8_t, uint32_t

from core.signal.conceal cimport Concealer
from core.signal.g722 cimport G722

cdef enum:                     # what a byte in commands and streams names; static payload types where there are any
    CODEC_PCMU = 0
    CODEC_PCMA = 8
    CODEC_G722 = 9
    CODEC_OPUS = 107
    CODEC_L16_8 = 108
    CODEC_L16_16 = 109
    CODEC_L16_48 = 110

cdef enum:
    MAX_SAMPLES = 5760         # of one packet: 120 ms at 48 kHz
    MAX_ENCODED = 1280         # octets that codec_encode ever writes

cdef struct Tuning:            # of the encoder; zeros are good for all but Opus
    int bitrate                # bit/s, 0: by the codec
    int complexity             # 0..10
    bint fec
    int expected_loss          # percent
    bint dtx

cdef struct Decoder:
    uint8_t codec
    int rate                   # Hz of the sound that comes out
    int clock                  # Hz of the RTP timestamps
    int frame                  # samples of the last packet
    G722 g722
    void* opus
    Concealer concealer

cdef struct Encoder:
    uint8_t codec
    int rate                   # Hz of the sound that goes in
    int clock
    G722 g722
    void* opus

cdef bint codec_known(int codec) noexcept nogil
# What the far end's reports ask of a running encoder; of no effect for all but Opus. `expected_loss` 0: no redundancy.
cdef void encoder_tune(Encoder* e, int bitrate, int expected_loss) noexcept nogil
# A packet of G.722 or L16 as samples, without concealment; 0 for other codecs and what does not fit.
cdef int codec_sound(G722* g722, int codec, const uint8_t* data, int size, int16_t* pcm, int capacity) noexcept nogil


cdef inline bint codec_is_g711(int codec) noexcept nogil:
    """Without state, an octet a sample of 8 kHz: what the relay, the clips and the recorder know by themselves."""
    return codec == CODEC_PCMU or codec == CODEC_PCMA


cdef bint codec_is_heavy(int codec) noexcept nogil
# Hz of the RTP timestamps.
cdef int codec_clock(int codec) noexcept nogil
# Hz of the sound when `wanted` (0: the codec's best for telephony) is asked for: only Opus has a choice.
cdef int codec_rate(int codec, int wanted) noexcept nogil
# `e` goes on where `source` stands, its settings included; both were begun for the same codec and rate.
cdef void encoder_copy(Encoder* e, const Encoder* source) noexcept nogil
# Octets of memory that the owner must give; 0 for all but Opus.
cdef int decoder_memory(int codec) noexcept nogil
cdef int encoder_memory(int codec) noexcept nogil
# False when the codec or rate is unknown, or the memory is missing.
cdef bint decoder_init(Decoder* d, int codec, int rate, void* memory) noexcept nogil
cdef bint encoder_init(Encoder* e, int codec, int rate, const Tuning* tuning, void* memory) noexcept nogil
# Timestamp units that a payload plays; 0 when it is none of this codec (wrong size, over 120 ms).
cdef int codec_span(int codec, const uint8_t* data, int size) noexcept nogil
# The largest payload of `ms` milliseconds, octets.
cdef int codec_largest(int codec, int ms) noexcept nogil
# A packet to samples: their number, 0 when it is malformed (conceal then). `pcm` has room for `capacity`.
cdef int codec_decode(Decoder* d, const uint8_t* data, int size, int16_t* pcm, int capacity) noexcept nogil
# Makes `samples` of lost sound. `following` (or NULL) is the packet after the lost one: Opus may find the lost one in it.
cdef void codec_conceal(Decoder* d, const uint8_t* following, int size, int16_t* pcm, int samples) noexcept nogil
# Samples to a payload of at most MAX_ENCODED octets: its size. 10, 20, 40 or 60 ms (others too, without Opus).
cdef int codec_encode(Encoder* e, const int16_t* pcm, int samples, uint8_t* out) noexcept nogil
