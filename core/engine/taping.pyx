"""Taps of legs and rooms; see taping.pxd."""

from libc.errno cimport EBUSY, ENOENT
from libc.stdint cimport int64_t, uint32_t

from core.base.atomics cimport load_acquire_i32, store_release_i32
from core.base.clock cimport now_ns
from core.base.sockets cimport eventfd_signal
from core.engine.messages cimport EV_RECORDING_ENDED, FLAG_HEARD, FLAG_ROOM, Command
from core.engine.recorder cimport (
    RECORDING_ENDED,
    RECORDING_REPORTED,
    RECORDING_SLOTS,
    Recording,
    Tap,
    record_duration_ms,
    record_find,
    record_leave,
)
from core.engine.room cimport room_find, room_rest, room_start
from core.engine.state cimport Leg, Room, Worker, emit


cdef void leave_tap(Worker* w, Tap** tap, int failure, int64_t now) noexcept nogil:
    cdef Tap* left = tap[0]
    tap[0] = NULL
    if left != NULL and record_leave(left, failure, now):
        eventfd_signal(w.recordings.wake_fd)


cdef int run_record(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil:
    # It is not freed before its last tap is left, and this one is not.
    cdef Recording* r = record_find(w.recordings, c.token)
    cdef Room* room = room_find(w, c.stream) if c.flags & FLAG_ROOM else NULL
    cdef Tap* tap
    cdef Tap** place
    if r == NULL:
        return ENOENT
    tap = r.taps[c.count]
    if w.recordings.workers[c.token % RECORDING_SLOTS] == w.index and not r.begun:
        r.begun = True
        w.recordings_open += 1
    place = NULL
    if room != NULL:
        place = &room.tap
    elif leg != NULL:
        place = &leg.heard_tap if c.flags & FLAG_HEARD else &leg.tap
    if place == NULL or place[0] != NULL:
        # The end of the recording tells Python.
        leave_tap(w, &tap, EBUSY, now)
        return 0
    place[0] = tap
    if room != NULL:
        room.recorded = 0
        room_start(w, room, now)
    return 0


cdef inline bint _meant(const Tap* tap, const Command* c) noexcept nogil:
    return tap != NULL and tap.recording.id == c.token and (c.flags == 0 or tap == tap.recording.taps[c.count])


cdef void stop_record(Worker* w, const Command* c, int64_t now) noexcept nogil:
    # By its streams and not by the table: one that ended by itself may be freed by Python at this moment.
    cdef uint32_t i
    for i in range(w.active_count):
        if _meant(w.active[i].tap, c):
            leave_tap(w, &w.active[i].tap, 0, now)
            # Its pair may be relayed again.
            w.active[i].unsettled = True
            w.unsettled = True
        if _meant(w.active[i].heard_tap, c):
            leave_tap(w, &w.active[i].heard_tap, 0, now)
    for i in range(w.room_pool.capacity if w.count.rooms else 0):
        if w.rooms[i] != NULL and _meant(w.rooms[i].tap, c):
            leave_tap(w, &w.rooms[i].tap, 0, now)
            room_rest(w, w.rooms[i])


cdef inline void _leave_ended(Worker* w, Tap** tap, int64_t now) noexcept nogil:
    if tap[0] != NULL and load_acquire_i32(
            &w.recordings.states[tap[0].recording.id % RECORDING_SLOTS]) == RECORDING_ENDED:
        leave_tap(w, tap, 0, now)


cdef void _leave_broken(Worker* w, int64_t now) noexcept nogil:
    """Recordings that the writer gave up (a full disk): their taps are left."""
    cdef uint32_t i
    for i in range(w.active_count):
        _leave_ended(w, &w.active[i].tap, now)
        _leave_ended(w, &w.active[i].heard_tap, now)
    for i in range(w.room_pool.capacity if w.count.rooms else 0):
        if w.rooms[i] != NULL:
            _leave_ended(w, &w.rooms[i].tap, now)


cdef void report_recordings(Worker* w) noexcept nogil:
    cdef int slot
    cdef Recording* r
    _leave_broken(w, now_ns())
    for slot in range(RECORDING_SLOTS):
        if (load_acquire_i32(&w.recordings.states[slot]) != RECORDING_ENDED
                or w.recordings.workers[slot] != w.index):
            continue
        r = w.recordings.items[slot]
        if not r.begun or load_acquire_i32(&r.open_taps):
            continue
        # Reported before the event can be seen: Python may free it at once.
        store_release_i32(&w.recordings.states[slot], RECORDING_REPORTED)
        if not emit(w, EV_RECORDING_ENDED, 0, r.id, record_duration_ms(r), r.failure, now_ns()):
            store_release_i32(&w.recordings.states[slot], RECORDING_ENDED)
            return
        if w.recordings_open:
            w.recordings_open -= 1
