"""Measuring by samples; see sampling.pxd."""

from libc.stdint cimport int16_t, int64_t

from core.engine.coder cimport Coder
from core.engine.heavy cimport heavy_measure
from core.engine.state cimport Leg, Worker
from core.signal.g722 cimport g722_init
from core.stream.codec cimport codec_sound
from core.stream.quality cimport quality_measure
from core.stream.stream cimport Received

cdef enum:
    RUN = 3                    # packets of a measurement
    LONGEST = 2880             # samples of a packet that is measured: 60 ms at 48 kHz
    REST_NS = 1000000000       # added to the second between two measurements


cdef void _measured(Leg* leg, int64_t now) noexcept nogil:
    leg.coder.sampled = 0
    leg.stream.quality.sample_due = False
    leg.stream.quality.sample_ns = now + REST_NS


cdef void sample_packet(Worker* w, Leg* leg, const Received* got, int64_t now) noexcept nogil:
    cdef Coder* c = leg.coder
    cdef int16_t[LONGEST] pcm
    cdef int n
    if c == NULL or got.codec != c.codec:
        return
    c.sampled += 1
    if c.heavy:
        heavy_measure(w.heavy, c.heavy, got.packet.payload, got.packet.size, c.sampled >= RUN, now)
        if c.sampled >= RUN:
            _measured(leg, now)
        return
    if c.sampled == 1:
        g722_init(&c.ear)
    n = codec_sound(&c.ear, c.codec, got.packet.payload, got.packet.size, pcm, LONGEST)
    if c.sampled >= RUN:
        quality_measure(&leg.stream.quality, pcm, n, now)
        _measured(leg, now)
