"""Housekeeping; see house.pxd."""

from libc.stdint cimport int64_t, uint32_t

from core.base.atomics cimport load_acquire_i32
from core.engine.accounts cimport account
from core.engine.clips cimport CLIP_SLOTS, CLIP_UNUSED
from core.engine.coding cimport coder_adapt
from core.engine.commands cimport close_leg
from core.engine.hearing cimport poll_digits
from core.engine.messages cimport EV_CLIP_RELEASED
from core.engine.receive cimport leg_delay_ms, send_rtcp, settle
from core.engine.state cimport PENDING_QUALITY, PENDING_TIMEOUT, Leg, Worker, emit, tell
from core.engine.taping cimport report_recordings
from core.stream.quality cimport quality_look, quality_tick
from core.stream.stream cimport Stream, stream_timeout

cdef enum:
    HOUSE_PARTS = 8            # so each leg is seen 4 times a second


cdef void _report_clips(Worker* w, int64_t now) noexcept nogil:
    """Releases whose event found the ring full."""
    cdef int slot
    for slot in range(CLIP_SLOTS):
        if load_acquire_i32(&w.clips.items[slot].state) == CLIP_UNUSED and w.clips.items[slot].worker == w.index:
            if not emit(w, EV_CLIP_RELEASED, 0, w.clips.items[slot].id, 0, 0, now):
                return
    w.clips_unreported = False


cdef void _judge(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef Stream* s = &leg.stream
    quality_tick(&s.quality, now)
    if s.configured and quality_look(&s.quality, &s.rx, s.codec, leg_delay_ms(leg), s.count.tx_packets,
                                     s.receive and s.send, now):
        tell(w, leg, PENDING_QUALITY, now)


cdef void _look_after(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef int64_t silent
    if leg.closing:
        close_leg(w, leg, now)
        return
    leg.passed_up = 0
    settle(w, leg, now)
    poll_digits(w, leg, now)
    silent = stream_timeout(&leg.stream, now)
    if silent:
        leg.silent_ms = silent
        tell(w, leg, PENDING_TIMEOUT, now)
    _judge(w, leg, now)
    coder_adapt(w, leg)
    send_rtcp(w, leg, now)
    account(w, leg)


cdef void housekeeping(Worker* w, int64_t now) noexcept nogil:
    cdef uint32_t part = (w.active_count + HOUSE_PARTS - 1) // HOUSE_PARTS
    if now < w.house_ns:
        return
    w.house_ns = now + HOUSE_NS
    while part > 0 and w.active_count:
        if w.house_cursor >= w.active_count:
            w.house_cursor = 0
        _look_after(w, w.active[w.house_cursor], now)
        w.house_cursor += 1
        part -= 1
    if w.recordings_open:
        report_recordings(w)
    if w.clips_unreported:
        _report_clips(w, now)
