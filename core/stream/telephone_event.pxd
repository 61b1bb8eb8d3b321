"""DTMF as RTP events (RFC 4733): each digit heard once, however its packets are lost, doubled or reordered; and sent."""

from libc.stdint cimport int64_t, uint8_t, uint32_t

cdef enum:
    EVENT_SIZE = 4             # bytes of a payload
    EVENT_HISTORY = 8

cdef struct EventReceiver:
    int scale                  # clock / 8000; 0 is as good as 1
    bint open                  # an event is going on
    uint8_t event
    uint32_t timestamp         # RTP timestamp that names the event
    uint32_t segment           # timestamp of its present segment (long events, RFC 4733 section 2.5.1.3)
    uint32_t duration          # samples so far
    int64_t last_ns
    uint32_t done[EVENT_HISTORY]       # timestamps of events that were reported, latest first
    uint8_t done_event[EVENT_HISTORY]
    int done_count

cdef struct Digit:
    char code                  # ASCII, 0: none
    uint32_t duration_ms

cdef struct EventNews:
    char started               # ASCII of a digit that begins with this packet, 0: none
    Digit finished[2]          # the one that this packet interrupted, and the one that it ends

# Takes the payload of an event packet.
cdef void event_packet(EventReceiver* r, const uint8_t* payload, int size, uint32_t timestamp, int64_t now,
                       EventNews* news) noexcept nogil
# Ends an event whose last packets were lost; call it now and then.
cdef Digit event_poll(EventReceiver* r, int64_t now) noexcept nogil
cdef void event_write(uint8_t* payload, int event, bint end, int volume, int duration) noexcept nogil
# ASCII to event number 0..15, or -1.
cdef int event_of(char digit) noexcept nogil
