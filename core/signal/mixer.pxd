"""The mixer: a sum of all that speak, and for each listener that sum less his own part; gains, saturation, who talks.

Samples are 16-bit; sums are 32-bit, which 65,536 parties at full scale cannot overflow. `n` is the samples of one frame and
may be zero. Pure functions on the caller's buffers, which must not overlap but where a comment allows it.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t

cdef enum:
    TALK_FRAMES = 25           # a talker who falls silent stays one for this many frames: words have gaps

# Who talks: a frame's power against a threshold, with a memory. Owned by the thread that mixes.
cdef struct Talker:
    bint talking
    int hang                   # frames until silence is believed
    int loud                   # frames in a row above the threshold
    int64_t power              # of the last frame

# total += pcm; returns the power of the frame: the sum of its squares over 64.
cdef int64_t mix_add(int32_t* total, const int16_t* pcm, int n) noexcept nogil
cdef void mix_clear(int32_t* total, int n) noexcept nogil
# out = saturated (total - own)
cdef void mix_minus(const int32_t* total, const int16_t* own, int16_t* out, int n) noexcept nogil
# The same as octets of G.711, bit for bit what the encoder makes of mix_minus
cdef void mix_minus_ulaw(const int32_t* total, const int16_t* own, uint8_t* out, int n) noexcept nogil
cdef void mix_minus_alaw(const int32_t* total, const int16_t* own, uint8_t* out, int n) noexcept nogil
# out = saturated total
cdef void mix_saturate(const int32_t* total, int16_t* out, int n) noexcept nogil
# pcm = saturated (pcm + other * gain), in place
cdef void mix_over(int16_t* pcm, const int16_t* other, float gain, int n) noexcept nogil
# pcm = saturated (pcm * gain), in place
cdef void mix_gain(int16_t* pcm, float gain, int n) noexcept nogil
# The power of a frame, as mix_add returns it.
cdef int64_t mix_power(const int16_t* pcm, int n) noexcept nogil
# Level of a frame of that power, -127..3 dBm0.
cdef int power_dbm0(int64_t power, int n) noexcept nogil
# Judges the next frame; True when `talking` changed. A talker must be loud for `attack` frames in a row.
cdef bint talker_frame(Talker* talker, int64_t power, int64_t threshold, int attack) noexcept nogil
# The power of a frame of that level, for a threshold.
cdef int64_t dbm0_power(double level_dbm0, int n) noexcept nogil
