"""ITU-T G.722 at 64 kbit/s: 16 kHz samples in two sub-bands of ADPCM, one octet for two samples, bit for bit.

Pure functions on the caller's buffers. RTP counts this codec's timestamps at 8 kHz (RFC 3551 section 4.5.2): an octet is
one unit. Any thread, no GIL, no allocation.
"""

from libc.stdint cimport int16_t, uint8_t

cdef struct G722Band:          # one ADPCM predictor; names as in the recommendation
    int s                      # signal estimate
    int sp                     # pole section's part
    int sz                     # zero section's part
    int[3] r                   # reconstructed signals
    int[3] a                   # pole coefficients, from index 1
    int[3] p                   # partly reconstructed signals
    int[7] d                   # quantized differences
    int[7] b                   # zero coefficients, from index 1
    int nb                     # logarithmic scale factor
    int det                    # scale factor

cdef struct G722:              # one direction
    G722Band[2] band           # low, high
    int[48] history            # of the quadrature mirror filters: the last 24 samples, twice, so that no copy is needed
    int at

cdef void g722_init(G722* g) noexcept nogil
# `samples` (even) of 16 kHz into samples / 2 octets.
cdef void g722_encode(G722* g, const int16_t* pcm, uint8_t* out, int samples) noexcept nogil
# `octets` into 2 * octets samples of 16 kHz.
cdef void g722_decode(G722* g, const uint8_t* data, int16_t* pcm, int octets) noexcept nogil
