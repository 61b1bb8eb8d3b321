"""The placement in the receive pass: a packet is forwarded before the next one is read (docs/decisions/0031)."""

from libc.stdint cimport int64_t

from core.engine.state cimport Leg, Placement, Worker
from core.stream.stream cimport Received

cdef Placement RELAY
# Sends what `source` has received to `to`, the header rewritten in place. `source` may be `to` (echo).
cdef void relay_forward(Leg* source, Leg* to, Received* got, int64_t now) noexcept nogil
