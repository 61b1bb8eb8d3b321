"""Housekeeping; see house.pxd."""

from libc.stdint cimport int64_t, uint32_t

from core.base.atomics cimport load_acquire_i32, store_release_i32
from core.base.clock cimport now_ns
from core.engine.clips cimport CLIP_SLOTS, CLIP_UNUSED
from core.engine.commands cimport account, close_leg
from core.engine.hearing cimport poll_digits
from core.engine.messages cimport EV_CLIP_RELEASED, EV_RECORDING_ENDED
from core.engine.receive cimport send_rtcp, settle
from core.engine.recorder cimport (
    RECORDING_ENDED,
    RECORDING_REPORTED,
    RECORDING_SLOTS,
    Recording,
    record_duration_ms,
)
from core.engine.state cimport PENDING_TIMEOUT, Leg, Worker, emit, tell
from core.stream.stream cimport stream_timeout

cdef enum:
    HOUSE_PARTS = 8            # so each leg is seen 4 times a second


cdef void report_recordings(Worker* w) noexcept nogil:
    cdef int slot
    cdef uint32_t i
    cdef Recording* r
    for slot in range(RECORDING_SLOTS):
        if (load_acquire_i32(&w.recordings.states[slot]) != RECORDING_ENDED
                or w.recordings.workers[slot] != w.index):
            continue
        r = w.recordings.items[slot]
        if not r.begun:
            continue
        for i in range(w.active_count):
            if w.active[i].recording == r:
                w.active[i].recording = NULL
        # Reported before the event can be seen: Python may free it at once.
        store_release_i32(&w.recordings.states[slot], RECORDING_REPORTED)
        if not emit(w, EV_RECORDING_ENDED, 0, r.id, record_duration_ms(r), r.failure, now_ns()):
            store_release_i32(&w.recordings.states[slot], RECORDING_ENDED)
            return
        if w.recordings_open:
            w.recordings_open -= 1


cdef void _report_clips(Worker* w, int64_t now) noexcept nogil:
    """Releases whose event found the ring full."""
    cdef int slot
    for slot in range(CLIP_SLOTS):
        if load_acquire_i32(&w.clips.items[slot].state) == CLIP_UNUSED and w.clips.items[slot].worker == w.index:
            if not emit(w, EV_CLIP_RELEASED, 0, w.clips.items[slot].id, 0, 0, now):
                return
    w.clips_unreported = False


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
