"""The taps and the writer of recordings; see recorder.pxd."""

from libc.errno cimport EINTR, EIO, errno
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset
from posix.time cimport nanosleep, timespec
from posix.types cimport off_t
from posix.unistd cimport close, fdatasync

from core.base.atomics cimport load_acquire_i32, store_release_i32
from core.base.clock cimport now_ns
from core.base.ring cimport spsc_commit, spsc_free, spsc_front, spsc_init, spsc_release, spsc_reserve
from core.base.sockets cimport counter_read, wait_readable
from core.stream.stream cimport decode_audio

cdef extern from "<unistd.h>" nogil:
    ssize_t pwrite(int fd, const void* data, size_t size, off_t offset)

cdef enum:
    RING_CHUNKS = 512          # 5 s of two channels at 20 ms
    WINDOW = 16384             # frames that may still change: 2 s
    SETTLE = 4000              # frames that a packet may come late: 0.5 s
    TRUST = 4000               # frames that timestamps may lead the clock astray
    FRAMES_PER_S = 8000
    NS_PER_FRAME = 125000
    HEADER_BYTES = 44
    HEADER_NS = 1000000000     # the header is brought up to date this often
    POLL_MS = 100


cdef void record_audio(Recording* r, int channel, int codec, const uint8_t* data, int size, uint32_t timestamp,
                       uint32_t epoch, int64_t now) noexcept nogil:
    cdef Chunk* chunk
    cdef int at = 0, part
    while at < size:
        chunk = <Chunk*>spsc_reserve(&r.ring)
        if chunk == NULL:
            r.lost_chunks += 1
            return
        part = size - at if size - at < CHUNK_SAMPLES else CHUNK_SAMPLES
        chunk.arrival_ns = now
        chunk.timestamp = timestamp + <uint32_t>at
        chunk.epoch = epoch
        chunk.channel = <uint8_t>channel
        chunk.codec = <uint8_t>codec
        chunk.count = <unsigned short>part
        memcpy(chunk.data, data + at, part)
        spsc_commit(&r.ring)
        at += part


cdef void record_stop(RecordTable* table, Recording* r, int failure, int64_t now) noexcept nogil:
    r.stop_ns = now
    store_release_i32(&r.stop, 1 + failure)


cdef int64_t record_begin(RecordTable* table, int fd, int channels, uint32_t worker, int64_t now) noexcept nogil:
    cdef uint32_t slot, id = 0
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
    if r.window == NULL or spsc_init(&r.ring, RING_CHUNKS, sizeof(Chunk)) < 0:
        free(r.window)
        free(r)
        return -1
    r.id = id
    r.fd = fd
    r.channels = channels
    r.start_ns = now
    r.header_ns = now
    table.items[slot] = r
    table.workers[slot] = worker
    store_release_i32(&table.states[slot], RECORDING_ACTIVE)
    return id


cdef void record_free(RecordTable* table, uint32_t id) noexcept nogil:
    cdef uint32_t slot = id % RECORDING_SLOTS
    cdef Recording* r = record_find(table, id)
    if r == NULL:
        return
    table.items[slot] = NULL
    spsc_free(&r.ring)
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


cdef int _write_at(int fd, const uint8_t* data, int64_t size, int64_t offset) noexcept nogil:
    """0, or errno."""
    cdef ssize_t done
    while size > 0:
        done = pwrite(fd, data, <size_t>size, offset)
        if done < 0:
            if errno == EINTR:
                continue
            return errno
        if done == 0:
            return EIO
        data += done
        size -= done
        offset += done
    return 0


cdef int _write_header(Recording* r) noexcept nogil:
    cdef uint8_t[HEADER_BYTES] header
    wav_header(header, r.channels, <uint64_t>r.flushed * 2 * r.channels)
    return _write_at(r.fd, header, HEADER_BYTES, 0)


cdef void _flush(Recording* r, int64_t until) noexcept nogil:
    """Writes the frames before `until`; what nothing was placed on is silence. Sets `failure` when the disk refuses."""
    cdef int64_t first, count
    cdef int64_t frame = 2 * r.channels
    while r.flushed < until and r.failure == 0:
        first = r.flushed % WINDOW
        count = WINDOW - first if until - r.flushed > WINDOW - first else until - r.flushed
        r.failure = _write_at(r.fd, <uint8_t*>(r.window + first * r.channels), count * frame,
                              HEADER_BYTES + r.flushed * frame)
        memset(r.window + first * r.channels, 0, <size_t>(count * frame))
        if r.failure == 0:
            r.flushed += count


cdef int64_t _position(Recording* r, const Chunk* chunk) noexcept nogil:
    """Where a chunk begins: by its timestamp, anchored where the source's first packet arrived."""
    cdef Placement* place = &r.place[chunk.channel]
    cdef int64_t arrived = (chunk.arrival_ns - r.start_ns) // NS_PER_FRAME
    cdef int64_t position = place.position + <int32_t>(chunk.timestamp - place.timestamp)
    if not place.anchored or place.epoch != chunk.epoch or position - arrived > TRUST or arrived - position > TRUST:
        place.anchored = True
        place.epoch = chunk.epoch
        position = arrived
    place.timestamp = chunk.timestamp
    place.position = position
    return position


cdef void _place(Recording* r, const Chunk* chunk) noexcept nogil:
    cdef int16_t[CHUNK_SAMPLES] pcm
    cdef int64_t position = _position(r, chunk)
    cdef int i, channel = chunk.channel if r.channels == 2 else 0
    if position + chunk.count > r.flushed + WINDOW:
        _flush(r, position + chunk.count - WINDOW)
    decode_audio(chunk.codec, chunk.data, pcm, chunk.count)
    for i in range(chunk.count):
        if position + i >= r.flushed and position + i < r.flushed + WINDOW:
            r.window[((position + i) % WINDOW) * r.channels + channel] = pcm[i]


cdef void _finish(Recording* r, int stop) noexcept nogil:
    cdef int failure
    if stop == 1 and r.failure == 0:
        _flush(r, (r.stop_ns - r.start_ns) // NS_PER_FRAME)
    failure = _write_header(r)
    if r.failure == 0:
        r.failure = stop - 1 if stop > 1 else failure
    if fdatasync(r.fd) < 0 and r.failure == 0:
        r.failure = errno
    close(r.fd)
    r.fd = -1


cdef bint _service(Recording* r, int64_t now) noexcept nogil:
    """Writes what has come; True when the recording is over."""
    cdef int stop = load_acquire_i32(&r.stop)
    cdef Chunk* chunk
    while r.failure == 0:
        chunk = <Chunk*>spsc_front(&r.ring)
        if chunk == NULL:
            break
        _place(r, chunk)
        spsc_release(&r.ring)
    if r.failure == 0 and stop == 0:
        _flush(r, (now - r.start_ns) // NS_PER_FRAME - SETTLE)
        if now - r.header_ns >= HEADER_NS and r.failure == 0:
            r.header_ns = now
            r.failure = _write_header(r)
    if stop or r.failure:
        _finish(r, stop)
        return True
    return False


cdef void* record_writer(void* argument) noexcept nogil:
    cdef RecordTable* table = <RecordTable*>argument
    cdef int slot, busy, quit
    while True:
        # Read before the pass: what was stopped before `quit` was set is finished in this pass.
        quit = load_acquire_i32(&table.quit)
        busy = 0
        for slot in range(RECORDING_SLOTS):
            if load_acquire_i32(&table.states[slot]) != RECORDING_ACTIVE:
                continue
            if _service(table.items[slot], now_ns()):
                store_release_i32(&table.states[slot], RECORDING_ENDED)
            else:
                busy += 1
        if quit:
            return NULL
        wait_readable(table.wake_fd, POLL_MS if busy else -1)
        counter_read(table.wake_fd)
