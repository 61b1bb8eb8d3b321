"""Plays, overlays and announcements; see playing.pxd."""

from libc.stdint cimport int16_t, int64_t, uint8_t
from libc.string cimport memset

from core.base.frame cimport MAX_FRAME_SAMPLES, RATE_HZ
from core.engine.clips cimport Clip, clip_drop, clip_find
from core.engine.messages cimport (
    EV_CLIP_RELEASED,
    FLAG_OVERLAY,
    FLAG_REPEAT,
    Command,
)
from core.engine.player cimport Player, player_fill, player_fill_linear, player_rate
from core.engine.state cimport (
    Leg,
    Room,
    Worker,
    emit,
    start_ticking,
    tell_overlay_ended,
    tell_play_ended,
    tell_room_play_ended,
)
from core.signal.g711 cimport ulaw_decode
from core.signal.mixer cimport mix_gain, mix_over
from core.signal.resample cimport RESAMPLE_FRAME, Resampler, resample, resample_init
from core.stream.stream cimport CODEC_PCMU
from core.stream.timeline cimport SOURCE_NONE


cdef void _drop_clip(Worker* w, Clip* clip, int64_t now) noexcept nogil:
    if clip_drop(clip, w.index):
        # When the ring is full the slow pass finds the clip by its state.
        if not emit(w, EV_CLIP_RELEASED, 0, clip.id, 0, 0, now):
            w.clips_unreported = True


cdef void _drop_all(Worker* w, Player* player, int64_t now) noexcept nogil:
    cdef int i
    player.active = False
    for i in range(player.count):
        _drop_clip(w, player.clips[i], now)


cdef void play_refused(Worker* w, const Command* c) noexcept nogil:
    cdef int i
    cdef Clip* clip
    for i in range(c.count):
        clip = clip_find(w.clips, c.values[i])
        if clip != NULL:
            _drop_clip(w, clip, 0)


cdef void _load(Worker* w, Player* player, const Command* c) noexcept nogil:
    cdef int i
    memset(player, 0, sizeof(Player))
    player.token = c.token
    player.count = c.count
    player.repeat = (c.flags & FLAG_REPEAT) != 0
    player.gain = c.gain
    player.wide = player.full = c.count > 0
    for i in range(c.count):
        player.clips[i] = clip_find(w.clips, c.values[i])
        if player.clips[i].wide == NULL:
            player.wide = False
        if player.clips[i].full == NULL:
            player.full = False
    player.active = True


cdef void play_start(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil:
    if c.flags & FLAG_OVERLAY:
        end_overlay(w, leg, False, now)
        _load(w, &leg.overlay, c)
        leg.duck = <float>(c.duck_q8 / 256.0)
    else:
        end_play(w, leg, False, now)
        _load(w, &leg.player, c)
        leg.stream.tx.source = SOURCE_NONE
    if leg.room == NULL or leg.player.active:
        start_ticking(w, leg, now)


cdef void play_start_in_room(Worker* w, Room* room, const Command* c, int64_t now) noexcept nogil:
    end_room_play(w, room, False, now)
    _load(w, &room.player, c)


cdef void end_play(Worker* w, Leg* leg, bint finished, int64_t now) noexcept nogil:
    if not leg.player.active:
        return
    leg.stream.tx.source = SOURCE_NONE
    _drop_all(w, &leg.player, now)
    tell_play_ended(w, leg, finished, now)


cdef void end_overlay(Worker* w, Leg* leg, bint finished, int64_t now) noexcept nogil:
    if not leg.overlay.active:
        return
    _drop_all(w, &leg.overlay, now)
    # The pair may go back to where it was carried before.
    leg.unsettled = True
    w.unsettled = True
    tell_overlay_ended(w, leg, finished, now)


cdef void end_room_play(Worker* w, Room* room, bint finished, int64_t now) noexcept nogil:
    if not room.player.active:
        return
    _drop_all(w, &room.player, now)
    tell_room_play_ended(w, room, finished, now)


cdef int player_samples(Player* player, Resampler* convert, int16_t* pcm, int n, int rate) noexcept nogil:
    cdef uint8_t[MAX_FRAME_SAMPLES] coded
    cdef int16_t[RESAMPLE_FRAME] sound
    cdef int kept = player_rate(player, rate), count = n * (kept // RATE_HZ) // (rate // RATE_HZ), got
    cdef int16_t* out = pcm if kept == rate else sound
    if kept == RATE_HZ:
        got = player_fill(player, CODEC_PCMU, coded, count)
        ulaw_decode(coded, out, count)
    else:
        got = player_fill_linear(player, kept, out, count)
    if got == 0 or kept == rate:
        return got
    if convert.from_rate != kept or convert.to_rate != rate:
        resample_init(convert, kept, rate)
    resample(convert, sound, count, pcm)
    return n if got == count else got * (rate // RATE_HZ) // (kept // RATE_HZ)


cdef Resampler* _announces(Leg* leg) noexcept nogil:
    """What brings an overlay to the rate of a room, or of the leg's own codec; telephone sound needs none."""
    if leg.voice != NULL:
        return &leg.voice.announce
    return &leg.coder.announce if leg.coder != NULL else NULL


cdef void overlay_mix(Worker* w, Leg* leg, int16_t* pcm, int n, int rate, int64_t now) noexcept nogil:
    if player_samples(&leg.overlay, _announces(leg), w.played, n, rate) == 0:
        end_overlay(w, leg, True, now)
        return
    if leg.duck != 1.0:
        mix_gain(pcm, leg.duck, n)
    mix_over(pcm, w.played, 1.0, n)
