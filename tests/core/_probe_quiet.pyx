"""Reaches what follows the far end: silence that is not sent, and the tuning of Opus by its reports."""

from libc.stdint cimport int16_t, uint8_t

from core.signal.comfort_noise cimport NOISE_PAYLOAD
from core.stream.adaptation cimport Adaptation, adaptation_init, adaptation_report
from core.stream.quiet cimport Quiet, quiet_frame, quiet_init


cdef class Silence:
    """`frame` gives ("speak" | "describe" | "nothing", payload)."""

    cdef Quiet q

    def __cinit__(self):
        quiet_init(&self.q)

    def frame(self, bytes pcm, double silence_dbm0=-60.0):
        cdef uint8_t[NOISE_PAYLOAD] payload
        cdef int size = 0
        cdef const char* raw = pcm
        cdef int verdict = quiet_frame(&self.q, <const int16_t*>raw, <int>(len(pcm) // 2), silence_dbm0, payload, &size)
        return ("speak", "describe", "nothing")[verdict], bytes(payload[:size])


cdef class Tuner:
    """`report` takes a share of lost packets and tells whether the encoder is to be told."""

    cdef Adaptation a

    def __cinit__(self, int least_loss=0, int bitrate=24000):
        adaptation_init(&self.a, least_loss, bitrate)

    def report(self, double share):
        return bool(adaptation_report(&self.a, <uint8_t>(255 if share > 0.996 else share * 256)))

    @property
    def expected_loss(self):
        return self.a.expected_loss

    @property
    def bitrate(self):
        return self.a.bitrate
