"""Joining and leaving the outputs of a room; see listeners.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from core.engine.coding cimport coder_follow, coder_is_heavy, coder_retune
from core.engine.state cimport MAX_OUTPUTS, Leg, Output, Room, Worker
from core.engine.voice cimport Voice
from core.signal.mixer cimport mix_power, mix_saturate
from core.stream.codec cimport CODEC_G722, codec_is_heavy

cdef enum:
    SHARE_AFTER = 20           # ticks, 400 ms: a short pause changes nothing, and resamplers have forgotten what was before
    QUIET = 3                  # quiet ticks after which another encoder is not noticed by a decoder with memory
    SOFTER = 6                 # than talk, in power, is quiet: -50 dBm0
    LEAST = 3                  # members of a room in which two can hear the same

cdef uint64_t NEVER = 0xFFFFFFFFFFFFFFFF


cdef inline bint _remembers(int codec) noexcept nogil:
    """Two encoders of it do not meet while there is sound, however long they are fed the same."""
    return codec == CODEC_G722 or codec_is_heavy(codec)


cdef bint _listens(const Room* room, const Leg* leg) noexcept nogil:
    # Of a deaf member's own part in the sum there is nothing to be taken away.
    if (leg.voice.in_sum and not is_deaf(leg)) or leg.player.active or leg.digits.active or not leg.stream.configured or not leg.stream.send:
        return False
    if codec_is_heavy(leg.stream.codec) and not coder_is_heavy(leg):
        return False
    return hears_nothing_else(leg) and not is_plain(room, leg)


cdef bint _wants(const Output* o, const Leg* leg) noexcept nogil:
    """What the far end is to be sent is what the output makes."""
    if o.deaf != is_deaf(leg):
        return False
    if o.codec != leg.stream.codec or o.ptime_ms != leg.stream.ptime_ms or o.suppress != leaves_silence_out(&leg.stream):
        return False
    if coder_is_heavy(leg):
        return (o.bitrate == leg.coder.adaptation.bitrate and o.expected_loss == leg.coder.adaptation.expected_loss
                and o.pauses == leg.coder.suppress)
    return True


cdef void _follow(Worker* w, const Leg* leader, Leg* leg) noexcept nogil:
    """All that has state on the way from the mix to the packet becomes as the leader's is."""
    cdef const Voice* from_ = leader.voice
    cdef Voice* v = leg.voice
    v.narrow = from_.narrow
    v.quiet = from_.quiet
    v.waiting_count = from_.waiting_count
    memcpy(v.waiting, from_.waiting, from_.waiting_count * sizeof(v.waiting[0]))
    coder_follow(w, leader, leg)


cdef void _join(Worker* w, Room* room, Leg* leg) noexcept nogil:
    cdef Output* o
    cdef Output* free = NULL
    cdef int i
    for i in range(MAX_OUTPUTS):
        o = &room.outputs[i]
        if o.count == 0:
            free = o
        elif _wants(o, leg) and o.leader.voice.waiting_count == leg.voice.waiting_count:
            if _remembers(o.codec) and leg.listened < SHARE_AFTER + QUIET:
                return
            break
    else:
        if free == NULL:
            return
        o = free
        o.room = room
        o.leader = leg
        o.deaf = is_deaf(leg)
        o.codec = <uint8_t>leg.stream.codec
        o.suppress = leaves_silence_out(&leg.stream)
        o.ptime_ms = leg.stream.ptime_ms
        if coder_is_heavy(leg):
            o.pauses = leg.coder.suppress
            o.bitrate = leg.coder.adaptation.bitrate
            o.expected_loss = leg.coder.adaptation.expected_loss
    o.count += 1
    room.sharing += 1
    leg.output = o
    leg.shares = True
    leg.since = w.turn
    leg.until = NEVER


cdef void _hand_over(Worker* w, Output* o) noexcept nogil:
    """To the next one round the room that shares it: whose turn comes later in this pass may leave too."""
    cdef Room* room = o.room
    cdef uint32_t at = o.leader.room_index, i
    cdef Leg* leg
    for i in range(room.count - 1):
        at = at + 1 if at + 1 < room.count else 0
        leg = room.members[at]
        if leg.shares and leg.output == o:
            _follow(w, o.leader, leg)
            if coder_is_heavy(leg):
                coder_retune(w, leg, o.leader.coder.adaptation.bitrate, o.leader.coder.adaptation.expected_loss,
                             o.bitrate, o.expected_loss)
            o.leader = leg
            return


cdef void _leave(Worker* w, Leg* leg, uint64_t until) noexcept nogil:
    cdef Output* o = leg.output
    o.count -= 1
    o.room.sharing -= 1
    if o.leader != leg:
        _follow(w, o.leader, leg)
        if coder_is_heavy(leg):
            coder_retune(w, leg, o.bitrate, o.expected_loss, leg.coder.adaptation.bitrate,
                         leg.coder.adaptation.expected_loss)
    elif o.count:
        _hand_over(w, o)
    leg.shares = False
    leg.until = until
    leg.listened = 0


cdef void stop_sharing(Worker* w, Leg* leg) noexcept nogil:
    if leg.shares:
        _leave(w, leg, w.turn + 1)


cdef bint _is_quiet(Worker* w, const Room* room) noexcept nogil:
    mix_saturate(w.total, w.mixed, room.frame)
    return mix_power(w.mixed, room.frame) * SOFTER < room.threshold


cdef void _wait(Worker* w, Room* room, Leg* leg, int* quiet) noexcept nogil:
    """`quiet` is -1 until somebody had to know."""
    if leg.listened < SHARE_AFTER:
        leg.listened += 1
        return
    if _remembers(leg.stream.codec):
        if quiet[0] < 0 and not is_deaf(leg):
            quiet[0] = _is_quiet(w, room)
        if not quiet[0] and not is_deaf(leg):
            leg.listened = SHARE_AFTER
        elif leg.listened < SHARE_AFTER + QUIET:
            leg.listened += 1
    _join(w, room, leg)


cdef void settle_listeners(Worker* w, Room* room) noexcept nogil:
    cdef uint32_t i
    cdef int quiet = -1
    cdef Leg* leg
    if room.count < LEAST and room.sharing == 0:
        return
    for i in range(room.count):
        leg = room.members[i]
        if not _listens(room, leg):
            leg.listened = 0
            if leg.shares:
                _leave(w, leg, w.turn)
        elif leg.shares:
            if not _wants(leg.output, leg):
                _leave(w, leg, w.turn)
        else:
            _wait(w, room, leg, &quiet)
