"""Frames out of packets; see voice.pxd."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memset

from core.base.frame cimport MAX_FRAME_SAMPLES
from core.stream.stream cimport decode_audio

cdef enum:
    DEPTH = 320                # samples a fresh line waits: 40 ms
    DEEPEST = 1280             # more than this is given up


cdef void voice_start(Voice* v, int rate) noexcept nogil:
    memset(v, 0, sizeof(Voice))
    v.rate = rate


cdef void voice_put(Voice* v, int codec, const uint8_t* payload, int size, uint32_t timestamp, uint32_t epoch,
                    int64_t now) noexcept nogil:
    cdef int16_t[MAX_FRAME_SAMPLES] pcm
    cdef DelayLine* line = &v.line
    cdef int at = 0, part, i
    cdef int32_t ahead = <int32_t>(timestamp - line.read)
    if not line.running or line.epoch != epoch or ahead > DEEPEST or ahead < -LINE:
        line.running = True
        line.epoch = epoch
        line.read = timestamp - DEPTH
        line.end = timestamp
        memset(line.samples, 0, sizeof(line.samples))
    while at < size:
        part = size - at if size - at < MAX_FRAME_SAMPLES else MAX_FRAME_SAMPLES
        decode_audio(codec, payload + at, pcm, part)
        for i in range(part):
            ahead = <int32_t>(timestamp + <uint32_t>(at + i) - line.read)
            if 0 <= ahead < LINE:
                line.samples[(timestamp + <uint32_t>(at + i)) % LINE] = pcm[i]
        at += part
    if <int32_t>(timestamp + <uint32_t>size - line.end) > 0:
        line.end = timestamp + <uint32_t>size


cdef bint voice_take(Voice* v) noexcept nogil:
    cdef DelayLine* line = &v.line
    cdef int n = v.rate // 50, i
    cdef uint32_t at
    if not line.running or <int32_t>(line.end - line.read) <= 0:
        line.running = False
        memset(v.heard, 0, n * sizeof(int16_t))
        return False
    for i in range(n):
        at = (line.read + <uint32_t>i) % LINE
        v.heard[i] = line.samples[at]
        line.samples[at] = 0
    line.read += <uint32_t>n
    return True
