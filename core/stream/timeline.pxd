"""What the far end sees of us: one SSRC, one sequence, one clock, through every change of what it hears.

Two ways to send: `tl_next` for packets that we make ourselves (clips, tones, events), and `tl_map` for packets of another
source, whose own loss, order and spacing are kept. Each change from one to the other starts at the next sequence number
and at the timestamp that the wall clock says.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

cdef enum:
    SOURCE_NONE = 0            # sources of received packets are (stream id << 32) | epoch, which is never this small
    SOURCE_PLAYER = 1
    SOURCE_DIGITS = 2
    SOURCE_ROOM = 3

cdef struct Timeline:
    bint started
    int scale                  # timestamp units in an eighth of a millisecond: 1 at 8 kHz, 6 at 48 kHz
    uint32_t ssrc
    uint16_t next_sequence     # one after the highest sent
    uint32_t last_timestamp    # highest sent
    uint32_t last_span         # samples that packet covers
    int64_t last_ns            # when that timestamp was due
    bint paused                # silence was not sent: what comes next begins a talk spurt
    uint64_t source            # who is being sent
    int64_t first              # source's extended sequence at the change; older packets of it are not sent
    int64_t highest            # source's highest extended sequence that was sent
    uint16_t sequence_offset   # added to the source's
    uint32_t timestamp_offset

cdef struct Stamp:
    uint16_t sequence
    uint32_t timestamp
    bint marker                # first packet after a change (RFC 3551 section 4.1)

cdef void tl_init(Timeline* t, uint64_t random) noexcept nogil
# The clock of what is sent from now on, in Hz.
cdef void tl_clock(Timeline* t, int clock) noexcept nogil
# The timestamp for something that starts at `now`.
cdef uint32_t tl_timestamp_at(const Timeline* t, int64_t now) noexcept nogil
# Stamps a packet of our own that covers `span` samples.
cdef void tl_next(Timeline* t, uint64_t source, int span, int64_t now, Stamp* out) noexcept nogil
# `span` samples of silence are not sent: time goes on, the sequence does not.
cdef void tl_pause(Timeline* t, int span) noexcept nogil
# Stamps a packet whose timestamp is given (the packets of one event share theirs).
cdef void tl_next_at(Timeline* t, uint64_t source, uint32_t timestamp, int64_t timestamp_ns, int span,
                     Stamp* out) noexcept nogil
# Stamps a packet of another source; False when it is older than the change to that source and must not be sent.
cdef bint tl_map(Timeline* t, uint64_t source, int64_t extended, uint32_t timestamp, int span, int64_t now,
                 Stamp* out) noexcept nogil
