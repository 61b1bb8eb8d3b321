"""What a tick does; see ticks.pxd."""

from libc.stdint cimport int16_t, int64_t, uint32_t
from libc.string cimport memcpy, memset

from core.base.clock cimport NS_PER_MS
from core.base.frame cimport RATE_HZ
from core.base.sockets cimport epoll_event, epoll_wait, timerfd_arm
from core.engine.coding cimport coder_say
from core.engine.digits cimport DigitFrame, digits_tick
from core.engine.listeners cimport stop_sharing
from core.engine.mixing cimport room_tick
from core.engine.player cimport fill_silence, player_fill
from core.engine.playing cimport end_play, overlay_mix, player_samples
from core.engine.receive cimport read_rtp
from core.engine.room cimport room_rest
from core.engine.state cimport (
    MAX_FRAME,
    ROOM_TICKS,
    TICK_NS,
    WHEEL,
    Leg,
    Room,
    Worker,
    choose_watch,
    find_leg,
    send_rtp,
    sweep_ticks,
    wheel_insert,
)
from core.stream.codec cimport codec_is_g711
from core.stream.rtp cimport RTP_HEADER, rtp_write
from core.stream.stream cimport Stream, decode_audio, encode_audio
from core.stream.timeline cimport SOURCE_DIGITS, SOURCE_NONE, SOURCE_PLAYER, Stamp, tl_next

cdef enum:
    LATE_NS = 10000000         # a tick that starts later than this is late
    SWEEP_BATCH = 128
    SWEEP_ROUNDS = 64
    GIVE_UP_NS = 100000000     # later than this, packets are left out instead of sent in a burst


cdef void _send_digits(Worker* w, Leg* leg, int64_t when) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef DigitFrame frame
    digits_tick(&leg.digits, s, when, w.out + RTP_HEADER, &frame)
    if not leg.digits.active:
        s.tx.source = SOURCE_NONE
    if frame.linear:
        memcpy(w.mixed, w.out + RTP_HEADER, frame.size * sizeof(int16_t))
        coder_say(w, leg, w.mixed, frame.size, RATE_HZ, SOURCE_DIGITS, when)
    elif frame.send and s.configured and s.send:
        rtp_write(w.out, s.event_payload_type if frame.as_event else s.payload_type, frame.stamp.marker,
                  frame.stamp.sequence, frame.stamp.timestamp, s.tx.ssrc)
        send_rtp(leg, w.out, frame.size + RTP_HEADER, frame.size)


cdef bint _send_over(Worker* w, Leg* leg, int size, int64_t now) noexcept nogil:
    """The overlay over what stands in w.out; False when it has ended and there is nothing else to send."""
    cdef int codec = leg.stream.codec
    decode_audio(codec, w.out + RTP_HEADER, w.mixed, size)
    overlay_mix(w, leg, w.mixed, size, RATE_HZ, now)
    encode_audio(codec, w.mixed, w.out + RTP_HEADER, size)
    return leg.overlay.active or leg.player.active


cdef int _clip_rate(const Leg* leg) noexcept nogil:
    """At which clips are put together for a far end whose codec is not G.711: its codec's, as far as a packet fits."""
    if leg.coder == NULL:
        return RATE_HZ
    return leg.coder.rate if leg.stream.ptime_ms * leg.coder.rate <= 1000 * MAX_FRAME else 2 * RATE_HZ


cdef void _send_coded_clip(Worker* w, Leg* leg, int64_t when, int64_t now) noexcept nogil:
    """A clip, an overlay or both to a far end whose codec is not G.711."""
    cdef int rate = _clip_rate(leg), size = leg.stream.ptime_ms * rate // 1000
    memset(w.mixed, 0, size * sizeof(int16_t))
    if leg.player.active and player_samples(
        &leg.player, &leg.coder.played if leg.coder != NULL else NULL, w.mixed, size, rate
    ) == 0:
        end_play(w, leg, True, now)
        if not leg.overlay.active or leg.room != NULL:
            return
    if leg.overlay.active:
        overlay_mix(w, leg, w.mixed, size, rate, now)
    if leg.player.active or leg.overlay.active:
        coder_say(w, leg, w.mixed, size, rate, SOURCE_PLAYER, when)


cdef void _send_clip(Worker* w, Leg* leg, int64_t when, int64_t now) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef int size = s.ptime_ms * 8
    cdef Stamp stamp
    if leg.player.active and player_fill(&leg.player, s.codec, w.out + RTP_HEADER, size) == 0:
        end_play(w, leg, True, now)
        if not leg.overlay.active or leg.room != NULL:
            return
    if not leg.player.active:
        fill_silence(s.codec, w.out + RTP_HEADER, size)
    if leg.overlay.active and not _send_over(w, leg, size, now):
        return
    if not s.configured or not s.send:
        return
    tl_next(&s.tx, SOURCE_PLAYER, size, when, &stamp)
    rtp_write(w.out, s.payload_type, stamp.marker, stamp.sequence, stamp.timestamp, s.tx.ssrc)
    send_rtp(leg, w.out, size + RTP_HEADER, size)


cdef void _tick_leg(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    """One packet time of a leg; it goes back into the wheel as long as it has something to send."""
    cdef int64_t when = w.epoch_ns + leg.tick * TICK_NS
    cdef int64_t period = leg.stream.ptime_ms * NS_PER_MS // TICK_NS
    cdef int64_t following = leg.tick + period
    if now - when > LATE_NS:
        leg.stream.count.late_ticks += 1
    if now - when > GIVE_UP_NS:
        following = (now - w.epoch_ns) // TICK_NS + period
        leg.stream.tx.source = SOURCE_NONE
        when = now
    if leg.shares:
        # What it plays or dials it says by itself, from where the listeners' encoder stands.
        stop_sharing(w, leg)
    if leg.digits.active:
        _send_digits(w, leg, when)
    elif leg.player.active or (leg.overlay.active and leg.room == NULL):
        if codec_is_g711(leg.stream.codec):
            _send_clip(w, leg, when, now)
        else:
            _send_coded_clip(w, leg, when, now)
    if leg.digits.active or leg.player.active or (leg.overlay.active and leg.room == NULL):
        wheel_insert(w, leg, following)
    else:
        leg.ticking = False
        w.ticking -= 1
        choose_watch(w, leg)


cdef void _run_tick(Worker* w, int64_t tick, int64_t now) noexcept nogil:
    cdef Leg* leg = w.wheel[tick % WHEEL]
    cdef Leg* following
    cdef Room* room = w.rooms_by_phase[tick % ROOM_TICKS]
    cdef Room* next_room
    if leg == NULL and room == NULL:
        return
    w.count.ticks += 1
    if now - (w.epoch_ns + tick * TICK_NS) > LATE_NS:
        w.count.late_ticks += 1
    w.wheel[tick % WHEEL] = NULL
    while leg != NULL:
        following = leg.next
        _tick_leg(w, leg, now)
        leg = following
    while room != NULL:
        next_room = room.next
        room_tick(w, room, w.epoch_ns + tick * TICK_NS, now)
        room_rest(w, room)
        room = next_room


cdef void _sweep(Worker* w, int64_t now) noexcept nogil:
    """Reads what has come for the legs whose packets wake nobody."""
    cdef epoll_event[SWEEP_BATCH] ready
    cdef Leg* leg
    cdef int rounds, count, i
    for rounds in range(SWEEP_ROUNDS):
        count = epoll_wait(w.sweep_epoll, ready, SWEEP_BATCH, 0)
        for i in range(count):
            leg = find_leg(w, <uint32_t>ready[i].data.u64)
            if leg != NULL:
                read_rtp(w, leg, now)
        if count < SWEEP_BATCH:
            return


cdef void run_ticks(Worker* w, int64_t now) noexcept nogil:
    cdef int64_t current = (now - w.epoch_ns) // TICK_NS
    if w.ticking == 0 and w.rooms_ticking == 0:
        return
    # After a long standstill one turn of the wheel reaches every leg.
    if current - w.tick > WHEEL:
        w.tick = current - WHEEL
    if w.swept and w.tick < current:
        _sweep(w, now)
    while w.tick < current and (w.ticking or w.rooms_ticking):
        w.tick += 1
        _run_tick(w, w.tick, now)


cdef void arm_ticks(Worker* w) noexcept nogil:
    cdef int64_t next_tick = 0, t
    if w.ticking or w.rooms_ticking:
        for t in range(w.tick + 1, w.tick + 1 + WHEEL):
            if w.wheel[t % WHEEL] != NULL or w.rooms_by_phase[t % ROOM_TICKS] != NULL or (
                    w.swept and t % sweep_ticks(w) == 0):
                next_tick = t
                break
    if next_tick != w.armed:
        w.armed = next_tick
        timerfd_arm(w.timer_fd, w.epoch_ns + next_tick * TICK_NS if next_tick else 0)
