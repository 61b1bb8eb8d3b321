"""The table of recordings and their taps; see recorder.pxd."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from core.base.atomics cimport add_acq_rel_i32, load_acquire_i32, load_relaxed_i32, store_release_i32
from core.base.ring cimport spsc_commit, spsc_free, spsc_init, spsc_reserve

cdef enum:
    RING_CHUNKS = 256          # 5 s of 20 ms
    FRAMES_PER_S = 8000


cdef void record_audio(Tap* tap, int codec, const uint8_t* data, int size, uint32_t timestamp, uint32_t epoch,
                       int64_t now) noexcept nogil:
    cdef Chunk* chunk
    cdef int at = 0, part, octets = 2 if codec == CODEC_LINEAR else 1
    if load_relaxed_i32(&tap.recording.paused):
        return
    while at < size:
        chunk = <Chunk*>spsc_reserve(&tap.ring)
        if chunk == NULL:
            tap.lost_chunks += 1
            return
        part = size - at if size - at < CHUNK_BYTES else CHUNK_BYTES
        chunk.arrival_ns = now
        chunk.timestamp = timestamp + <uint32_t>(at // octets)
        chunk.epoch = epoch
        chunk.codec = <uint8_t>codec
        chunk.count = <unsigned short>(part // octets)
        memcpy(chunk.data, data + at, part)
        spsc_commit(&tap.ring)
        at += part


cdef bint record_leave(Tap* tap, int failure, int64_t now) noexcept nogil:
    cdef Recording* r = tap.recording
    if failure:
        store_release_i32(&r.refused, failure)
    if add_acq_rel_i32(&r.open_taps, -1) != 1:
        return False
    r.stop_ns = now
    store_release_i32(&r.stop, 1 + load_acquire_i32(&r.refused))
    return True


cdef int record_claim(Recording* r, int channel) noexcept nogil:
    cdef int index = r.tap_count
    cdef Tap* tap
    if index >= MAX_TAPS:
        return -1
    tap = <Tap*>calloc(1, sizeof(Tap))
    if tap == NULL or spsc_init(&tap.ring, RING_CHUNKS, sizeof(Chunk)) < 0:
        free(tap)
        return -1
    tap.recording = r
    tap.channel = channel
    if add_acq_rel_i32(&r.open_taps, 1) == 0 and index:
        # Its last stream has left in this instant: it is over.
        add_acq_rel_i32(&r.open_taps, -1)
        spsc_free(&tap.ring)
        free(tap)
        return -1
    r.taps[index] = tap
    store_release_i32(&r.tap_count, index + 1)
    return index


cdef int64_t record_begin(RecordTable* table, int fd, int channels, bint piped, uint32_t worker, int64_t now) noexcept nogil:
    cdef uint32_t slot = 0, id = 0
    cdef int tried
    cdef Recording* r
    for tried in range(RECORDING_SLOTS):
        table.next_id += 1
        if table.next_id == 0:
            table.next_id = 1
        slot = table.next_id % RECORDING_SLOTS
        if load_acquire_i32(&table.states[slot]) == RECORDING_FREE:
            id = table.next_id
            break
    if id == 0:
        return 0
    r = <Recording*>calloc(1, sizeof(Recording))
    if r == NULL:
        return -1
    r.window = <int16_t*>calloc(WINDOW * channels, sizeof(int16_t))
    if r.window == NULL:
        free(r)
        return -1
    r.id = id
    r.fd = fd
    r.channels = channels
    r.piped = piped
    r.start_ns = now
    r.header_ns = now
    table.items[slot] = r
    table.workers[slot] = worker
    store_release_i32(&table.states[slot], RECORDING_ACTIVE)
    return id


cdef void record_free(RecordTable* table, uint32_t id) noexcept nogil:
    cdef uint32_t slot = id % RECORDING_SLOTS
    cdef Recording* r = record_find(table, id)
    cdef int i
    if r == NULL:
        return
    table.items[slot] = NULL
    for i in range(r.tap_count):
        spsc_free(&r.taps[i].ring)
        free(r.taps[i])
    free(r.window)
    free(r)
    store_release_i32(&table.states[slot], RECORDING_FREE)


cdef void _put_le(uint8_t* out, uint64_t value, int size) noexcept nogil:
    cdef int i
    for i in range(size):
        out[i] = <uint8_t>(value >> (8 * i))


cdef void wav_header(uint8_t* out, int channels, uint64_t data_bytes) noexcept nogil:
    # The size field ends at 4 GiB, which is 37 hours; longer files are read to their end by most players.
    if data_bytes >= <uint64_t>1 << 32:
        data_bytes = (<uint64_t>1 << 32) - 64
    memcpy(out, <const char*>b"RIFF....WAVEfmt ", 16)
    _put_le(out + 4, data_bytes + 36, 4)
    _put_le(out + 16, 16, 4)
    _put_le(out + 20, 1, 2)
    _put_le(out + 22, channels, 2)
    _put_le(out + 24, FRAMES_PER_S, 4)
    _put_le(out + 28, FRAMES_PER_S * 2 * channels, 4)
    _put_le(out + 32, 2 * channels, 2)
    _put_le(out + 34, 16, 2)
    memcpy(out + 36, <const char*>b"data", 4)
    _put_le(out + 40, data_bytes, 4)
