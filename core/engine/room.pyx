"""Membership; see room.pxd."""

from libc.errno cimport EEXIST, ENOMEM
from libc.stdint cimport int64_t, uint32_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from core.base.frame cimport RATE_HZ
from core.base.pool cimport id_slot, pool_give
from core.engine.listeners cimport stop_sharing
from core.engine.state cimport (
    MAX_MEMBERS,
    ROOM_TICKS,
    SWEEP_TICKS,
    TICK_NS,
    Leg,
    Room,
    Worker,
    choose_watch,
    start_ticking,
)
from core.engine.voice cimport Voice, voice_start
from core.signal.mixer cimport dbm0_power
from core.signal.resample cimport resample_init
from core.stream.timeline cimport SOURCE_NONE

cdef enum:
    FIRST_MEMBERS = 4
    VOICE_BLOCK = 8            # voices that are allocated together
    TALK_DBM0 = -42            # softer than this is no talk


cdef bint _more_voices(Worker* w) noexcept nogil:
    """By command, never by packet; they stay with the worker until it ends."""
    cdef Voice* block = <Voice*>calloc(VOICE_BLOCK, sizeof(Voice))
    cdef void** blocks
    cdef int i
    if block == NULL:
        return False
    blocks = <void**>realloc(w.voice_blocks, (w.voice_block_count + 1) * sizeof(void*))
    if blocks == NULL:
        free(block)
        return False
    blocks[w.voice_block_count] = block
    w.voice_blocks = blocks
    w.voice_block_count += 1
    for i in range(VOICE_BLOCK):
        block[i].spare = w.spare_voices
        w.spare_voices = &block[i]
    return True


cdef Room* room_new(Worker* w, int rate) noexcept nogil:
    cdef Room* room = w.spare_rooms
    cdef Leg** members
    cdef uint32_t capacity
    if room != NULL:
        w.spare_rooms = room.spare
    else:
        room = <Room*>calloc(1, sizeof(Room))
        if room == NULL:
            return NULL
    members = room.members
    capacity = room.capacity
    memset(room, 0, sizeof(Room))
    room.members = members
    room.capacity = capacity
    room.rate = rate
    room.frame = rate // 50
    room.threshold = dbm0_power(TALK_DBM0, room.frame)
    resample_init(&room.narrow, rate, RATE_HZ)
    room.phase = -1
    return room


cdef int room_open(Worker* w, uint32_t id, int rate, bint gate) noexcept nogil:
    cdef Room* room
    if w.rooms[id_slot(id)] != NULL:
        return EEXIST
    room = room_new(w, rate)
    if room == NULL:
        pool_give(&w.room_pool, id_slot(id))
        return ENOMEM
    room.id = id
    room.gate = gate
    w.rooms[id_slot(id)] = room
    w.count.rooms += 1
    return 0


cdef Room* room_find(Worker* w, uint32_t id) noexcept nogil:
    cdef Room* room = w.rooms[id_slot(id)] if id and id_slot(id) < w.room_pool.capacity else NULL
    return room if room != NULL and room.id == id else NULL


cdef void room_tidy(Worker* w, Room* room) noexcept nogil:
    if room.id == 0 and room.count == 0:
        room.spare = w.spare_rooms
        w.spare_rooms = room


cdef void room_close(Worker* w, Room* room, int64_t now) noexcept nogil:
    cdef uint32_t slot = id_slot(room.id)
    while room.count:
        room_exit(w, room.members[room.count - 1], now)
    room_rest(w, room)
    room.id = 0
    w.rooms[slot] = NULL
    w.count.rooms -= 1
    pool_give(&w.room_pool, slot)
    room_tidy(w, room)


cdef void room_start(Worker* w, Room* room, int64_t now) noexcept nogil:
    """Into the tick that has the fewest members, of those at which packets are looked for."""
    cdef int turn, best = 0
    if room.phase >= 0:
        return
    for turn in range(1, ROOM_TICKS // SWEEP_TICKS):
        if w.room_load[turn * SWEEP_TICKS] < w.room_load[best]:
            best = turn * SWEEP_TICKS
    if w.ticking == 0 and w.rooms_ticking == 0:
        w.tick = (now - w.epoch_ns) // TICK_NS
    room.phase = best
    room.previous = NULL
    room.next = w.rooms_by_phase[best]
    if room.next != NULL:
        room.next.previous = room
    w.rooms_by_phase[best] = room
    w.rooms_ticking += 1


cdef void _stop(Worker* w, Room* room) noexcept nogil:
    if room.phase < 0:
        return
    if room.next != NULL:
        room.next.previous = room.previous
    if room.previous != NULL:
        room.previous.next = room.next
    else:
        w.rooms_by_phase[room.phase] = room.next
    w.rooms_ticking -= 1
    room.phase = -1


cdef void room_rest(Worker* w, Room* room) noexcept nogil:
    if room.count == 0 and not room.player.active and room.tap == NULL:
        _stop(w, room)


cdef bint _grow(Room* room) noexcept nogil:
    cdef uint32_t capacity = room.capacity * 2 if room.capacity else FIRST_MEMBERS
    cdef Leg** members
    if room.count < room.capacity:
        return True
    if room.count >= MAX_MEMBERS:
        return False
    members = <Leg**>realloc(room.members, capacity * sizeof(Leg*))
    if members == NULL:
        return False
    room.members = members
    room.capacity = capacity
    return True


cdef bint room_enter(Worker* w, Room* room, Leg* leg, uint32_t membership, int64_t now) noexcept nogil:
    cdef Voice* voice
    if not _grow(room) or (w.spare_voices == NULL and not _more_voices(w)):
        return False
    voice = w.spare_voices
    w.spare_voices = voice.spare
    voice_start(voice, room.rate)
    leg.voice = voice
    leg.room = room
    choose_watch(w, leg)
    leg.room_index = room.count
    leg.membership = membership
    leg.output = NULL
    leg.shares = False
    leg.listened = 0
    leg.stream.tx.source = SOURCE_NONE
    room.members[room.count] = leg
    room.count += 1
    room_start(w, room, now)
    w.room_load[room.phase] += 1
    w.count.room_members += 1
    return True


cdef void room_exit(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef Room* room = leg.room
    cdef Leg* last = room.members[room.count - 1]
    stop_sharing(w, leg)
    room.members[leg.room_index] = last
    last.room_index = leg.room_index
    room.count -= 1
    w.room_load[room.phase] -= 1
    w.count.room_members -= 1
    leg.voice.spare = w.spare_voices
    w.spare_voices = leg.voice
    leg.voice = NULL
    leg.room = NULL
    choose_watch(w, leg)
    leg.stream.tx.source = SOURCE_NONE
    if leg.overlay.active:
        # The room played it; now the leg's own tick does.
        start_ticking(w, leg, now)
    room_rest(w, room)
    room_tidy(w, room)


cdef void rooms_free(Worker* w) noexcept nogil:
    cdef uint32_t i
    cdef Room* room
    for i in range(w.room_pool.capacity if w.rooms != NULL else 0):
        if w.rooms[i] != NULL:
            free(w.rooms[i].members)
            free(w.rooms[i])
    while w.spare_rooms != NULL:
        room = w.spare_rooms
        w.spare_rooms = room.spare
        free(room.members)
        free(room)
    for i in range(w.voice_block_count):
        free(w.voice_blocks[i])
    free(w.voice_blocks)
    free(w.rooms)
    w.voice_blocks = NULL
    w.voice_block_count = 0
    w.rooms = NULL
