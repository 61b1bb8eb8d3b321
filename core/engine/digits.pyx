"""Digits as events or tones; see digits.pxd."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t
from libc.string cimport memcpy

from core.base.frame cimport MAX_FRAME_SAMPLES, RATE_HZ
from core.engine.player cimport fill_silence
from core.signal.dtmf cimport dtmf_frequencies
from core.signal.tone cimport tone_fill, tone_init
from core.stream.codec cimport codec_is_g711
from core.stream.stream cimport encode_audio
from core.stream.telephone_event cimport EVENT_SIZE, event_of, event_write
from core.stream.timeline cimport SOURCE_DIGITS, tl_next, tl_next_at, tl_timestamp_at

cdef enum:
    PAUSE_SAMPLES = 640        # between digits: 80 ms (Q.24 asks for 40 and more)
    END_REPEATS = 2            # the end packet is sent three times (RFC 4733 section 2.5.1.4)
    VOLUME = 10                # -10 dBm0
    MAX_EVENT = 0xFFFF         # samples an event packet can say


cdef bint digits_queue(DigitSender* d, char digit, int duration_ms) noexcept nogil:
    cdef int place
    if d.count >= MAX_DIGITS or event_of(digit) < 0:
        return False
    place = (d.first + d.count) % MAX_DIGITS
    d.queue[place] = digit
    d.duration_ms[place] = <uint16_t>duration_ms
    d.count += 1
    d.active = True
    return True


cdef void digits_hold(DigitSender* d) noexcept nogil:
    d.held = True


cdef void digits_release(DigitSender* d) noexcept nogil:
    d.held = False


cdef void _begin(DigitSender* d, Stream* s, int64_t when) noexcept nogil:
    cdef char digit = d.queue[d.first]
    cdef double low, high
    d.event = event_of(digit)
    d.total = d.duration_ms[d.first] * 8
    d.first = (d.first + 1) % MAX_DIGITS
    d.count -= 1
    d.elapsed = 0
    d.phase = PHASE_SOUND
    d.as_tone = s.event_payload_type < 0
    d.scale = 1 if d.as_tone else s.tx.scale
    d.total *= d.scale
    if d.as_tone:
        dtmf_frequencies(digit, &low, &high)
        tone_init(&d.tone, low, high, -8.0, RATE_HZ)
    else:
        d.timestamp = tl_timestamp_at(&s.tx, when)
        d.timestamp_ns = when
        if d.total > MAX_EVENT:
            d.total = MAX_EVENT


cdef void _event(DigitSender* d, Stream* s, int span, uint8_t* payload, DigitFrame* out) noexcept nogil:
    cdef bint end
    if d.phase == PHASE_SOUND:
        d.elapsed += span
    if d.held and d.count == 0 and d.total < MAX_EVENT and d.elapsed + span > d.total:
        d.total = d.elapsed + span if d.elapsed + span < MAX_EVENT else MAX_EVENT
    end = d.elapsed >= d.total
    if end:
        d.elapsed = d.total
    event_write(payload, d.event, end, VOLUME, d.elapsed)
    tl_next_at(&s.tx, SOURCE_DIGITS, d.timestamp, d.timestamp_ns, d.elapsed, &out.stamp)
    out.stamp.marker = d.phase == PHASE_SOUND and d.elapsed == span
    out.size = EVENT_SIZE
    out.as_event = True
    out.send = True
    if d.phase == PHASE_SOUND and end:
        d.phase = PHASE_END
        d.repeats = END_REPEATS
    elif d.phase == PHASE_END:
        d.repeats -= 1
        if d.repeats <= 0:
            d.phase = PHASE_PAUSE
            d.elapsed = 0


cdef void _tone(DigitSender* d, Stream* s, int span, int64_t when, uint8_t* payload, DigitFrame* out) noexcept nogil:
    cdef int16_t[MAX_FRAME_SAMPLES] pcm
    cdef int sounding = 0, i
    if d.phase == PHASE_SOUND:
        sounding = d.total - d.elapsed if d.total - d.elapsed < span else span
        tone_fill(&d.tone, pcm, sounding)
    for i in range(sounding, span):
        pcm[i] = 0
    out.linear = not codec_is_g711(s.codec)
    if out.linear:
        memcpy(payload, pcm, span * sizeof(int16_t))
    else:
        encode_audio(s.codec, pcm, payload, span)
        tl_next(&s.tx, SOURCE_DIGITS, span, when, &out.stamp)
    out.size = span
    out.as_event = False
    out.send = True
    d.elapsed += span
    if d.phase == PHASE_SOUND and d.elapsed >= d.total:
        d.phase = PHASE_PAUSE
        d.elapsed = 0


cdef void digits_tick(DigitSender* d, Stream* s, int64_t when, uint8_t* payload, DigitFrame* out) noexcept nogil:
    cdef int span = s.ptime_ms * 8
    out.send = False
    out.linear = False
    if d.phase == PHASE_PAUSE and d.elapsed >= PAUSE_SAMPLES * d.scale:
        d.phase = PHASE_IDLE
    if d.phase == PHASE_IDLE:
        if d.count == 0:
            d.active = False
            return
        _begin(d, s, when)
    span *= d.scale
    if d.as_tone:
        _tone(d, s, span, when, payload, out)
    elif d.phase == PHASE_PAUSE:
        d.elapsed += span
    else:
        _event(d, s, span, payload, out)
