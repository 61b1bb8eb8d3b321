"""N-1 mixing on the tick; see mixing.pxd."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcpy, memmove, memset

from core.base.frame cimport RATE_HZ
from core.engine.coding cimport coder_is_heavy, coder_say, coder_take
from core.engine.hearing cimport hear_tick
from core.engine.listeners cimport is_plain, leaves_silence_out, settle_listeners
from core.engine.playing cimport end_room_play, overlay_mix, player_samples
from core.engine.recorder cimport CODEC_LINEAR, record_audio
from core.engine.sharing cimport (
    SHARED_NOISE,
    SHARED_PAUSE,
    SHARED_SOUND,
    follows,
    leads,
    send_stamped,
    share_packet,
)
from core.engine.state cimport (
    MEMBER_DEAF,
    MEMBER_MUTED,
    PENDING_TALKER,
    WATCH_WHISPER,
    Leg,
    Room,
    Worker,
    tell,
)
from core.engine.voice cimport VOICE_FRAME, Voice, voice_narrow, voice_take
from core.signal.mixer cimport (
    mix_add,
    mix_clear,
    mix_gain,
    mix_minus,
    mix_minus_alaw,
    mix_minus_ulaw,
    mix_over,
    mix_power,
    mix_saturate,
    talker_frame,
)
from core.signal.resample cimport resample
from core.stream.codec cimport codec_is_g711
from core.stream.quiet cimport QUIET_DESCRIBE, QUIET_SPEAK, quiet_frame
from core.stream.rtp cimport RTP_HEADER
from core.stream.stream cimport CODEC_PCMA, Stream, encode_audio
from core.stream.timeline cimport SOURCE_NONE, SOURCE_ROOM, tl_pause

cdef enum:
    NS_PER_SAMPLE = 125000     # at 8 kHz
    ATTACK = 2                 # loud frames in a row that make a talker
    GIVE_UP_NS = 100000000     # later than this, frames are left out and the timestamps follow the clock


cdef void _sum(Worker* w, Room* room, Leg* leg, int64_t now) noexcept nogil:
    """What a member says goes into the sum, unless he is no talker where only talkers are summed."""
    cdef Voice* v = leg.voice
    cdef int64_t power
    if not room.gate:
        mix_add(w.total, v.heard, room.frame)
        v.in_sum = True
        return
    if v.talker.talking:
        power = mix_add(w.total, v.heard, room.frame)
        v.in_sum = True
    else:
        power = mix_power(v.heard, room.frame)
    if talker_frame(&v.talker, power, room.threshold, ATTACK):
        tell(w, leg, PENDING_TALKER, now)
    if not v.in_sum and v.talker.loud:
        # From the first loud frame on: a word is not to lose its beginning.
        mix_add(w.total, v.heard, room.frame)
        v.in_sum = True


cdef void _silent(Worker* w, Room* room, Leg* leg, int64_t now) noexcept nogil:
    if room.gate and talker_frame(&leg.voice.talker, 0, room.threshold, ATTACK):
        tell(w, leg, PENDING_TALKER, now)


cdef void _hear(Worker* w, Room* room, Leg* leg, int64_t when, int64_t now) noexcept nogil:
    cdef Voice* v = leg.voice
    cdef Voice* target
    v.in_sum = False
    v.sounds = coder_take(w, leg, when) if coder_is_heavy(leg) else voice_take(v, when)
    if leg.coder != NULL:
        hear_tick(w, leg, v.heard, room.frame, room.rate, when)
    if v.sounds and leg.gain != 1.0:
        mix_gain(v.heard, leg.gain, room.frame)
    if not v.sounds or leg.membership & MEMBER_MUTED:
        _silent(w, room, leg, now)
    elif leg.watch == WATCH_WHISPER:
        target = leg.watched.voice
        if target != NULL and leg.watched.room == room:
            v.next_whisper = target.whispers
            target.whispers = v
    else:
        _sum(w, room, leg, now)


cdef void _announce(Worker* w, Room* room, int64_t now) noexcept nogil:
    if player_samples(&room.player, &room.announce, w.played, room.frame, room.rate) == 0:
        end_room_play(w, room, True, now)
        return
    mix_add(w.total, w.played, room.frame)


cdef void _record(Worker* w, Room* room, int64_t now) noexcept nogil:
    cdef int n
    mix_saturate(w.total, w.mixed, room.frame)
    n = resample(&room.narrow, w.mixed, room.frame, w.mixed)
    record_audio(room.tap, CODEC_LINEAR, <uint8_t*>w.mixed, n * <int>sizeof(int16_t), room.recorded, 1, now)
    room.recorded += <uint32_t>n


cdef void _record_heard(Worker* w, Room* room, Leg* leg, int64_t when) noexcept nogil:
    """What stands in w.mixed. A pair on the tick is a room of the worker's own, whose other leg has a tap itself."""
    cdef int16_t[VOICE_FRAME] narrow
    cdef int n
    if room.id:
        n = resample(&leg.voice.heard_narrow, w.mixed, room.frame, narrow)
        record_audio(leg.heard_tap, CODEC_LINEAR, <uint8_t*>narrow, n * <int>sizeof(int16_t),
                     <uint32_t>(when // NS_PER_SAMPLE), 1, when)


cdef void _own_mix(Worker* w, Room* room, Leg* leg, int64_t now) noexcept nogil:
    """Into w.mixed what this member alone hears."""
    cdef Voice* v = leg.voice
    cdef Voice* whisper = v.whispers
    if leg.membership & MEMBER_DEAF:
        memset(w.mixed, 0, room.frame * sizeof(int16_t))
    elif v.in_sum:
        mix_minus(w.total, v.heard, w.mixed, room.frame)
    else:
        mix_saturate(w.total, w.mixed, room.frame)
    while whisper != NULL:
        mix_over(w.mixed, whisper.heard, 1.0, room.frame)
        whisper = whisper.next_whisper
    if leg.overlay.active:
        overlay_mix(w, leg, w.mixed, room.frame, room.rate, now)


cdef inline void _send(Worker* w, Leg* leg, int size, int64_t when) noexcept nogil:
    """`size` octets of G.711 after the header in w.out."""
    send_stamped(w, leg, leg.stream.payload_type, size, size, SOURCE_ROOM, when)


cdef bint _is_silence(Worker* w, Leg* leg, const int16_t* pcm, int n, int64_t when) noexcept nogil:
    """Telephone sound that need not be sent; its description has been, where one was due."""
    cdef Stream* s = &leg.stream
    cdef int size = 0
    cdef int verdict = quiet_frame(&leg.voice.quiet, pcm, n, w.silence_dbm0, w.out + RTP_HEADER, &size)
    if verdict == QUIET_SPEAK:
        return False
    if leads(leg):
        share_packet(w, leg.output, w.turn, w.out + RTP_HEADER, size, n,
                     SHARED_NOISE if verdict == QUIET_DESCRIBE else SHARED_PAUSE, when)
    elif verdict == QUIET_DESCRIBE:
        send_stamped(w, leg, s.noise_payload_type, size, n, SOURCE_ROOM, when)
    elif s.tx.source == SOURCE_ROOM:
        tl_pause(&s.tx, n)
    return True


cdef void _send_shared(Worker* w, Room* room, Leg* leg, int64_t when) noexcept nogil:
    cdef int form = 1 if leg.stream.codec == CODEC_PCMA else 0
    if w.shared_size[form] == 0:
        mix_saturate(w.total, w.mixed, room.frame)
        encode_audio(leg.stream.codec, w.mixed, w.shared[form], room.frame)
        w.count.room_encodes += 1
        w.shared_size[form] = room.frame
    memcpy(w.out + RTP_HEADER, w.shared[form], w.shared_size[form])
    _send(w, leg, w.shared_size[form], when)


cdef void _send_frame(Worker* w, Leg* leg, const int16_t* pcm, int n, int rate, int64_t when) noexcept nogil:
    if codec_is_g711(leg.stream.codec):
        if leaves_silence_out(&leg.stream) and _is_silence(w, leg, pcm, n, when):
            return
        encode_audio(leg.stream.codec, pcm, w.out + RTP_HEADER, n)
        w.count.room_encodes += 1
        if leads(leg):
            share_packet(w, leg.output, w.turn, w.out + RTP_HEADER, n, n, SHARED_SOUND, when)
        else:
            _send(w, leg, n, when)
    else:
        coder_say(w, leg, pcm, n, rate, SOURCE_ROOM, when)


cdef void _send_waiting(Worker* w, Leg* leg, int n, int rate, int64_t when) noexcept nogil:
    """A far end with another packet time than the room's gets a packet whenever one is full."""
    cdef Voice* v = leg.voice
    cdef int span = leg.stream.ptime_ms * rate // 1000, at = 0
    memcpy(v.waiting + v.waiting_count, w.mixed, n * sizeof(int16_t))
    v.waiting_count += n
    while v.waiting_count - at >= span:
        _send_frame(w, leg, v.waiting + at, span, rate, when)
        at += span
    v.waiting_count -= at
    memmove(v.waiting, v.waiting + at, v.waiting_count * sizeof(int16_t))


cdef void _send_own(Worker* w, Room* room, Leg* leg, int64_t when) noexcept nogil:
    """What stands in w.mixed, in the leg's codec and packet time."""
    cdef int n = room.frame, rate = room.rate
    if rate != RATE_HZ and codec_is_g711(leg.stream.codec):
        n = voice_narrow(leg.voice, w.mixed, n)
        rate = RATE_HZ
    if leg.stream.ptime_ms == 20 and leg.voice.waiting_count == 0:
        _send_frame(w, leg, w.mixed, n, rate, when)
    else:
        _send_waiting(w, leg, n, rate, when)


cdef void _send_plain(Worker* w, Room* room, Leg* leg, int64_t when) noexcept nogil:
    if not leg.voice.in_sum:
        _send_shared(w, room, leg, when)
        return
    if leg.stream.codec == CODEC_PCMA:
        mix_minus_alaw(w.total, leg.voice.heard, w.out + RTP_HEADER, room.frame)
    else:
        mix_minus_ulaw(w.total, leg.voice.heard, w.out + RTP_HEADER, room.frame)
    w.count.room_encodes += 1
    _send(w, leg, room.frame, when)


cdef void _say(Worker* w, Room* room, Leg* leg, int64_t when, int64_t now) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef Voice* v = leg.voice
    # What we play or dial into the stream stands in for the room until it ends.
    if leg.player.active or leg.digits.active or not s.configured or not s.send:
        v.waiting_count = 0
        v.quiet.paused = False
        if leg.overlay.active and not leg.player.active:
            overlay_mix(w, leg, w.mixed, room.frame, room.rate, now)
    elif is_plain(room, leg):
        _send_plain(w, room, leg, when)
    elif leg.heard_tap != NULL or not follows(leg):
        _own_mix(w, room, leg, now)
        if leg.heard_tap != NULL:
            _record_heard(w, room, leg, when)
        if not follows(leg):
            _send_own(w, room, leg, when)
    v.whispers = NULL


cdef void room_tick(Worker* w, Room* room, int64_t when, int64_t now) noexcept nogil:
    cdef uint32_t i
    cdef bint late = now - when > GIVE_UP_NS
    w.turn += 1
    mix_clear(w.total, room.frame)
    memset(w.shared_size, 0, sizeof(w.shared_size))
    for i in range(room.count):
        _hear(w, room, room.members[i], when, now)
    if room.player.active:
        _announce(w, room, now)
    if room.tap != NULL:
        _record(w, room, now)
    settle_listeners(w, room)
    for i in range(room.count if late else 0):
        room.members[i].stream.tx.source = SOURCE_NONE
    for i in range(room.count):
        _say(w, room, room.members[i], now if late else when, now)
