"""What becomes of a received packet: digits and recording first, then whoever hears the stream."""

from libc.stdint cimport int16_t, int64_t

from core.engine.state cimport Leg, Worker
from core.stream.stream cimport Received

# A packet of the stream's latched source.
cdef void hear(Worker* w, Leg* leg, Received* got, int64_t now) noexcept nogil
# What the tick heard of a leg whose codec is not G.711: for its tape and for digits in the sound.
cdef void hear_tick(Worker* w, Leg* leg, const int16_t* pcm, int n, int rate, int64_t when) noexcept nogil
# Digits whose end was never heard; part of the slow pass.
cdef void poll_digits(Worker* w, Leg* leg, int64_t now) noexcept nogil
