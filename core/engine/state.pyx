"""Events towards Python, the tick wheel, sending; see state.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.base.atomics cimport exchange_i32, full_fence
from core.base.ring cimport SpscRing, spsc_commit, spsc_reserve
from core.base.sockets cimport epoll_add, epoll_remove, eventfd_signal, udp_send, udp_send_to
from core.engine.messages cimport (
    EV_DIGIT,
    EV_FIRST_PACKET,
    EV_LATCHED,
    EV_MEDIA_TIMEOUT,
    EV_PLAY_ENDED,
    EV_ROOM_PLAY_ENDED,
    EV_QUALITY,
    EV_TALKER,
    Event,
)
from core.signal.mixer cimport power_dbm0
from core.stream.latch cimport latch_destination
from core.stream.srtp cimport srtp_seal_rtp

cdef enum:                     # those that _tell_one tells
    TOLD_ALONE = (PENDING_LATCHED | PENDING_FIRST_PACKET | PENDING_PLAY_ENDED | PENDING_TIMEOUT | PENDING_OVERLAY_ENDED
                  | PENDING_TALKER | PENDING_QUALITY)


cdef bint emit(Worker* w, int kind, uint32_t stream, int64_t a, int64_t b, int64_t c, int64_t now) noexcept nogil:
    cdef SpscRing* ring = &w.digits if kind == EV_DIGIT else &w.events
    cdef Event* event = <Event*>spsc_reserve(ring)
    if event == NULL:
        w.count.dropped_events += 1
        return False
    event.kind = <uint32_t>kind
    event.stream = stream
    event.a = a
    event.b = b
    event.c = c
    event.when_ns = now
    spsc_commit(ring)
    w.unsignalled = True
    return True


cdef bint _tell_talker(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef uint32_t room = leg.room.id if leg.room != NULL else 0
    cdef bint talking = leg.voice != NULL and leg.voice.talker.talking
    cdef int level = power_dbm0(leg.voice.talker.power, leg.room.frame) if talking else -127
    return emit(w, EV_TALKER, leg.id, talking, level, room, now)


cdef bint _tell_one(Worker* w, Leg* leg, uint32_t which, int64_t now) noexcept nogil:
    if which == PENDING_LATCHED:
        return emit(w, EV_LATCHED, leg.id, <int64_t>leg.stream.latch.source.ip.high, <int64_t>leg.stream.latch.source.ip.low,
                    leg.stream.latch.source.port, now)
    if which == PENDING_FIRST_PACKET:
        return emit(w, EV_FIRST_PACKET, leg.id, 0, 0, 0, now)
    if which == PENDING_TIMEOUT:
        return emit(w, EV_MEDIA_TIMEOUT, leg.id, leg.silent_ms, 0, 0, now)
    if which == PENDING_OVERLAY_ENDED:
        return emit(w, EV_PLAY_ENDED, leg.id, leg.overlay_token, leg.overlay_finished, 1, now)
    if which == PENDING_TALKER:
        return _tell_talker(w, leg, now)
    if which == PENDING_QUALITY:
        return emit(w, EV_QUALITY, leg.id, leg.stream.quality.verdict, <int64_t>(leg.stream.quality.mos * 1000), 0, now)
    return emit(w, EV_PLAY_ENDED, leg.id, leg.ended_token, leg.ended_finished, 0, now)


cdef void tell(Worker* w, Leg* leg, uint32_t pending, int64_t now) noexcept nogil:
    if not _tell_one(w, leg, pending, now):
        leg.pending |= pending
        w.retry = True


cdef void tell_play_ended(Worker* w, Leg* leg, bint finished, int64_t now) noexcept nogil:
    # Tokens grow: when the ring is full, the end of the latest play says that those before it ended too.
    leg.ended_token = leg.player.token
    leg.ended_finished = finished
    tell(w, leg, PENDING_PLAY_ENDED, now)


cdef void tell_overlay_ended(Worker* w, Leg* leg, bint finished, int64_t now) noexcept nogil:
    leg.overlay_token = leg.overlay.token
    leg.overlay_finished = finished
    tell(w, leg, PENDING_OVERLAY_ENDED, now)


cdef void _tell_room(Worker* w, Room* room, int64_t now) noexcept nogil:
    room.untold = not emit(w, EV_ROOM_PLAY_ENDED, 0, room.ended_token, room.ended_finished, room.id, now)
    if room.untold:
        w.rooms_untold = True
        w.retry = True


cdef void tell_room_play_ended(Worker* w, Room* room, bint finished, int64_t now) noexcept nogil:
    room.ended_token = room.player.token
    room.ended_finished = finished
    _tell_room(w, room, now)


cdef void _retry_rooms(Worker* w, int64_t now) noexcept nogil:
    cdef uint32_t i
    w.rooms_untold = False
    for i in range(w.room_pool.capacity):
        if w.rooms[i] != NULL and w.rooms[i].untold:
            _tell_room(w, w.rooms[i], now)


cdef void tell_digit(Worker* w, Leg* leg, char code, int64_t duration_ms, bint in_band, int64_t now) noexcept nogil:
    cdef HeardDigit* kept
    if not leg.backlog_count and emit(w, EV_DIGIT, leg.id, code, duration_ms, in_band, now):
        return
    if leg.backlog_count < DIGIT_BACKLOG:
        kept = &leg.backlog[leg.backlog_count]
        kept.code = code
        kept.in_band = in_band
        kept.duration_ms = duration_ms
        kept.when_ns = now
        leg.backlog_count += 1
        leg.pending |= PENDING_DIGITS
        w.retry = True


cdef bint _retry_digits(Worker* w, Leg* leg) noexcept nogil:
    cdef int done = 0, i
    cdef HeardDigit* kept
    while done < leg.backlog_count:
        kept = &leg.backlog[done]
        if not emit(w, EV_DIGIT, leg.id, kept.code, kept.duration_ms, kept.in_band, kept.when_ns):
            break
        done += 1
    for i in range(done, leg.backlog_count):
        leg.backlog[i - done] = leg.backlog[i]
    leg.backlog_count -= done
    return leg.backlog_count == 0


cdef void retry_events(Worker* w, int64_t now) noexcept nogil:
    cdef uint32_t i, which
    cdef Leg* leg
    w.retry = False
    if w.rooms_untold:
        _retry_rooms(w, now)
    for i in range(w.active_count):
        leg = w.active[i]
        if not leg.pending:
            continue
        if leg.pending & PENDING_DIGITS and _retry_digits(w, leg):
            leg.pending &= ~<uint32_t>PENDING_DIGITS
        which = 1
        while which <= PENDING_QUALITY:
            if leg.pending & which & TOLD_ALONE and _tell_one(w, leg, which, now):
                leg.pending &= ~which
            which <<= 1
        if leg.pending & ~<uint32_t>PENDING_CLOSED:
            w.retry = True


cdef void signal_events(Worker* w) noexcept nogil:
    if w.unsignalled:
        w.unsignalled = False
        full_fence()
        if exchange_i32(&w.event_armed, 0):
            eventfd_signal(w.event_fd)


cdef void wheel_insert(Worker* w, Leg* leg, int64_t tick) noexcept nogil:
    cdef Leg** head = &w.wheel[tick % WHEEL]
    leg.tick = tick
    leg.previous = NULL
    leg.next = head[0]
    if head[0] != NULL:
        head[0].previous = leg
    head[0] = leg


cdef void start_ticking(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef int64_t current = (now - w.epoch_ns) // TICK_NS
    cdef int64_t period = leg.stream.ptime_ms * 1000000 // TICK_NS
    cdef int64_t tick
    cdef int step = sweep_ticks(w)
    if leg.ticking:
        return
    if w.ticking == 0 and w.rooms_ticking == 0:
        w.tick = current
    # The next tick whose phase within the packet time is the stagger's turn: with the looks for packets, not between them,
    # since a wake costs more than what a caller is sent.
    w.phase = (w.phase // step + 1) * step % 30
    tick = w.tick + 1
    tick += (<int64_t>w.phase - tick) % period
    if tick <= w.tick:
        tick += period
    leg.ticking = True
    w.ticking += 1
    wheel_insert(w, leg, tick)
    choose_watch(w, leg)


cdef void stop_ticking(Worker* w, Leg* leg) noexcept nogil:
    if not leg.ticking:
        return
    if leg.previous != NULL:
        leg.previous.next = leg.next
    else:
        w.wheel[leg.tick % WHEEL] = leg.next
    if leg.next != NULL:
        leg.next.previous = leg.previous
    leg.ticking = False
    w.ticking -= 1
    choose_watch(w, leg)


cdef inline bint _on_ticks(const Worker* w, const Leg* leg) noexcept nogil:
    if leg.room != NULL:
        return True
    # Who is swept stays so until its play ends, however few are left.
    return leg.ticking and leg.peer == NULL and not leg.echo and (leg.swept or w.ticking >= SWEEP_FROM)


cdef void choose_watch(Worker* w, Leg* leg) noexcept nogil:
    cdef bint swept = _on_ticks(w, leg)
    if swept == leg.swept:
        return
    epoll_remove(w.sweep_epoll if leg.swept else w.epoll, leg.stream.fd)
    epoll_add(w.sweep_epoll if swept else w.epoll, leg.stream.fd, leg.id)
    leg.swept = swept
    w.swept += 1 if swept else -1


cdef void end_watch(Worker* w, Leg* leg) noexcept nogil:
    epoll_remove(w.sweep_epoll if leg.swept else w.epoll, leg.stream.fd)
    w.swept -= leg.swept
    leg.swept = False


cdef void send_rtp(Leg* leg, uint8_t* data, int size, int payload) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef int sent
    if s.secure:
        if s.srtp_out == NULL or not s.latch.set:
            return
        size = srtp_seal_rtp(s.srtp_out, data, size)
    if size < 0:
        sent = -1
    elif s.connected:
        sent = udp_send(s.fd, data, size)
    else:
        sent = udp_send_to(s.fd, data, size, latch_destination(&s.latch))
    if sent < 0:
        s.count.send_errors += 1
        return
    s.count.tx_packets += 1
    s.count.tx_bytes += payload
