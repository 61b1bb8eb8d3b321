"""Digits, recording and the way on; see hearing.pxd."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t

from core.base.frame cimport MAX_FRAME_SAMPLES, RATE_HZ
from core.engine.coder cimport Coder
from core.engine.coding cimport coder_is_heavy, coder_put
from core.engine.digits cimport digits_hold, digits_queue, digits_release
from core.engine.recorder cimport CODEC_LINEAR, record_audio
from core.engine.relay cimport relay_forward
from core.engine.sampling cimport sample_packet
from core.engine.state cimport Leg, Worker, start_ticking, tell_digit
from core.engine.voice cimport voice_put
from core.signal.dtmf cimport dtmf_feed, dtmf_init
from core.signal.resample cimport resample, resample_init
from core.stream.codec cimport codec_is_g711
from core.stream.quality cimport quality_measure
from core.stream.rtp cimport RtpPacket
from core.stream.stream cimport GOT_EVENT, GOT_NOISE, Received, decode_audio
from core.stream.telephone_event cimport Digit, EventNews, event_packet, event_poll

cdef enum:
    TONE_MS = 100              # a digit that we make for a far end to which its events are not forwarded
    NS_PER_SAMPLE = 125000     # at 8 kHz
    SILENT_TONE_NS = 100000000 # no audio for this long ends a digit that was heard in-band


cdef void _digit_for(Worker* w, Leg* to, char digit, int64_t now) noexcept nogil:
    """The far end of `to` knows no events, or none are forwarded to it: the digit is made anew."""
    if (to.stream.send and (to.stream.event_payload_type < 0 or to.room != NULL) and not to.player.active
            and not to.stream.signalled_digits and digits_queue(&to.digits, digit, TONE_MS)):
        start_ticking(w, to, now)


cdef void _event(Worker* w, Leg* leg, RtpPacket* p, int64_t now) noexcept nogil:
    cdef EventNews news
    cdef int i
    event_packet(&leg.stream.events, p.payload, p.size, p.timestamp, now, &news)
    if news.started and leg.peer != NULL:
        _digit_for(w, leg.peer, news.started, now)
    for i in range(2):
        if news.finished[i].code:
            tell_digit(w, leg, news.finished[i].code, news.finished[i].duration_ms, False, now)


cdef void _pass_on(Worker* w, Leg* to, char digit, int64_t now) noexcept nogil:
    """A digit that begins in the sound, to a far end that wants events: one that lasts as long, in place of the sound."""
    if (to.stream.send and to.stream.event_payload_type >= 0 and not to.player.active
            and digits_queue(&to.digits, digit, TONE_MS)):
        digits_hold(&to.digits)
        start_ticking(w, to, now)


cdef void _end_tone(Worker* w, Leg* leg, int64_t duration_ms, int64_t now) noexcept nogil:
    if leg.peer != NULL:
        digits_release(&leg.peer.digits)
    tell_digit(w, leg, leg.sounding, duration_ms, True, now)
    leg.sounding = 0


cdef void _detect(Worker* w, Leg* leg, const int16_t* pcm, int n, int64_t now) noexcept nogil:
    """Looks for digits in at most a frame of the detector."""
    cdef int digit, lasted
    if not leg.listening:
        dtmf_init(&leg.detector)
        leg.listening = True
        leg.sounding = 0
    leg.heard_ns = now
    lasted = leg.detector.last_ms
    digit = dtmf_feed(&leg.detector, pcm, n)
    if leg.sounding and (digit or not leg.detector.digit):
        # A new digit has overwritten the duration of the one that ended.
        _end_tone(w, leg, lasted if digit else leg.detector.last_ms, now)
    if digit:
        leg.sounding = <char>digit
        if leg.peer != NULL:
            _pass_on(w, leg.peer, leg.sounding, now)


cdef void _listen(Worker* w, Leg* leg, int codec, const uint8_t* data, int size, int64_t now) noexcept nogil:
    cdef int16_t[MAX_FRAME_SAMPLES] pcm
    cdef int at = 0, part_size
    while at < size:
        part_size = size - at if size - at < MAX_FRAME_SAMPLES else MAX_FRAME_SAMPLES
        decode_audio(codec, data + at, pcm, part_size)
        _detect(w, leg, pcm, part_size, now)
        at += part_size


cdef void _measure(Leg* leg, int codec, const uint8_t* data, int size, int64_t now) noexcept nogil:
    """Once a second: how loud the far end is."""
    cdef int16_t[MAX_FRAME_SAMPLES] pcm
    cdef int n = size if size < MAX_FRAME_SAMPLES else MAX_FRAME_SAMPLES
    decode_audio(codec, data, pcm, n)
    quality_measure(&leg.stream.quality, pcm, n, now)


cdef void hear_tick(Worker* w, Leg* leg, const int16_t* pcm, int n, int rate, int64_t when) noexcept nogil:
    cdef int16_t[MAX_FRAME_SAMPLES] narrow
    cdef Coder* c = leg.coder
    if leg.stream.quality.sample_due:
        quality_measure(&leg.stream.quality, pcm, n, when)
    if leg.tap == NULL and leg.stream.heard_event_type >= 0:
        return
    if c.narrow.from_rate != rate:
        resample_init(&c.narrow, rate, RATE_HZ)
    n = resample(&c.narrow, pcm, n, narrow)
    if leg.tap != NULL:
        record_audio(leg.tap, CODEC_LINEAR, <uint8_t*>narrow, n * <int>sizeof(int16_t), <uint32_t>(when // NS_PER_SAMPLE),
                     leg.stream.rx.epoch, when)
    if leg.stream.heard_event_type < 0:
        _detect(w, leg, narrow, n, when)


cdef void poll_digits(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef Digit lost
    if leg.stream.events.open:
        lost = event_poll(&leg.stream.events, now)
        if lost.code:
            tell_digit(w, leg, lost.code, lost.duration_ms, False, now)
    if leg.sounding and now - leg.heard_ns > SILENT_TONE_NS:
        _end_tone(w, leg, leg.detector.last_ms, now)


cdef void _noise(Worker* w, Leg* leg, Received* got, int64_t now) noexcept nogil:
    """Comfort noise to a partner that takes it; for one that does not, the pair goes to the tick, which makes noise of it."""
    if leg.placement == NULL or leg.voice != NULL:
        return
    if leg.peer.stream.noise_payload_type >= 0:
        leg.placement.carry(w, leg, leg.peer, got, now)
    elif not leg.describes_silence:
        leg.describes_silence = True
        leg.unsettled = True
        w.unsettled = True


cdef inline void _to_voice(Worker* w, Leg* leg, Received* got, int64_t now) noexcept nogil:
    if coder_is_heavy(leg):
        coder_put(w, leg, got, now)
    else:
        voice_put(leg.voice, got, now)


cdef void hear(Worker* w, Leg* leg, Received* got, int64_t now) noexcept nogil:
    cdef RtpPacket* p = &got.packet
    if leg.voice != NULL:
        _to_voice(w, leg, got, now)
    if got.kind == GOT_EVENT:
        _event(w, leg, p, now)
    elif got.kind == GOT_NOISE:
        _noise(w, leg, got, now)
        return
    else:
        if leg.stream.events.open:
            poll_digits(w, leg, now)
        if codec_is_g711(got.codec):
            # All other sound is taped, and listened to, when the tick has decoded it.
            if leg.tap != NULL:
                record_audio(leg.tap, got.codec, p.payload, p.size, p.timestamp, leg.stream.rx.epoch, now)
            if leg.stream.heard_event_type < 0:
                _listen(w, leg, got.codec, p.payload, p.size, now)
            if leg.stream.quality.sample_due:
                _measure(leg, got.codec, p.payload, p.size, now)
        elif leg.stream.quality.sample_due and leg.voice == NULL:
            sample_packet(w, leg, got, now)
        if leg.voice != NULL:
            return
    if leg.placement != NULL:
        leg.placement.carry(w, leg, leg.peer, got, now)
    elif leg.echo:
        relay_forward(leg, leg, got, now)
