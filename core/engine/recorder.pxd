"""Recordings: a tap per stream into a ring per recording, and one writer thread that makes WAV files of them.

The worker never waits: a full ring loses that packet of the recording, and the loss is silence in the file. Who moves the
state of a slot: Python FREE -> ACTIVE; writer ACTIVE -> ENDED; worker ENDED -> REPORTED (it has let go of the memory);
Python REPORTED -> FREE.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.base.ring cimport SpscRing

cdef enum:
    RECORDING_SLOTS = 1024
    CHUNK_SAMPLES = 160

cdef enum:
    RECORDING_FREE = 0
    RECORDING_ACTIVE = 1
    RECORDING_ENDED = 2
    RECORDING_REPORTED = 3

cdef struct Chunk:
    int64_t arrival_ns
    uint32_t timestamp         # RTP
    uint32_t epoch             # of the source; a change ends the trust in its timestamps
    uint8_t channel            # 0 left, 1 right
    uint8_t codec              # CODEC_*
    uint16_t count             # samples
    uint8_t data[CHUNK_SAMPLES]

cdef struct Placement:         # where a channel's timestamps lie in the file
    bint anchored
    uint32_t epoch
    uint32_t timestamp
    int64_t position           # frames from the start

cdef struct Recording:
    uint32_t id
    int fd
    int channels               # 1 or 2
    bint begun                 # the worker knows of it
    int taps                   # streams that still feed it; worker
    int64_t start_ns
    int64_t stop_ns            # set before `stop`
    int32_t stop               # atomic: the worker has detached it
    SpscRing ring              # of Chunk: worker to writer
    uint64_t lost_chunks       # worker: the ring was full
    int32_t failure            # errno; final once ENDED
    # the writer's
    Placement place[2]
    int16_t* window            # the frames that may still change, a ring
    int64_t flushed            # frames in the file
    int64_t header_ns          # when the header was last brought up to date

cdef struct RecordTable:
    Recording* items[RECORDING_SLOTS]
    int32_t states[RECORDING_SLOTS]    # atomic
    uint32_t workers[RECORDING_SLOTS]  # index of the worker that feeds it
    uint32_t next_id
    int wake_fd                # eventfd: something began or stopped
    int32_t quit               # atomic

# Python's thread: takes a slot and the open file; the id, 0 when no slot is free, or -1 when memory is short.
cdef int64_t record_begin(RecordTable* table, int fd, int channels, uint32_t worker, int64_t now) noexcept nogil
# Python's thread, after the event.
cdef void record_free(RecordTable* table, uint32_t id) noexcept nogil
# The worker's: what a stream heard; it has let go.
cdef void record_audio(Recording* r, int channel, int codec, const uint8_t* data, int size, uint32_t timestamp,
                       uint32_t epoch, int64_t now) noexcept nogil
cdef void record_stop(RecordTable* table, Recording* r, int failure, int64_t now) noexcept nogil
# The writer thread; `argument` is the table.
cdef void* record_writer(void* argument) noexcept nogil
# The canonical 44-byte header of a PCM WAV.
cdef void wav_header(uint8_t* out, int channels, uint64_t data_bytes) noexcept nogil


cdef inline Recording* record_find(RecordTable* table, uint32_t id) noexcept nogil:
    cdef Recording* r = table.items[id % RECORDING_SLOTS]
    return r if r != NULL and r.id == id else NULL


cdef inline int64_t record_duration_ms(const Recording* r) noexcept nogil:
    return r.flushed // 8
