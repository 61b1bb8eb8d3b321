"""Sends digits into a stream: as RFC 4733 events, or as tones where the far end knows no events. Owned by its worker."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from core.engine.messages cimport MAX_DIGITS
from core.signal.tone cimport DualTone
from core.stream.stream cimport Stream
from core.stream.timeline cimport Stamp

cdef enum DigitPhase:
    PHASE_IDLE = 0
    PHASE_SOUND = 1
    PHASE_END = 2              # repetitions of the last event packet
    PHASE_PAUSE = 3

cdef struct DigitSender:
    bint active
    int phase                  # DigitPhase
    bint as_tone
    bint held                  # the last of the queue lasts until digits_release
    int scale                  # units of the digit's clock in a sample of 8 kHz
    int event                  # 0..15
    int elapsed                # samples of the phase
    int total                  # samples the digit lasts
    int repeats                # end packets still to send
    uint32_t timestamp         # of the event
    int64_t timestamp_ns
    DualTone tone
    int first                  # of the queue, a ring
    int count
    char queue[MAX_DIGITS]
    uint16_t duration_ms[MAX_DIGITS]

# What a tick gives to send.
cdef struct DigitFrame:
    bint send
    bint as_event              # event payload type; else audio
    bint linear                # samples of 8 kHz, for a codec that is not G.711: not stamped, `size` of them
    int size                   # bytes of payload
    Stamp stamp

# False when the queue is full or the digit is none.
cdef bint digits_queue(DigitSender* d, char digit, int duration_ms) noexcept nogil
# The digit that was queued last lasts until it is released, the longest that an event can say at most.
cdef void digits_hold(DigitSender* d) noexcept nogil
cdef void digits_release(DigitSender* d) noexcept nogil
# One packet time of `s.ptime_ms` at `when`; writes a payload. `d.active` falls when all is sent.
cdef void digits_tick(DigitSender* d, Stream* s, int64_t when, uint8_t* payload, DigitFrame* out) noexcept nogil
