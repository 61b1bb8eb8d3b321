"""Commands on legs; see commands.pxd."""

from libc.errno cimport EBUSY, EINVAL, ENOENT, ENOMEM, ENOSPC
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.base.atomics cimport store_release_i32, store_release_u32
from core.base.clock cimport NS_PER_MS
from core.base.pool cimport pool_give
from core.base.sockets cimport epoll_add, epoll_remove, udp_disconnect
from core.engine.accounts cimport account
from core.engine.bridge cimport arrange, join, leave_all, part, supervise
from core.engine.coding cimport coder_attach, coder_detach
from core.engine.digits cimport digits_queue
from core.engine.listeners cimport stop_sharing
from core.engine.messages cimport (
    CMD_BRIDGE,
    CMD_CLOSE,
    CMD_CONFIGURE,
    CMD_ECHO,
    CMD_GAIN,
    CMD_ARRIVE,
    CMD_LATCH,
    CMD_MOVE,
    CMD_OPEN,
    CMD_PLAY,
    CMD_PROTECT,
    CMD_RECORD,
    CMD_RELEASE_CLIP,
    CMD_ROOM_OPEN,
    CMD_ROOM_STOP_PLAY,
    CMD_SEND_DIGITS,
    CMD_STOP,
    CMD_STOP_OVERLAY,
    CMD_STOP_PLAY,
    CMD_STOP_RECORD,
    CMD_SUPERVISE,
    CMD_UNBRIDGE,
    EV_COMMAND_FAILED,
    EV_MOVED,
    EV_RTCP_SPARE,
    EV_STREAM_CLOSED,
    FLAG_DEMUX,
    FLAG_DIGITS_SIGNALLED,
    FLAG_ON,
    FLAG_OPEN_WINDOW,
    FLAG_OVERLAY,
    FLAG_RECEIVE,
    FLAG_RTCP_MUX,
    FLAG_SECURE,
    FLAG_SEND,
    FLAG_SUPPRESS,
    Command,
)
from core.engine.moving cimport leg_open, move_in, move_out
from core.engine.playing cimport end_overlay, end_play, play_refused, play_start
from core.engine.receive cimport settle
from core.engine.room_commands cimport run_room_command
from core.engine.taping cimport leave_tap, run_record, stop_record
from core.engine.state cimport (
    PENDING_CLOSED,
    RTCP_BIT,
    WATCH_NONE,
    Leg,
    Worker,
    choose_watch,
    emit,
    end_watch,
    find_leg,
    start_ticking,
    stop_ticking,
    tell_digit,
)
from core.stream.latch cimport latch_tell
from core.stream.srtp cimport Srtp
from core.stream.stream cimport Stream, StreamSettings, stream_configure


cdef void _settle_rtcp(Worker* w, Leg* leg, int other_fd, int64_t now) noexcept nogil:
    """With rtcp-mux the RTCP socket goes back to Python; a far end that wants one after all gets another."""
    cdef Stream* s = &leg.stream
    if other_fd > 0 and s.rtcp_fd < 0:
        if epoll_add(w.epoll, other_fd, leg.id | RTCP_BIT) == 0:
            s.rtcp_fd = other_fd
    # Lost when the ring of events is full: then the socket stays as long as the stream.
    elif s.rtcp_mux and s.rtcp_fd >= 0 and emit(w, EV_RTCP_SPARE, leg.id, s.fd, 0, 0, now):
        epoll_remove(w.epoll, s.rtcp_fd)
        s.rtcp_fd = -1


cdef int _configure(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil:
    cdef StreamSettings settings
    settings.remote = c.remote
    settings.rtcp_remote = c.remote
    settings.rtcp_remote.port = c.rtcp_port
    settings.signalling_ip = c.signalling_ip
    settings.latch = c.latch
    settings.codec = c.codec
    settings.payload_type = c.payload_type
    settings.event_payload_type = c.event_payload_type
    settings.heard_payload_type = c.heard_payload_type
    settings.heard_event_type = c.heard_event_type
    settings.noise_payload_type = c.noise_payload_type
    settings.suppress = (c.flags & FLAG_SUPPRESS) != 0
    settings.signalled_digits = (c.flags & FLAG_DIGITS_SIGNALLED) != 0
    settings.ptime_ms = c.ptime_ms
    settings.receive = (c.flags & FLAG_RECEIVE) != 0
    settings.send = (c.flags & FLAG_SEND) != 0
    settings.rtcp_mux = (c.flags & FLAG_RTCP_MUX) != 0
    settings.open_window = (c.flags & FLAG_OPEN_WINDOW) != 0
    settings.secure = (c.flags & FLAG_SECURE) != 0
    settings.demux = (c.flags & FLAG_DEMUX) != 0
    settings.timeout_ns = <int64_t>c.rtp_timeout_ms * NS_PER_MS
    if c.event_payload_type >= 0 and leg.listening:
        if leg.sounding:
            tell_digit(w, leg, leg.sounding, leg.detector.last_ms, True, now)
        leg.listening = False
        leg.sounding = 0
    if stream_configure(&leg.stream, &settings, now):
        udp_disconnect(leg.stream.fd)
    _settle_rtcp(w, leg, c.rtcp_fd, now)
    # With another codec it has nothing to hand over any more.
    stop_sharing(w, leg)
    if not coder_attach(w, leg):
        return ENOMEM
    settle(w, leg, now)
    if leg.peer != NULL or (leg.room != NULL and leg.room.id == 0):
        # Another codec may want another placement, or none.
        leg.unsettled = True
        w.unsettled = True
    return 0


cdef inline void _let_go(Srtp** place, Srtp* new) noexcept nogil:
    if place[0] != NULL:
        # Python's thread may free it from here on.
        store_release_i32(&place[0].released, 1)
    place[0] = new


cdef int _protect(Worker* w, Leg* leg, const Command* c) noexcept nogil:
    if c.srtp_in >= w.srtp.capacity or c.srtp_out >= w.srtp.capacity:
        return EINVAL
    leg.stream.secure = True
    if c.srtp_in:
        _let_go(&leg.stream.srtp_in, &w.srtp.items[c.srtp_in])
    if c.srtp_out:
        _let_go(&leg.stream.srtp_out, &w.srtp.items[c.srtp_out])
    return 0


cdef int _latch(Worker* w, Leg* leg, const Command* c) noexcept nogil:
    if leg.stream.connected:
        leg.stream.connected = False
        udp_disconnect(leg.stream.fd)
    latch_tell(&leg.stream.latch, &c.remote)
    leg.stream.rtcp_source.family = 0
    leg.stream.rtcp_remote = c.remote
    return 0


cdef int _send_digits(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil:
    cdef int i
    cdef const char* digits = <const char*>c.values
    for i in range(c.count):
        if not digits_queue(&leg.digits, digits[i], c.duration_ms):
            return ENOSPC
    start_ticking(w, leg, now)
    return 0


cdef bint _part_with_sockets(Worker* w, Leg* leg) noexcept nogil:
    """The sockets go back to Python's thread, which keeps them for the next call; False if they are of no more use."""
    cdef Stream* s = &leg.stream
    end_watch(w, leg)
    epoll_remove(w.epoll, s.rtcp_fd)
    return not s.connected or udp_disconnect(s.fd) == 0


cdef bint _tell_end(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    if leg.moved_to:
        return emit(w, EV_MOVED, leg.id, leg.moved_to, 0, 0, now)
    return emit(w, EV_STREAM_CLOSED, leg.id, leg.stream.fd, leg.reusable, 0, now)


cdef bint close_leg(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef uint32_t last = w.active_count - 1
    if not leg.closing:
        leg.closing = True
        stop_ticking(w, leg)
        end_play(w, leg, False, now)
        end_overlay(w, leg, False, now)
        if leg.sounding:
            tell_digit(w, leg, leg.sounding, leg.detector.last_ms, True, now)
        leave_all(w, leg, now)
        coder_detach(w, leg)
        leave_tap(w, &leg.tap, 0, now)
        leave_tap(w, &leg.heard_tap, 0, now)
        leg.reusable = _part_with_sockets(w, leg)
        leg.stream.srtp_in = leg.stream.srtp_out = NULL
        account(w, leg)
    # Its slot is given back only when Python knows, and knows all that came before.
    if leg.pending & ~<uint32_t>PENDING_CLOSED or not _tell_end(w, leg, now):
        leg.pending |= PENDING_CLOSED
        w.retry = True
        return False
    w.active[leg.active_index] = w.active[last]
    w.active[leg.active_index].active_index = leg.active_index
    w.active_count = last
    w.count.streams = last
    # Python's thread takes the ports for free once it sees this.
    store_release_u32(&leg.id, 0)
    pool_give(&w.pool, leg.slot)
    return True


cdef int _supervise(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil:
    cdef Leg* other = find_leg(w, c.other) if c.other else NULL
    if c.flags != WATCH_NONE and (other == NULL or other == leg or other.watched != NULL or leg.watchers != NULL):
        return EINVAL
    supervise(w, leg, other, <int>c.flags, now)
    return 0


cdef int _on_leg(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil:
    cdef Leg* other
    if c.kind == CMD_OPEN:
        return leg_open(w, leg)
    if c.kind == CMD_CONFIGURE:
        return _configure(w, leg, c, now)
    if c.kind == CMD_PLAY:
        play_start(w, leg, c, now)
        if c.flags & FLAG_OVERLAY:
            arrange(w, leg, now)
    elif c.kind == CMD_STOP_PLAY:
        end_play(w, leg, False, now)
    elif c.kind == CMD_STOP_OVERLAY:
        end_overlay(w, leg, False, now)
    elif c.kind == CMD_SEND_DIGITS:
        return _send_digits(w, leg, c, now)
    elif c.kind == CMD_BRIDGE:
        other = find_leg(w, c.other)
        if other == NULL or other == leg:
            return EINVAL
        join(w, leg, other, now)
    elif c.kind == CMD_UNBRIDGE:
        part(w, leg, now)
    elif c.kind == CMD_GAIN:
        leg.gain = c.gain
        arrange(w, leg, now)
    elif c.kind == CMD_SUPERVISE:
        return _supervise(w, leg, c, now)
    elif c.kind == CMD_ECHO:
        leg.echo = (c.flags & FLAG_ON) != 0
        choose_watch(w, leg)
    elif c.kind == CMD_PROTECT:
        return _protect(w, leg, c)
    elif c.kind == CMD_LATCH:
        return _latch(w, leg, c)
    elif c.kind == CMD_MOVE:
        move_out(w, leg, c.other, now)
        close_leg(w, leg, now)
    elif c.kind == CMD_ARRIVE:
        return move_in(w, leg, now)
    elif c.kind == CMD_CLOSE:
        close_leg(w, leg, now)
    return 0


cdef void run_command(Worker* w, const Command* c, int64_t now) noexcept nogil:
    cdef Leg* leg = find_leg(w, c.stream)
    cdef int failure = 0
    if c.kind == CMD_STOP:
        w.running = False
    elif c.kind == CMD_RECORD:
        failure = run_record(w, leg, c, now)
    elif c.kind == CMD_STOP_RECORD:
        stop_record(w, c, now)
    elif c.kind == CMD_RELEASE_CLIP:
        play_refused(w, c)
    elif CMD_ROOM_OPEN <= c.kind <= CMD_ROOM_STOP_PLAY:
        failure = run_room_command(w, leg, c, now)
    elif leg == NULL:
        failure = ENOENT
        if c.kind == CMD_PLAY:
            play_refused(w, c)
    else:
        failure = _on_leg(w, leg, c, now)
    if leg != NULL and leg.coder != NULL and not leg.closing:
        # A tape, for instance, wants a codec with state heard on the tick.
        leg.unsettled = True
        w.unsettled = True
    if failure:
        emit(w, EV_COMMAND_FAILED, c.stream, c.kind, failure, c.sequence, now)
