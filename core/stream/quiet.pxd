"""Silence that is not sent: when a leg that negotiated comfort noise (RFC 3389) gets it instead of packets of silence.

Silence is believed after 200 ms. Then one packet describes it, level and spectrum; another follows when the level has changed, and
once a second all the same, which keeps the paths of firewalls open. Sound ends it at once. One thread, no allocation.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t

from core.signal.comfort_noise cimport NoiseMeter

cdef enum:                     # what to do with a piece of sound
    QUIET_SPEAK = 0            # send it
    QUIET_DESCRIBE = 1         # send the comfort noise packet that was written
    QUIET_SAY_NOTHING = 2

cdef struct Quiet:
    int silent_ms              # silence in a row
    int told_ms                # since the last comfort noise packet
    bint paused                # silence is going on and was described
    uint8_t level              # as it was told, -dBov
    NoiseMeter meter

cdef void quiet_init(Quiet* q) noexcept nogil
# Judges `n` samples of 8 kHz: QUIET_*. Silence is softer than `silence_dbm0`. `payload` has NOISE_PAYLOAD octets, of which
# `size` are written when the answer is QUIET_DESCRIBE.
cdef int quiet_frame(Quiet* q, const int16_t* pcm, int n, double silence_dbm0, uint8_t* payload, int* size) noexcept nogil
