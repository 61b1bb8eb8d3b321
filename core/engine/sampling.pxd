"""How loud a relayed leg is whose codec is not G.711: three packets in a row every other second are decoded, the last is measured.

Their decoder begins anew each time, and has settled by the third packet. That is 3 % of the packets, for G.722 0.4 µs a packet on
average; those of a heavy codec go to the helper thread.
"""

from libc.stdint cimport int64_t

from core.engine.state cimport Leg, Worker
from core.stream.stream cimport Received

# A packet of a leg that is not decoded otherwise, while a measurement is due (Quality.sample_due).
cdef void sample_packet(Worker* w, Leg* leg, const Received* got, int64_t now) noexcept nogil
