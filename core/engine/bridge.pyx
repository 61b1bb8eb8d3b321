"""The decision where a pair is carried, and the placement on the tick; see bridge.pxd."""

from libc.stdint cimport int64_t, uint32_t

from core.engine.digits cimport digits_release
from core.engine.relay cimport RELAY
from core.engine.room cimport room_enter, room_exit, room_new, room_tidy
from core.engine.state cimport (
    MAX_PLACEMENTS,
    MEMBER_MUTED,
    RATE_PAIR,
    WATCH_LISTEN,
    WATCH_NONE,
    Leg,
    Placement,
    Room,
    Worker,
    choose_watch,
)
from core.stream.codec cimport codec_is_g711, codec_rate
from core.stream.stream cimport Received

cdef Placement TICK            # jitter buffer, decoding, mixing and encoding on the tick: carries everything


cdef bint _admit(Worker* w, Room* room, Leg* leg, int64_t now) noexcept nogil:
    if leg.room == room:
        return True
    if leg.room != NULL:
        room_exit(w, leg, now)
    return room_enter(w, room, leg, 0, now)


cdef void _admit_watchers(Worker* w, Room* room, Leg* leg, int64_t now) noexcept nogil:
    cdef Leg* watcher = leg.watchers
    while watcher != NULL:
        if _admit(w, room, watcher, now):
            watcher.membership = MEMBER_MUTED if watcher.watch == WATCH_LISTEN else 0
        watcher = watcher.next_watcher


cdef void _dismiss(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    """Out of the room that the worker made: the leg and its supervisors."""
    cdef Leg* watcher = leg.watchers
    while watcher != NULL:
        if watcher.room != NULL and watcher.room.id == 0:
            room_exit(w, watcher, now)
        watcher = watcher.next_watcher
    if leg.room != NULL and leg.room.id == 0:
        room_exit(w, leg, now)


cdef bint _tick_fits(Worker* w, Leg* a, Leg* b) noexcept nogil:
    return True


cdef int pair_rate(const Leg* a, const Leg* b) noexcept nogil:
    """As wide as both can hear; a tape takes telephone sound."""
    cdef int low = a.coder.rate if a.coder != NULL else codec_rate(a.stream.codec, 0)
    cdef int other = b.coder.rate if b.coder != NULL else codec_rate(b.stream.codec, 0)
    if other < low:
        low = other
    if a.tap != NULL or b.tap != NULL:
        low = RATE_PAIR
    return low


cdef bint _tick_enter(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    cdef Room* room = a.room if a.room != NULL else b.room
    if room == NULL:
        room = room_new(w, pair_rate(a, b))
    if room == NULL:
        return False
    if not _admit(w, room, a, now) or not _admit(w, room, b, now):
        _dismiss(w, a, now)
        _dismiss(w, b, now)
        room_tidy(w, room)
        return False
    _admit_watchers(w, room, a, now)
    _admit_watchers(w, room, b, now)
    return True


cdef void _tick_leave(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    _dismiss(w, a, now)
    _dismiss(w, b, now)


cdef void _tick_carry(Worker* w, Leg* source, Leg* to, Received* got, int64_t now) noexcept nogil:
    pass  # the leg's voice has it already (core/engine/hearing)


cdef void default_placements(Worker* w) noexcept nogil:
    w.placements[0] = &RELAY
    w.placements[1] = &TICK


cdef bint prefer_placement(Worker* w, const Placement* placement) noexcept nogil:
    cdef int i
    if w.placements[MAX_PLACEMENTS - 2] != NULL:
        return False
    for i in range(MAX_PLACEMENTS - 2, 0, -1):
        w.placements[i] = w.placements[i - 1]
    w.placements[0] = placement
    return True


cdef void _take_off(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    cdef const Placement* old = a.placement
    a.placement = b.placement = NULL
    if old != NULL:
        old.leave(w, a, b, now)


cdef void _place(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    cdef int i
    cdef const Placement* candidate
    for i in range(MAX_PLACEMENTS):
        candidate = w.placements[i]
        if candidate == NULL:
            return
        if not candidate.fits(w, a, b):
            continue
        if a.placement != candidate:
            _take_off(w, a, b, now)
        if candidate.enter(w, a, b, now):
            a.placement = b.placement = candidate
            return
        a.placement = b.placement = NULL


cdef bint _heard_by_tick(const Leg* leg) noexcept nogil:
    """A tape, or an ear for digits, that can make nothing of the packets themselves."""
    return (not codec_is_g711(leg.stream.codec) and leg.stream.configured
            and (leg.tap != NULL or leg.stream.heard_event_type < 0))


cdef void _gather(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    """Supervisors of a leg without a partner: in its conference, or in a room with it alone."""
    cdef Room* room = leg.room
    if leg.watchers == NULL and not _heard_by_tick(leg):
        if room != NULL and room.id == 0:
            room_exit(w, leg, now)
        return
    if room == NULL:
        room = room_new(w, RATE_PAIR)
        if room == NULL or not room_enter(w, room, leg, 0, now):
            return
    _admit_watchers(w, room, leg, now)


cdef void arrange(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    if leg.watched != NULL:
        leg = leg.watched
    if leg.peer != NULL:
        _place(w, leg, leg.peer, now)
    else:
        _gather(w, leg, now)


cdef void join(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    part(w, a, now)
    part(w, b, now)
    supervise(w, a, NULL, WATCH_NONE, now)
    supervise(w, b, NULL, WATCH_NONE, now)
    if a.room != NULL:
        room_exit(w, a, now)
    if b.room != NULL:
        room_exit(w, b, now)
    a.peer = b
    b.peer = a
    choose_watch(w, a)
    choose_watch(w, b)
    _place(w, a, b, now)


cdef void part(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef Leg* other = leg.peer
    if other == NULL:
        return
    _take_off(w, leg, other, now)
    other.peer = NULL
    leg.peer = NULL
    digits_release(&leg.digits)
    digits_release(&other.digits)
    choose_watch(w, other)
    choose_watch(w, leg)
    arrange(w, other, now)
    arrange(w, leg, now)


cdef void _unlink(Leg* supervisor) noexcept nogil:
    cdef Leg** link = &supervisor.watched.watchers
    while link[0] != supervisor:
        link = &link[0].next_watcher
    link[0] = supervisor.next_watcher
    supervisor.watched = NULL
    supervisor.watch = WATCH_NONE


cdef void supervise(Worker* w, Leg* supervisor, Leg* watched, int watch, int64_t now) noexcept nogil:
    cdef Leg* before = supervisor.watched
    if before == NULL and watch == WATCH_NONE:
        return
    if before != NULL and (before != watched or watch == WATCH_NONE):
        _unlink(supervisor)
        if supervisor.room != NULL:
            room_exit(w, supervisor, now)
        arrange(w, before, now)
        if not supervisor.closing:
            # It may have a tape that wants it heard, though it was the other one who went.
            supervisor.unsettled = True
            w.unsettled = True
    if watch == WATCH_NONE:
        return
    if supervisor.watched == NULL:
        part(w, supervisor, now)
        if supervisor.room != NULL:
            room_exit(w, supervisor, now)
        supervisor.watched = watched
        supervisor.next_watcher = watched.watchers
        watched.watchers = supervisor
    supervisor.watch = watch
    arrange(w, watched, now)


cdef void leave_all(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    part(w, leg, now)
    supervise(w, leg, NULL, WATCH_NONE, now)
    while leg.watchers != NULL:
        supervise(w, leg.watchers, NULL, WATCH_NONE, now)
    if leg.room != NULL:
        room_exit(w, leg, now)


TICK.name = b"tick"
TICK.fits = _tick_fits
TICK.enter = _tick_enter
TICK.leave = _tick_leave
TICK.carry = _tick_carry
