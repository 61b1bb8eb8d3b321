"""Conversion between 8, 16 and 48 kHz by polyphase FIR filters, frame by frame. One thread, no allocation.

Flat to 3.5 kHz (of 8 kHz) or 7 kHz (of 16 kHz) within 0.1 dB, 80 dB down from the lower rate's half. The delay is
5 ms at 8 kHz, 2.5 ms at 16 kHz.
"""

from libc.stdint cimport int16_t

cdef enum:
    RESAMPLE_TAPS = 88         # at the lower rate: half before, half after
    RESAMPLE_HISTORY = 528     # samples of input that are kept: RESAMPLE_TAPS * 6
    RESAMPLE_FRAME = 2880      # samples of one call at most: 60 ms of 48 kHz

cdef struct Resampler:
    int from_rate
    int to_rate
    int up                     # samples out for each in, or
    int down                   # samples in for each out; one of the two is 1
    const float* filters       # `up` phases one after the other, or one filter
    float[RESAMPLE_HISTORY] history

# False when the pair of rates is not among 8000, 16000, 48000.
cdef bint resample_init(Resampler* r, int from_rate, int to_rate) noexcept nogil
# `samples` (at most RESAMPLE_FRAME, a multiple of `down`) of input; returns how many were written.
cdef int resample(Resampler* r, const int16_t* pcm, int samples, int16_t* out) noexcept nogil
