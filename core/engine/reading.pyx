"""Events and counters as Python objects; see reading.pxd."""

import socket

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint32_t

from core.base.ring cimport spsc_front, spsc_release
from core.base.sockets cimport Address, is_v4
from core.engine.datagrams cimport DATAGRAM_RING, Datagram
from core.engine.messages cimport Event
from core.engine.receive cimport leg_delay_ms
from core.stream.emodel cimport emodel_mos
from core.stream.quality cimport quality_rating
from core.stream.reception cimport rx_expected, rx_received
from core.stream.stream cimport Stream

from core.engine.stats import StreamStats, WorkerStats


cdef int take_events(Worker* w, list out) except -1:
    cdef Event* event
    cdef Event* digit
    while True:
        event = <Event*>spsc_front(&w.events)
        digit = <Event*>spsc_front(&w.digits)
        if event == NULL and digit == NULL:
            return 0
        if event == NULL or (digit != NULL and digit.when_ns <= event.when_ns):
            out.append((digit.kind, digit.stream, digit.a, digit.b, digit.c, digit.when_ns))
            spsc_release(&w.digits)
        else:
            out.append((event.kind, event.stream, event.a, event.b, event.c, event.when_ns))
            spsc_release(&w.events)


cdef object _text(const Address* address):
    cdef uint32_t v4 = <uint32_t>address.ip.low
    if is_v4(&address.ip):
        return f"{v4 >> 24}.{(v4 >> 16) & 255}.{(v4 >> 8) & 255}.{v4 & 255}"
    return socket.inet_ntop(socket.AF_INET6, address.ip.high.to_bytes(8, "big") + address.ip.low.to_bytes(8, "big"))


cdef int take_datagrams(Worker* w, list out) except -1:
    cdef Datagram* datagram
    cdef int left = DATAGRAM_RING
    while left > 0:
        datagram = <Datagram*>spsc_front(&w.datagrams)
        if datagram == NULL:
            return 0
        out.append((datagram.stream, _text(&datagram.source), datagram.source.port,
                    PyBytes_FromStringAndSize(<char*>datagram.data, datagram.size)))
        spsc_release(&w.datagrams)
        left -= 1
    return 0


cdef object read_stream(const Leg* leg):
    cdef const Stream* s = &leg.stream
    cdef int64_t lost = <int64_t>rx_expected(&s.rx) - <int64_t>rx_received(&s.rx)
    # In the order of StreamStats: by name the call would cost thrice as much, and each leg of each call makes one.
    return StreamStats(
        s.count.rx_packets,
        s.count.rx_bytes,
        s.count.tx_packets,
        s.count.tx_bytes,
        max(lost, 0),
        (s.rx.jitter_q4 >> 4) / (8.0 * max(s.rx.scale, 1)),
        s.rx.max_gap_ns / 1e6,
        s.count.foreign,
        s.count.malformed,
        s.rtcp.round_trip_ns / 1e6,
        s.count.late_ticks,
        s.count.forged,
        s.count.replayed,
        emodel_mos(quality_rating(&s.rx, s.codec, leg_delay_ms(leg))) if s.rx.started else 0.0,
        s.quality.worst_mos,
        s.rx.bursts.bursts,
        s.rx.bursts.lost_in_bursts,
        s.quality.level_dbm0 if s.quality.measured else None,
        s.quality.clipped / s.quality.measured if s.quality.measured else 0.0,
        s.rtcp.remote_fraction_lost / 256.0,
        s.rtcp.remote_jitter / (8.0 * max(s.tx.scale, 1)),
        s.rtcp.remote_mos_q10 / 10.0 if s.rtcp.remote_voip and s.rtcp.remote_mos_q10 != 127 else 0.0,
    )


cdef object read_worker(const Worker* w, int64_t cpu_ns):
    return WorkerStats(
        streams=w.count.streams,
        ticks=w.count.ticks,
        late_ticks=w.count.late_ticks,
        rx_packets=w.count.rx_packets,
        tx_packets=w.count.tx_packets,
        send_errors=w.count.send_errors,
        lost_packets=w.count.lost,
        expected_packets=w.count.expected,
        foreign_packets=w.count.foreign,
        malformed_packets=w.count.malformed,
        dropped_events=w.count.dropped_events,
        cpu_ns=cpu_ns,
        realtime=bool(w.count.realtime),
        forged_packets=w.count.forged,
        replayed_packets=w.count.replayed,
        dropped_datagrams=w.count.dropped_datagrams,
        moved_streams=w.count.moved,
        rooms=w.count.rooms,
        room_members=w.count.room_members,
        room_encodes=w.count.room_encodes,
    )
