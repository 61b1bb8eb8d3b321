"""Frames out of packets; see voice.pxd."""

from libc.stdint cimport int16_t, int64_t, uint32_t
from libc.string cimport memset

from core.base.frame cimport RATE_HZ
from core.signal.resample cimport resample, resample_init
from core.stream.codec cimport CODEC_L16_16, CODEC_L16_48, codec_is_g711
from core.stream.jitter cimport PACKET_AUDIO, PACKET_NOISE, PACKET_OTHER
from core.stream.playout cimport HEARD_NOTHING, playout_init, playout_put, playout_tick
from core.stream.quiet cimport quiet_init
from core.stream.stream cimport GOT_AUDIO, GOT_NOISE, Received

cdef enum:
    LONGEST_MS = 60            # of a packet; less of L16, which takes two and more octets for an eighth of a millisecond


cdef void voice_start(Voice* v, int rate) noexcept nogil:
    memset(v, 0, sizeof(Voice) - sizeof(v.memory))
    v.rate = rate
    v.codec = NO_CODEC
    resample_init(&v.narrow, rate, RATE_HZ)
    resample_init(&v.heard_narrow, rate, RATE_HZ)
    quiet_init(&v.quiet)


cdef bint _prepare(Voice* v, int codec) noexcept nogil:
    """The playout for a codec; one that goes from one law of G.711 to the other keeps what it learnt."""
    cdef int longest = 10 if codec == CODEC_L16_48 else 30 if codec == CODEC_L16_16 else LONGEST_MS
    if v.codec == codec:
        return True
    if v.codec != NO_CODEC and codec_is_g711(v.codec) and codec_is_g711(codec):
        v.codec = codec
        return True
    if not playout_init(&v.playout, codec, 0, v.memory, longest, <uint32_t>codec + 1):
        v.codec = NO_CODEC
        return False
    v.codec = codec
    return resample_init(&v.convert, v.playout.decoder.rate, v.rate)


cdef void voice_put(Voice* v, const Received* got, int64_t now) noexcept nogil:
    cdef int kind = PACKET_OTHER
    if got.kind == GOT_AUDIO:
        if not _prepare(v, got.codec):
            return
        kind = PACKET_AUDIO
    elif got.kind == GOT_NOISE:
        # A call, or a placement on the tick, may begin with it.
        if v.codec == NO_CODEC and not _prepare(v, got.codec):
            return
        kind = PACKET_NOISE
    elif v.codec == NO_CODEC:
        return
    playout_put(&v.playout, kind, got.packet.sequence, got.packet.timestamp, got.codec, got.packet.payload,
                got.packet.size if kind != PACKET_OTHER else 0, got.restarted, now)


cdef bint voice_take(Voice* v, int64_t when) noexcept nogil:
    cdef int16_t[VOICE_FRAME] pcm
    cdef int n = v.rate // 50, heard = HEARD_NOTHING, rate
    if v.codec != NO_CODEC:
        rate = v.playout.decoder.rate
        if rate == v.rate:
            heard = playout_tick(&v.playout, when, v.heard, n)
        else:
            heard = playout_tick(&v.playout, when, pcm, rate // 50)
            resample(&v.convert, pcm, rate // 50, v.heard)
    if heard == HEARD_NOTHING:
        memset(v.heard, 0, n * sizeof(int16_t))
        return False
    return True


cdef void voice_hear(Voice* v, const int16_t* pcm, int samples, int rate) noexcept nogil:
    if v.convert.from_rate != rate or v.convert.to_rate != v.rate:
        resample_init(&v.convert, rate, v.rate)
    resample(&v.convert, pcm, samples, v.heard)


cdef int voice_narrow(Voice* v, int16_t* pcm, int samples) noexcept nogil:
    # Each output sample lies behind the input samples that it is made of, which are copied first.
    return resample(&v.narrow, pcm, samples, pcm)
