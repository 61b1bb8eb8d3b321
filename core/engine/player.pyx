"""Assembly of frames from clips; see player.pxd."""

from libc.stdint cimport int16_t, uint8_t, uint32_t
from libc.string cimport memcpy, memset

from core.base.frame cimport MAX_FRAME_SAMPLES, RATE_HZ
from core.engine.clips cimport Clip
from core.stream.stream cimport CODEC_PCMA, decode_audio, encode_audio

cdef enum:
    WIDE_HZ = 16000
    FULL_HZ = 48000


cdef void fill_silence(int codec, uint8_t* out, int size) noexcept nogil:
    memset(out, 0xD5 if codec == CODEC_PCMA else 0xFF, size)


cdef void _apply_gain(int codec, uint8_t* data, int size, float gain) noexcept nogil:
    cdef int16_t[MAX_FRAME_SAMPLES] pcm
    cdef float value
    cdef int i
    decode_audio(codec, data, pcm, size)
    for i in range(size):
        value = pcm[i] * gain
        pcm[i] = <int16_t>(32767 if value > 32767 else -32768 if value < -32768 else value)
    encode_audio(codec, pcm, data, size)


cdef int player_fill(Player* player, int codec, uint8_t* out, int size) noexcept nogil:
    cdef int done = 0, part
    cdef Clip* clip
    while done < size:
        if player.index >= player.count:
            if not player.repeat:
                break
            player.index = 0
        clip = player.clips[player.index]
        part = <int>(clip.samples - player.offset)
        if part > size - done:
            part = size - done
        memcpy(out + done, (clip.alaw if codec == CODEC_PCMA else clip.ulaw) + player.offset, part)
        done += part
        player.offset += <uint32_t>part
        if player.offset >= clip.samples:
            player.index += 1
            player.offset = 0
    if done < size:
        fill_silence(codec, out + done, size - done)
    if done and player.gain != 1.0:
        _apply_gain(codec, out, done, player.gain)
    return done


cdef int player_rate(const Player* player, int rate) noexcept nogil:
    if rate <= RATE_HZ or not (player.wide or player.full):
        return RATE_HZ
    if rate <= WIDE_HZ and player.wide or not player.full:
        return WIDE_HZ
    return FULL_HZ


cdef int player_fill_linear(Player* player, int rate, int16_t* out, int size) noexcept nogil:
    cdef int done = 0, part, i, factor = rate // RATE_HZ
    cdef float value
    cdef Clip* clip
    while done < size:
        if player.index >= player.count:
            if not player.repeat:
                break
            player.index = 0
        clip = player.clips[player.index]
        part = <int>(clip.samples - player.offset) * factor
        if part > size - done:
            part = size - done
        memcpy(out + done, (clip.full if rate == FULL_HZ else clip.wide) + factor * <size_t>player.offset,
               part * sizeof(int16_t))
        done += part
        player.offset += <uint32_t>(part // factor)
        if player.offset >= clip.samples:
            player.index += 1
            player.offset = 0
    if player.gain != 1.0:
        for i in range(done):
            value = out[i] * player.gain
            out[i] = <int16_t>(32767 if value > 32767 else -32768 if value < -32768 else value)
    memset(out + done, 0, (size - done) * sizeof(int16_t))
    return done
