"""A frame: up to 60 ms of linear samples at one rate."""

from libc.stdint cimport int16_t

cdef enum:
    RATE_HZ = 8000
    SAMPLES_PER_MS = 8
    MAX_FRAME_SAMPLES = 480

cdef struct Frame:
    int count          # samples that are valid
    int rate           # Hz
    int16_t samples[MAX_FRAME_SAMPLES]
