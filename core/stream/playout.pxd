"""What is heard of one leg, tick by tick: jitter buffer, decoder, concealment, comfort noise and change of speed in one.

`playout_put` for each accepted packet, `playout_tick` once a tick for exactly as many samples as the tick has. Everything in
between (packets of another length than the tick, of which some are late, lost or doubled; silence that is not sent; a clock that
drifts) is settled here. One thread; the memory for payloads and Opus is the owner's, nothing is allocated.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.signal.comfort_noise cimport NoiseMaker
from core.stream.codec cimport Decoder
from core.stream.jitter cimport Jitter

cdef enum:
    PLAYOUT_ROOM = 17280       # samples decoded and not yet played: a packet of 120 ms, twice as long, and a tick
    PLAYOUT_MIN_MS = 0
    PLAYOUT_MAX_MS = 480       # of depth

cdef enum:                     # what a tick consisted of; bits
    HEARD_AUDIO = 1
    HEARD_CONCEALED = 2
    HEARD_NOISE = 4            # comfort noise that the far end described
    HEARD_NOTHING = 8          # digital silence: no source

cdef struct PlayoutCounters:   # samples; written by the owner's thread, read relaxed
    uint64_t played            # all that came out
    uint64_t concealed
    uint64_t stretched         # put in to wait for late packets
    uint64_t shrunk            # taken out to catch up
    uint64_t silent            # noise or nothing
    uint64_t malformed         # packets that the codec refused

cdef struct Playout:
    Jitter jitter
    Decoder decoder
    NoiseMaker noise
    bint described             # the far end sends comfort noise
    int count                  # samples in `room`
    int at                     # where they begin
    PlayoutCounters counters
    int16_t room[PLAYOUT_ROOM]

# Octets of memory that the owner must give for a codec and packets of up to `longest_ms`.
cdef int playout_memory(int codec, int longest_ms) noexcept nogil
# `rate` is a wish (codec_rate). False when the codec is unknown.
cdef bint playout_init(Playout* p, int codec, int rate, void* memory, int longest_ms, uint32_t seed) noexcept nogil
# A packet that reception accepted. `kind` PACKET_*; `codec` of audio: the playout's own, or the other law of G.711;
# `restarted` as in Received. Returns PUT_*.
cdef int playout_put(Playout* p, int kind, uint16_t sequence, uint32_t timestamp, uint8_t codec,
                     const uint8_t* payload, int size, bint restarted, int64_t now) noexcept nogil
# The next `samples` (at p.decoder.rate, at most 60 ms) for the tick that was due at `when`. Returns HEARD_* bits.
cdef int playout_tick(Playout* p, int64_t when, int16_t* out, int samples) noexcept nogil
# What waits is forgotten, what was learnt of the network is kept.
cdef void playout_flush(Playout* p) noexcept nogil
