"""Reaches the packet layer of core.stream for tests; time is an argument everywhere."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t

import socket

from core.base.sockets cimport Address, Ip, ip_of_v4
from core.stream.latch cimport Latch, latch_packet, latch_set, latch_window_open
from core.stream.bursts cimport bursts_ratio
from core.stream.quality cimport Quality, quality_look, quality_measure, quality_rating
from core.stream.reception cimport Reception, rx_expected, rx_expect_change, rx_extended, rx_packet, rx_received
from core.stream.rtcp cimport RTCP_MAX, RtcpState, VoipMetrics, rtcp_receive, rtcp_write, rtcp_write_voip
from core.stream.rtp cimport RtpPacket, rtp_parse, rtp_write, sequence_step, timestamp_step
from core.stream.stream cimport Received, Stream, StreamSettings, stream_configure, stream_init, stream_receive, stream_timeout
from core.stream.telephone_event cimport Digit, EventNews, EventReceiver, event_packet, event_poll, event_write
from core.stream.timeline cimport Stamp, Timeline, tl_init, tl_map, tl_next
from libc.string cimport memset


def parse(bytes data):
    """(payload type, marker, sequence, timestamp, ssrc, payload) or None."""
    cdef RtpPacket p
    cdef bytearray copy = bytearray(data + b"\0" * 16)
    cdef uint8_t* at = copy
    if not rtp_parse(at, <int>len(data), &p):
        return None
    return p.payload_type, p.marker, p.sequence, p.timestamp, p.ssrc, <bytes>p.payload[:p.size]


def header(int pt, bint marker, int sequence, object timestamp, object ssrc):
    cdef uint8_t[12] out
    rtp_write(out, pt, marker, <uint16_t>sequence, timestamp, ssrc)
    return <bytes>out[:12]


def steps(int new16, int old16, object new32, object old32):
    return sequence_step(<uint16_t>new16, <uint16_t>old16), timestamp_step(new32, old32)


cdef RtpPacket _packet(int sequence, object timestamp, object ssrc):
    cdef RtpPacket p
    memset(&p, 0, sizeof(p))
    p.sequence = <uint16_t>(sequence & 0xFFFF)
    p.timestamp = timestamp & 0xFFFFFFFF
    p.ssrc = ssrc
    return p


cdef class Rx:
    cdef Reception rx

    def packet(self, int sequence, object timestamp, object now_ms, object ssrc=1, bint timed=True):
        cdef RtpPacket p = _packet(sequence, timestamp, ssrc)
        return rx_packet(&self.rx, &p, <int64_t>(now_ms * 1000000), timed)

    def expect_change(self):
        rx_expect_change(&self.rx)

    @property
    def figures(self):
        """(expected, received, jitter in samples, max gap in ms)"""
        return rx_expected(&self.rx), rx_received(&self.rx), self.rx.jitter_q4 / 16, self.rx.max_gap_ns / 1e6


cdef class Tx:
    cdef Timeline t

    def __cinit__(self, object random=0):
        tl_init(&self.t, random)

    def own(self, int span, object now_ms, int source=1):
        cdef Stamp s
        tl_next(&self.t, source, span, <int64_t>(now_ms * 1000000), &s)
        return s.sequence, s.timestamp, bool(s.marker)

    def map(self, int64_t extended, object timestamp, object now_ms, object source=1 << 32, int span=160):
        cdef Stamp s
        if not tl_map(&self.t, source, extended, timestamp & 0xFFFFFFFF, span, <int64_t>(now_ms * 1000000), &s):
            return None
        return s.sequence, s.timestamp, bool(s.marker)


cdef class Events:
    cdef EventReceiver r

    def packet(self, bytes payload, object timestamp, object now_ms):
        """(digit that starts, [(digit, ms) that finished])"""
        cdef EventNews news
        event_packet(&self.r, payload, <int>len(payload), timestamp, <int64_t>(now_ms * 1000000), &news)
        done = [(chr(news.finished[i].code), news.finished[i].duration_ms) for i in range(2) if news.finished[i].code]
        return chr(news.started) if news.started else "", done

    def poll(self, object now_ms):
        cdef Digit d = event_poll(&self.r, <int64_t>(now_ms * 1000000))
        return [(chr(d.code), d.duration_ms)] if d.code else []


def event_payload(int event, bint end, int duration):
    cdef uint8_t[4] out
    event_write(out, event, end, 10, duration)
    return <bytes>out[:4]


cdef Address _address(tuple where):
    cdef Address a
    if isinstance(where[0], str):
        packed = socket.inet_pton(socket.AF_INET6, where[0])
        a.ip.high = int.from_bytes(packed[:8], "big")
        a.ip.low = int.from_bytes(packed[8:], "big")
    else:
        a.ip = ip_of_v4(where[0])
    a.port = where[1]
    a.family = 10 if isinstance(where[0], str) else 2
    return a


cdef class LatchProbe:
    cdef Latch latch

    def set(self, tuple expected, object now_ms, object signalling_ip=0, int policy=0, bint open_window=True):
        cdef Address a = _address(expected)
        cdef Ip signalling = ip_of_v4(signalling_ip)
        return bool(latch_set(&self.latch, &a, &signalling, policy, open_window, <int64_t>(now_ms * 1000000)))

    def packet(self, tuple source, int sequence, object now_ms, object ssrc=1):
        cdef Address a = _address(source)
        cdef RtpPacket p = _packet(sequence, 0, ssrc)
        return latch_packet(&self.latch, &a, &p, <int64_t>(now_ms * 1000000))

    def window_open(self, object now_ms):
        return bool(latch_window_open(&self.latch, <int64_t>(now_ms * 1000000)))

    @property
    def source(self):
        return (<uint32_t>self.latch.source.ip.low, self.latch.source.port) if self.latch.locked else None


cdef class StreamProbe:
    """A stream without sockets."""

    cdef Stream s

    def __cinit__(self):
        stream_init(&self.s, -1, -1, 2, 12345)

    def configure(self, tuple remote, object now_ms, int event_payload_type=101, int timeout_ms=0, bint receive=True,
                  bint rtcp_mux=False):
        cdef StreamSettings settings
        memset(&settings, 0, sizeof(settings))
        settings.remote = _address(remote)
        settings.rtcp_remote = settings.remote
        settings.event_payload_type = settings.heard_event_type = event_payload_type
        settings.ptime_ms = 20
        settings.receive = receive
        settings.send = True
        settings.rtcp_mux = rtcp_mux
        settings.open_window = True
        settings.timeout_ns = <int64_t>timeout_ms * 1000000
        stream_configure(&self.s, &settings, <int64_t>(now_ms * 1000000))

    def receive(self, bytes data, tuple source, object now_ms):
        """(kind, locked)"""
        cdef Received got
        cdef Address a = _address(source)
        cdef bytearray copy = bytearray(data + b"\0" * 16)
        cdef uint8_t* at = copy
        stream_receive(&self.s, at, <int>len(data), &a, <int64_t>(now_ms * 1000000), &got)
        return got.kind, bool(got.locked)

    def timeout(self, object now_ms):
        return stream_timeout(&self.s, <int64_t>(now_ms * 1000000))

    @property
    def counts(self):
        """(accepted, foreign, malformed)"""
        return self.s.count.rx_packets, self.s.count.foreign, self.s.count.malformed


cdef class Rtcp:
    cdef RtcpState state
    cdef Timeline tx
    cdef Reception rx

    def __cinit__(self, object random=99):
        tl_init(&self.tx, random)

    @property
    def ssrc(self):
        return self.tx.ssrc

    def hear(self, int sequence, object timestamp, object now_ms, object ssrc):
        cdef RtpPacket p = _packet(sequence, timestamp, ssrc)
        rx_packet(&self.rx, &p, <int64_t>(now_ms * 1000000), True)

    def receive(self, bytes data, object now_ms):
        return bool(rtcp_receive(&self.state, data, <int>len(data), self.tx.ssrc, <int64_t>(now_ms * 1000000), 0))

    def write(self, object now_ms, bint sent=True):
        cdef uint8_t[RTCP_MAX] out
        cdef int size = rtcp_write(&self.state, out, &self.tx, &self.rx, 10, 1600, sent, <int64_t>(now_ms * 1000000), 0)
        return <bytes>out[:size]

    def write_voip(self, int buffer_ms=0, int late=0):
        """An XR packet (RFC 3611), to be put behind a report."""
        cdef uint8_t[RTCP_MAX] out
        cdef VoipMetrics metrics
        metrics.rating = quality_rating(&self.rx, 0, 20.0)
        metrics.discard_q8 = late
        metrics.buffer_ms = buffer_ms
        metrics.largest_ms = 2 * buffer_ms
        metrics.signal_dbm0 = -17
        return <bytes>out[:rtcp_write_voip(&self.state, out, self.tx.ssrc, &self.rx, &metrics)]

    @property
    def remote_voip(self):
        """(R, MOS-CQ, discard in 1/256, end system delay in ms) or None"""
        if not self.state.remote_voip:
            return None
        return (self.state.remote_rating, self.state.remote_mos_q10 / 10.0, self.state.remote_discard,
                self.state.remote_system_ms)

    @property
    def round_trip_ms(self):
        return self.state.round_trip_ns / 1e6

    @property
    def reports(self):
        return self.state.reports

    @property
    def remote_fraction_lost(self):
        return self.state.remote_fraction_lost


cdef class Judge:
    """Reception and the quality of a leg, in virtual time."""

    cdef Reception rx
    cdef Quality q

    def packet(self, int sequence, object now_ms):
        cdef RtpPacket p = _packet(sequence, 160 * sequence, 1)
        rx_packet(&self.rx, &p, <int64_t>(now_ms * 1000000), True)

    def measure(self, bytes pcm, object now_ms):
        cdef const char* raw = pcm
        quality_measure(&self.q, <const int16_t*>raw, <int>(len(pcm) // 2), <int64_t>(now_ms * 1000000))

    def look(self, object now_ms, *, object sent=0, object delay_ms=20.0, bint receiving=True):
        """The verdict's bits when they have changed, else None."""
        if quality_look(&self.q, &self.rx, 0, delay_ms, sent, receiving, <int64_t>(now_ms * 1000000)):
            return self.q.verdict
        return None

    @property
    def mos(self):
        return self.q.mos

    @property
    def level_dbm0(self):
        return self.q.level_dbm0

    @property
    def bursts(self):
        """(bursts, packets in them, lost in them, isolated losses, runs, lost, ratio)"""
        b = self.rx.bursts
        return (b.bursts, b.in_bursts, b.lost_in_bursts, b.isolated, b.runs, b.lost,
                bursts_ratio(&self.rx.bursts, rx_expected(&self.rx)))
