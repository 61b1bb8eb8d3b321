"""Comfort noise (RFC 3389): the silence of the far end as a level and a spectrum, analysed and made. 8 or 16 kHz.

One thread, no allocation.
"""

from libc.stdint cimport int16_t, uint8_t, uint32_t

cdef enum:
    NOISE_ORDER = 10           # of the model that we send; up to this many coefficients are used of what comes
    NOISE_PAYLOAD = 11         # octets: the level and the coefficients
    SILENT_DBOV = 127          # as good as nothing

cdef struct NoiseMaker:
    uint32_t seed
    int order
    float[NOISE_ORDER] reflection
    float[NOISE_ORDER] state
    float gain                 # of the white noise, now
    float wanted               # and where it goes

cdef struct NoiseMeter:        # of the sender: the long-term spectrum of the silence
    int frames
    float[NOISE_ORDER + 1] correlation

cdef void noise_init(NoiseMaker* n, uint32_t seed) noexcept nogil
# Takes a payload; an empty one says silence. Coefficients beyond NOISE_ORDER do not count.
cdef void noise_update(NoiseMaker* n, const uint8_t* payload, int size) noexcept nogil
# A level without spectrum, in -dBov (0..127).
cdef void noise_level(NoiseMaker* n, int dbov) noexcept nogil
cdef void noise_fill(NoiseMaker* n, int16_t* pcm, int samples) noexcept nogil

cdef void meter_init(NoiseMeter* m) noexcept nogil
# A frame of silence that was heard.
cdef void meter_add(NoiseMeter* m, const int16_t* pcm, int samples) noexcept nogil
# Writes NOISE_PAYLOAD octets that describe it.
cdef int meter_write(NoiseMeter* m, uint8_t* payload) noexcept nogil
