"""Adding up; see accounts.pxd."""

from libc.stdint cimport int64_t, uint64_t

from core.engine.state cimport Leg, Worker
from core.stream.reception cimport rx_expected, rx_received
from core.stream.stream cimport Stream


cdef inline void _gain(uint64_t* total, uint64_t* seen, uint64_t value) noexcept nogil:
    total[0] += value - seen[0]
    seen[0] = value


cdef void account(Worker* w, Leg* leg) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef uint64_t expected = rx_expected(&s.rx), received = rx_received(&s.rx)
    cdef int64_t lost = <int64_t>(expected - leg.totals.expected) - <int64_t>(received - leg.totals.received)
    _gain(&w.count.rx_packets, &leg.totals.rx_packets, s.count.rx_packets)
    _gain(&w.count.tx_packets, &leg.totals.tx_packets, s.count.tx_packets)
    _gain(&w.count.foreign, &leg.totals.foreign, s.count.foreign)
    _gain(&w.count.malformed, &leg.totals.malformed, s.count.malformed)
    _gain(&w.count.send_errors, &leg.totals.send_errors, s.count.send_errors)
    _gain(&w.count.forged, &leg.totals.forged, s.count.forged)
    _gain(&w.count.replayed, &leg.totals.replayed, s.count.replayed)
    # Late packets may make the loss of a span negative: it waits for the next one, so that the total never falls.
    if lost >= 0:
        w.count.lost += <uint64_t>lost
        w.count.expected += expected - leg.totals.expected
        leg.totals.expected = expected
        leg.totals.received = received
