"""Heavy codecs (Opus) in helper threads, one tick ahead of the worker that owns the leg. No lock, no allocation per packet.

A helper owns the jitter buffer, decoder and encoder of its legs outright; worker and helper meet in two SPSC rings of fixed
records: jobs down (a packet came; the tick wants its sound; this is to be said), results up (the sound of the next tick; an
encoded packet). So a worker hands over packets as they come, asks at each tick for the sound of the next one, and takes what
was made since the last one. What is not ready in time is silence for a tick and counted.

| call | thread |
|---|---|
| heavy_init, heavy_start, heavy_stop, heavy_free | whoever makes the worker |
| heavy_open, heavy_begin, heavy_packet, heavy_ask, heavy_say, heavy_copy, heavy_end, heavy_wake, heavy_result | the worker's |

A leg's life: `heavy_open` (by command; memory is taken here, once for a slot, and kept for the next leg) gives an id; begin it,
use it, end it; the slot is free again when the helper has seen the end, so a late job or result can meet nobody else.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.base.pool cimport Pool
from core.base.ring cimport SpscRing
from core.engine.threads cimport pthread_t
from core.stream.codec cimport Encoder, Tuning
from core.stream.playout cimport Playout

cdef enum:
    HEAVY_SLOTS = 256          # legs of one helper: at 130 us a frame it is full long before
    HEAVY_FRAME = 960          # samples of one tick: 20 ms at 48 kHz
    HEAVY_PAYLOAD = 1280       # octets

cdef enum:                     # kinds of jobs
    JOB_BEGIN = 1
    JOB_PACKET = 2
    JOB_ASK = 3
    JOB_SAY = 4
    JOB_END = 5
    JOB_TUNE = 6               # `timestamp` bit/s, `size` percent of expected loss
    JOB_MEASURE = 7            # a packet of a relayed leg; `restarted`: its sound is wanted
    JOB_COPY = 8               # the encoder of leg `timestamp` becomes this one's

cdef enum:                     # kinds of results
    RESULT_SOUND = 1           # of the tick `when`
    RESULT_PACKET = 2          # what was to be said at `when`, encoded
    RESULT_MEASURE = 3         # sound of a packet that came at `when`

cdef struct HeavyJob:
    uint32_t id
    uint8_t kind               # JOB_*
    uint8_t packet_kind        # PACKET_*
    uint8_t restarted
    uint16_t sequence
    uint16_t size              # octets of payload, or samples
    uint32_t timestamp
    int64_t when
    void* purpose              # of what is said
    uint64_t turn
    uint8_t data[2 * HEAVY_FRAME]

cdef struct HeavyResult:
    uint32_t id
    uint8_t kind               # RESULT_*
    uint8_t heard              # HEARD_* of the sound
    uint16_t size              # octets of payload, or samples
    int64_t when
    void* purpose              # of a packet: as it was given to heavy_say
    uint64_t turn
    uint8_t data[2 * HEAVY_FRAME]

cdef struct HeavySlot:         # the helper's, but for its opening
    uint8_t codec
    int rate                   # Hz, of both directions
    int longest_ms
    Tuning tuning
    bint ready
    Playout playout
    Encoder encoder
    void* playout_memory
    void* encoder_memory

cdef struct HeavyCounters:     # read relaxed
    uint64_t frames            # decoded or encoded; helper
    uint64_t busy_ns           # helper
    uint64_t overruns          # jobs that found the ring full; worker
    uint64_t late              # ticks whose sound was not ready; worker

cdef struct Heavy:             # one helper and its rings
    SpscRing jobs              # of HeavyJob
    SpscRing results           # of HeavyResult
    Pool pool
    HeavySlot* slots[HEAVY_SLOTS]
    int wake_fd                # eventfd: jobs wait
    int result_fd              # eventfd of the worker: results wait; -1: it looks by itself
    int32_t sleeping           # atomic: the helper may be asleep without having seen the last job
    int32_t quit               # atomic
    bint unsignalled           # jobs were pushed since the last wake; worker
    bint started
    pthread_t thread
    HeavyCounters count

# 0 or -errno. `tag` goes into the ids. `result_fd` is signalled when results were pushed; -1: never.
cdef int heavy_init(Heavy* h, uint32_t tag, int result_fd) noexcept nogil
cdef int heavy_start(Heavy* h) noexcept nogil
cdef void heavy_stop(Heavy* h) noexcept nogil
cdef void heavy_free(Heavy* h) noexcept nogil
# The id of a slot for a leg, with its memory; 0 when there is none free or no memory.
cdef uint32_t heavy_open(Heavy* h, int codec, int rate, int longest_ms, const Tuning* tuning) noexcept nogil
# The worker takes the leg up. These return False when the ring is full (counted): the packet or frame is then lost.
cdef bint heavy_begin(Heavy* h, uint32_t id) noexcept nogil
cdef bint heavy_packet(Heavy* h, uint32_t id, int packet_kind, uint16_t sequence, uint32_t timestamp,
                       const uint8_t* payload, int size, bint restarted, int64_t now) noexcept nogil
# The sound of the tick that is due at `when`, `samples` long (HEAVY_FRAME at most).
cdef bint heavy_ask(Heavy* h, uint32_t id, int samples, int64_t when) noexcept nogil
# `purpose` and `turn` come back with the packet.
cdef bint heavy_say(Heavy* h, uint32_t id, const int16_t* pcm, int samples, int64_t when, void* purpose,
                    uint64_t turn) noexcept nogil
# What `id` says next follows on what `source` has said last. Both have the same codec and rate.
cdef bint heavy_copy(Heavy* h, uint32_t id, uint32_t source) noexcept nogil
# The encoder follows the far end's reports.
cdef bint heavy_tune(Heavy* h, uint32_t id, int bitrate, int expected_loss) noexcept nogil
# Decodes a packet of a leg that plays nothing; the sound of the `last` comes back.
cdef bint heavy_measure(Heavy* h, uint32_t id, const uint8_t* payload, int size, bint last, int64_t now) noexcept nogil
# Always taken: the ring keeps room for the end of every leg.
cdef void heavy_end(Heavy* h, uint32_t id) noexcept nogil
# Wakes the helper if jobs were pushed; once a turn of the worker.
cdef void heavy_wake(Heavy* h) noexcept nogil
# The next result, valid until `heavy_release`, or NULL.
cdef HeavyResult* heavy_result(Heavy* h) noexcept nogil
cdef void heavy_release(Heavy* h) noexcept nogil
