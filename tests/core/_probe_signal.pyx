"""Calls the nogil functions of core.signal as the media threads do: on their own buffers, frame after frame."""

from libc.stdint cimport int16_t, uint8_t

from core.signal.dtmf cimport DtmfDetector, dtmf_feed, dtmf_frequencies, dtmf_init
from core.signal.g711 cimport alaw_decode, alaw_encode, alaw_to_ulaw, ulaw_decode, ulaw_encode, ulaw_to_alaw
from core.signal.tone cimport DualTone, tone_fill, tone_init

G711 = ["ulaw_encode", "alaw_encode", "ulaw_decode", "alaw_decode", "ulaw_to_alaw", "alaw_to_ulaw"]


def g711_frames(str name, bytes pcm, int frames, int samples=160) -> bytes:
    """Runs one function of g711 over the same frame of `pcm` (s16) `frames` times; returns the octets it wrote last."""
    cdef int16_t[960] linear
    cdef uint8_t[960] octets
    cdef const char* raw = pcm
    cdef int i
    assert len(pcm) == 2 * samples
    assert samples <= 960
    for i in range(samples):
        linear[i] = (<const int16_t*>raw)[i]
    ulaw_encode(&linear[0], &octets[0], samples)
    cdef int which = G711.index(name)
    with nogil:  # no str may be compared in here: Cython 3.3 lets it pass, and it crashes
        for i in range(frames):
            if which == 0:
                ulaw_encode(&linear[0], &octets[0], samples)
            elif which == 1:
                alaw_encode(&linear[0], &octets[0], samples)
            elif which == 2:
                ulaw_decode(&octets[0], &linear[0], samples)
            elif which == 3:
                alaw_decode(&octets[0], &linear[0], samples)
            elif which == 4:
                ulaw_to_alaw(&octets[0], samples)
            else:
                alaw_to_ulaw(&octets[0], samples)
    return bytes(octets[:samples])


def dtmf_frames(bytes pcm, bint dial_tone_filter=False) -> str:
    """Feeds the detector frames of 20 ms; returns what it heard, without a Python call in between."""
    cdef DtmfDetector detector
    cdef const char* raw = pcm
    cdef const int16_t* samples = <const int16_t*>raw
    cdef int frames = <int>(len(pcm) // 320), i, digit
    cdef int count = 0
    cdef char[256] heard
    dtmf_init(&detector)
    detector.dial_tone_filter = dial_tone_filter
    with nogil:
        for i in range(frames):
            digit = dtmf_feed(&detector, samples + 160 * i, 160)
            if digit != 0 and count < 256:
                heard[count] = <char>digit
                count += 1
    return bytes(heard[:count]).decode()


def tone_frames(double f1, double f2, double level_dbm0, int frames) -> bytes:
    """Fills frames of 20 ms one after the other; returns the last."""
    cdef DualTone tone
    cdef int16_t[160] out
    cdef int i
    tone_init(&tone, f1, f2, level_dbm0, 8000)
    with nogil:
        for i in range(frames):
            tone_fill(&tone, &out[0], 160)
    return bytes((<char*>&out[0])[:320])


def digit_frequencies(int digit):
    """What dtmf_frequencies says, or None."""
    cdef double low = 0, high = 0
    return (low, high) if dtmf_frequencies(digit, &low, &high) else None
