"""The receive pass: one datagram of a readable socket, judged and passed on."""

from libc.stdint cimport int64_t

from core.engine.state cimport Leg, Worker

# One read of the RTP or the RTCP socket. `now` is the instant of the wake.
cdef void read_rtp(Worker* w, Leg* leg, int64_t now) noexcept nogil
cdef void read_rtcp(Worker* w, Leg* leg, int64_t now) noexcept nogil
# Lets the kernel drop every other source, as soon as no other may be accepted.
cdef void settle(Worker* w, Leg* leg, int64_t now) noexcept nogil
# One way, mouth to ear as far as this leg is known: half the round trip, a packet, the jitter buffer.
cdef double leg_delay_ms(const Leg* leg) noexcept nogil
cdef void send_rtcp(Worker* w, Leg* leg, int64_t now) noexcept nogil
