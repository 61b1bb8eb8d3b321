"""Commands on rooms; see room_commands.pxd."""

from libc.errno cimport ENOENT, ENOSPC
from libc.stdint cimport int64_t, uint32_t

from core.engine.bridge cimport arrange, part, supervise
from core.engine.listeners cimport stop_sharing
from core.engine.messages cimport (
    CMD_ROOM_CLOSE,
    CMD_ROOM_JOIN,
    CMD_ROOM_LEAVE,
    CMD_ROOM_OPEN,
    CMD_ROOM_PLAY,
    CMD_ROOM_STOP_PLAY,
    EV_ROOM_CLOSED,
    FLAG_ON,
    Command,
)
from core.engine.playing cimport end_room_play, play_refused, play_start_in_room
from core.engine.room cimport room_close, room_enter, room_exit, room_find, room_open, room_start
from core.engine.state cimport MEMBER_DEAF, WATCH_NONE, Leg, Room, Worker, emit
from core.engine.taping cimport leave_tap


cdef int _join(Worker* w, Leg* leg, Room* room, const Command* c, int64_t now) noexcept nogil:
    if leg == NULL or room == NULL:
        return ENOENT
    if leg.room == room and leg.watched == NULL:  # who was only a supervisor in it becomes a member
        if (leg.membership ^ c.flags) & MEMBER_DEAF:
            # What its encoder was fed until now is not what those have heard with whom it may share one.
            stop_sharing(w, leg)
            leg.listened = 0
        leg.membership = c.flags
        return 0
    part(w, leg, now)
    supervise(w, leg, NULL, WATCH_NONE, now)
    if leg.room != NULL:
        room_exit(w, leg, now)
    if not room_enter(w, room, leg, c.flags, now):
        arrange(w, leg, now)
        return ENOSPC
    arrange(w, leg, now)
    return 0


cdef int _leave(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    if leg == NULL:
        return ENOENT
    if leg.room != NULL and leg.room.id:
        room_exit(w, leg, now)
        arrange(w, leg, now)
    return 0


cdef int _close(Worker* w, Room* room, int64_t now) noexcept nogil:
    cdef uint32_t id
    cdef Leg* leg
    if room == NULL:
        return ENOENT
    id = room.id
    end_room_play(w, room, False, now)
    leave_tap(w, &room.tap, 0, now)
    while room.count:
        leg = room.members[room.count - 1]
        room_exit(w, leg, now)
        leg.unsettled = True
        w.unsettled = True
    room_close(w, room, now)
    emit(w, EV_ROOM_CLOSED, 0, id, 0, 0, now)
    return 0


cdef int _play(Worker* w, Room* room, const Command* c, int64_t now) noexcept nogil:
    if room == NULL:
        play_refused(w, c)
        return ENOENT
    play_start_in_room(w, room, c, now)
    room_start(w, room, now)
    return 0


cdef int run_room_command(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil:
    cdef Room* room
    if c.kind == CMD_ROOM_OPEN:
        return room_open(w, c.stream, c.count * 1000, (c.flags & FLAG_ON) != 0)
    if c.kind == CMD_ROOM_JOIN:
        return _join(w, leg, room_find(w, c.other), c, now)
    if c.kind == CMD_ROOM_LEAVE:
        return _leave(w, leg, now)
    room = room_find(w, c.stream)
    if c.kind == CMD_ROOM_CLOSE:
        return _close(w, room, now)
    if c.kind == CMD_ROOM_PLAY:
        return _play(w, room, c, now)
    if c.kind == CMD_ROOM_STOP_PLAY and room != NULL:
        end_room_play(w, room, False, now)
    return 0
