"""What becomes of a received packet: digits and recording first, then whoever hears the stream."""

from libc.stdint cimport int64_t

from core.engine.state cimport Leg, Worker
from core.stream.stream cimport Received

# A packet of the stream's latched source.
cdef void hear(Worker* w, Leg* leg, Received* got, int64_t now) noexcept nogil
# Digits whose end was never heard; part of the slow pass.
cdef void poll_digits(Worker* w, Leg* leg, int64_t now) noexcept nogil
