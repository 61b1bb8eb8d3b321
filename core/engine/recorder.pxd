"""Recordings: a tap for each recorded stream, a ring for each tap, and one writer thread that makes WAV files of them.

The worker never waits: a full ring loses that packet of the recording, and the loss is silence in the file. A tap goes
where its stream goes: through bridges, hold and rooms, and to another worker. Python claims taps, the worker that has the
stream leaves them; the recording ends when the last tap is left. Who moves the state of a slot: Python FREE -> ACTIVE;
writer ACTIVE -> ENDED; the reporting worker ENDED -> REPORTED, when no tap is left; Python REPORTED -> FREE.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.base.ring cimport SpscRing

cdef enum:
    RECORDING_SLOTS = 1024
    CHUNK_BYTES = 160
    MAX_TAPS = 32              # of a recording, in all its time: a transfer takes one
    WINDOW = 16384             # frames that may still change: 2 s
    CODEC_LINEAR = 255         # of a chunk: s16 samples in host order, 8 kHz

cdef enum:
    RECORDING_FREE = 0
    RECORDING_ACTIVE = 1
    RECORDING_ENDED = 2
    RECORDING_REPORTED = 3

cdef struct Chunk:
    int64_t arrival_ns
    uint32_t timestamp         # samples at 8 kHz
    uint32_t epoch             # of the source; a change ends the trust in its timestamps
    uint8_t codec              # CODEC_*
    uint8_t spare
    uint16_t count             # samples
    uint8_t data[CHUNK_BYTES]

cdef struct Recording

cdef struct Tap:
    Recording* recording
    SpscRing ring              # of Chunk: the stream's worker to the writer
    int channel                # 0 left, 1 right; several of one channel are added up
    uint64_t lost_chunks       # worker: the ring was full
    # the writer's: where the timestamps lie in the file
    bint anchored
    uint32_t epoch
    uint32_t timestamp
    int64_t position           # frames from the start
    int placed                 # chunks since it was anchored
    int64_t lead               # how far the timestamps lead the clock, smoothed; frames, times 512
    int64_t end                # after the last frame that was placed

cdef struct Recording:
    uint32_t id
    int fd
    int channels               # 1 or 2
    bint piped                 # fd is a pipe to whoever stores it: frames only, one after the other
    bint begun                 # the reporting worker knows of it
    int32_t open_taps          # atomic: claimed and not yet left
    int32_t tap_count          # atomic: of `taps`, all that were ever claimed
    int32_t refused            # atomic: errno of a tap that its stream could not have
    int32_t paused             # atomic: what comes is left out, which is silence in the file
    int64_t start_ns
    int64_t stop_ns            # set before `stop`
    int32_t stop               # atomic: 1 + errno when the last tap was left
    int32_t failure            # errno; final once ENDED
    Tap* taps[MAX_TAPS]
    # the writer's
    int16_t* window            # the frames that may still change, a ring
    int64_t flushed            # frames in the file
    int64_t header_ns          # when the header was last brought up to date

cdef struct RecordTable:
    Recording* items[RECORDING_SLOTS]
    int32_t states[RECORDING_SLOTS]    # atomic
    uint32_t workers[RECORDING_SLOTS]  # index of the worker that reports its end
    uint32_t next_id
    int wake_fd                # eventfd: something began or stopped
    int32_t quit               # atomic

# Python's thread: takes a slot and the open file; the id, 0 when no slot is free, or -1 when memory is short.
cdef int64_t record_begin(RecordTable* table, int fd, int channels, bint piped, uint32_t worker, int64_t now) noexcept nogil
# Python's thread: a tap of its own for a stream: its index, or -1 when the recording is over, has all its taps, or memory is
# short.
cdef int record_claim(Recording* r, int channel) noexcept nogil
# Python's thread, after the event.
cdef void record_free(RecordTable* table, uint32_t id) noexcept nogil
# The worker's: what a stream heard; it has let go. Linear samples are `size` bytes.
cdef void record_audio(Tap* tap, int codec, const uint8_t* data, int size, uint32_t timestamp, uint32_t epoch,
                       int64_t now) noexcept nogil
# The worker's: the stream needs it no more (`failure`: never could have it). True when it was the last one.
cdef bint record_leave(Tap* tap, int failure, int64_t now) noexcept nogil
# The canonical 44-byte header of a PCM WAV.
cdef void wav_header(uint8_t* out, int channels, uint64_t data_bytes) noexcept nogil


cdef inline Recording* record_find(RecordTable* table, uint32_t id) noexcept nogil:
    cdef Recording* r = table.items[id % RECORDING_SLOTS]
    return r if r != NULL and r.id == id else NULL


cdef inline int64_t record_duration_ms(const Recording* r) noexcept nogil:
    return r.flushed // 8
