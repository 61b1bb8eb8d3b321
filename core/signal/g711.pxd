"""G.711 companding: 16-bit linear samples to A-law and mu-law octets and back, bit for bit as ITU-T G.711 says.

Linear samples are left-justified: the 14 bits of mu-law and the 13 bits of A-law stand in the upper bits of 16.
Pure functions on the caller's buffers; `n` counts samples (one octet each) and may be zero. Input and output must not
overlap. Any thread, no GIL.
"""

from libc.stdint cimport int16_t, uint8_t

cdef void ulaw_encode(const int16_t* pcm, uint8_t* out, int n) noexcept nogil
cdef void ulaw_decode(const uint8_t* data, int16_t* pcm, int n) noexcept nogil
cdef void alaw_encode(const int16_t* pcm, uint8_t* out, int n) noexcept nogil
cdef void alaw_decode(const uint8_t* data, int16_t* pcm, int n) noexcept nogil

# In place, by the conversion tables 3 and 4 of G.711.
cdef void ulaw_to_alaw(uint8_t* buf, int n) noexcept nogil
cdef void alaw_to_ulaw(uint8_t* buf, int n) noexcept nogil
