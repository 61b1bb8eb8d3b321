"""The adaptive jitter buffer: packets in as they come, out in order and in time; it says when to conceal and how to adapt.

How to use it (the playout of a leg does, core/stream/playout):

- `jitter_put` for each packet of the source that `reception` accepted, whatever its order.
- `jitter_get(now, ahead, need)` for the next piece of sound: `now` is the instant of the tick, `ahead` how much decoded sound
  waits to be played before it, `need` how much the tick still lacks. It may be called any number of times a tick. What to
  do is in JitterPiece.kind.
- To stretch or shrink, play a piece longer or shorter than it is: `ahead` of the next call says so.

Timestamps are extended to 64 bits and kept continuous over changes of the source and jumps, so the buffer plays on. Time
is an argument, in ns of the monotonic clock. No allocation: the owner gives the memory for payloads once. One thread.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.stream.delays cimport Delays

cdef enum:
    JITTER_SLOTS = 64          # packets that can wait; a power of two

cdef enum:                     # what a packet is
    PACKET_AUDIO = 0
    PACKET_NOISE = 1           # comfort noise (RFC 3389): describes the silence that follows
    PACKET_OTHER = 2           # no sound, but it has a sequence number: telephone events

cdef enum:                     # what jitter_put did
    PUT_STORED = 0
    PUT_LATE = 1               # its time is over
    PUT_DUPLICATE = 2
    PUT_TOO_LONG = 3           # longer than the memory of a slot, or than a second

cdef enum:                     # what jitter_get says
    PIECE_NONE = 0             # nothing: no source yet, it stopped or pauses. Fill the tick with silence or comfort noise
    PIECE_AUDIO = 1            # decode `payload`; `adapt` says how many units longer (or shorter) it should be played
    PIECE_LOST = 2             # conceal `span` units; `next_payload` is the packet after it when that is here (FEC)
    PIECE_NOISE = 3            # `payload` is a comfort noise packet; take it and ask again

cdef struct JitterSlot:
    int64_t sequence           # extended; 0: free
    int64_t timestamp          # extended, continuous
    uint32_t span              # timestamp units that it plays
    uint16_t size              # bytes of payload
    uint8_t kind               # PACKET_*
    uint8_t payload_type

cdef struct JitterPiece:
    int kind                   # PIECE_*
    const uint8_t* payload     # valid until the next jitter_put
    int size                   # bytes
    uint8_t payload_type
    int span                   # timestamp units
    int adapt                  # timestamp units: > 0 play longer, < 0 play shorter, 0 as it is
    int skipped                # packets before this one that were given up to catch up: join smoothly
    const uint8_t* next_payload
    int next_size              # 0: not here

cdef struct JitterCounters:    # written by the worker, read relaxed
    uint64_t stored
    uint64_t late
    uint64_t duplicates
    uint64_t lost              # pieces that had to be concealed since their packet was not there in time
    uint64_t held_units        # timestamp units concealed while waiting for a packet that was on its way
    uint64_t skipped           # packets given up to catch up with the clock
    uint64_t overflows         # buffer was full: what was in it is given up
    uint64_t jumps             # timestamps that did not follow the clock
    uint64_t restarts          # other sources

cdef struct Jitter:
    int clock                  # Hz of the RTP timestamps
    int scale                  # clock / 8000
    int stride                 # bytes of a slot
    int max_depth              # timestamp units that a packet waits at most
    int min_depth              # and at least, over the least delay
    uint8_t* memory            # JITTER_SLOTS * stride bytes, the owner's
    bint started
    bint playing               # else waiting for the first packet of a talk spurt
    bint silent                # the source said so: comfort noise or an event is going on
    int pieces                 # of sound since the depth was changed
    int64_t least              # depth of those, timestamp units
    int count                  # packets that wait
    int last_span              # timestamp units of the last audio packet
    int64_t highest            # extended sequence of the newest packet
    int64_t highest_timestamp
    int64_t next_sequence      # to be played next
    int64_t next_timestamp
    int64_t first              # lowest sequence that waits, while not playing
    int64_t held               # units that were concealed in place of next_sequence
    uint16_t raw_sequence      # as it came, of `highest`
    uint32_t raw_timestamp     # as it came, of `highest_timestamp`
    uint16_t late_sequence     # that a source which began anew, unnoticed, would send next
    int late_run               # packets in a row that it may have sent
    int64_t mean_delay         # smoothed, timestamp units
    int64_t target             # delay to play with, timestamp units; refreshed by put
    Delays delays
    JitterCounters counters
    JitterSlot slots[JITTER_SLOTS]

# Bytes of memory for payloads of up to `largest` bytes.
cdef int jitter_memory(int largest) noexcept nogil
# `clock` 8000, 16000 or 48000 Hz. `memory` has jitter_memory(largest) bytes and stays the owner's.
cdef void jitter_init(Jitter* j, int clock, void* memory, int largest, int min_ms, int max_ms) noexcept nogil
# Takes a packet. `span` in timestamp units (0 unless PACKET_AUDIO). `restarted`: it is of another source than before, or
# of the same after a jump (Received.restarted). Returns PUT_*.
cdef int jitter_put(Jitter* j, uint16_t sequence, uint32_t timestamp, int kind, uint8_t payload_type,
                    const uint8_t* payload, int size, int span, bint restarted, int64_t now) noexcept nogil
# The next piece; `ahead` and `need` in timestamp units.
cdef void jitter_get(Jitter* j, int64_t now, int ahead, int need, JitterPiece* out) noexcept nogil
# Forgets what waits, keeps what was learnt of the network: after a hold, for instance.
cdef void jitter_flush(Jitter* j) noexcept nogil
# How long a packet that comes with the least delay waits now, in ms.
cdef int jitter_depth_ms(const Jitter* j) noexcept nogil
