"""The writer thread of recordings; see tape_writer.pxd."""

from libc.errno cimport EAGAIN, EINTR, EIO, EPIPE, errno
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcpy, memset
from posix.types cimport off_t
from posix.unistd cimport close, fdatasync, write

from core.base.atomics cimport load_acquire_i32, store_release_i32
from core.base.clock cimport now_ns
from core.base.ring cimport spsc_front, spsc_release
from core.base.sockets cimport counter_read, wait_readable, wait_writable
from core.engine.recorder cimport (
    CHUNK_BYTES,
    CODEC_LINEAR,
    RECORDING_ACTIVE,
    RECORDING_ENDED,
    RECORDING_SLOTS,
    WINDOW,
    Chunk,
    Recording,
    RecordTable,
    Tap,
    wav_header,
)
from core.stream.stream cimport decode_audio

cdef extern from "<unistd.h>" nogil:
    ssize_t pwrite(int fd, const void* data, size_t size, off_t offset)

cdef enum:
    SETTLE = 4000              # frames that a packet may come late: 0.5 s
    TRUST = 4000               # frames that timestamps may lead the clock astray at once
    SKEW = 160                 # and in the long run: 20 ms
    SMOOTH = 512               # chunks that the lead is smoothed over: ten seconds
    NS_PER_FRAME = 125000
    HEADER_BYTES = 44
    HEADER_NS = 1000000000     # the header is brought up to date this often
    POLL_MS = 100
    PIPE_PART = 4096           # bytes that a pipe takes whole or not at all (PIPE_BUF)
    PIPE_PATIENCE_MS = 1000    # for a reader that is 2 s behind


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


cdef int _append(Recording* r, const uint8_t* data, int64_t size) noexcept nogil:
    """Into the pipe; 0, EAGAIN when it is full (what went in is counted), or another errno."""
    cdef int64_t frame = 2 * r.channels
    cdef ssize_t done
    while size > 0:
        # Whole frames: what a full pipe takes of the last one would be lost.
        done = write(r.fd, data, <size_t>(size if size < PIPE_PART else PIPE_PART // frame * frame))
        if done < 0:
            if errno == EINTR:
                continue
            return errno
        data += done
        size -= done
        r.flushed += done // frame
    return 0


cdef int _write_header(Recording* r) noexcept nogil:
    cdef uint8_t[HEADER_BYTES] header
    if r.piped:
        return 0
    wav_header(header, r.channels, <uint64_t>r.flushed * 2 * r.channels)
    return _write_at(r.fd, header, HEADER_BYTES, 0)


cdef bint _flush_to_pipe(Recording* r, int64_t first, int64_t count, bint must) noexcept nogil:
    """False when the pipe takes no more now; `must`: then the frames are lost, and that ends the recording."""
    cdef int64_t before = r.flushed
    cdef int failure = _append(r, <uint8_t*>(r.window + first * r.channels), count * 2 * r.channels)
    memset(r.window + first * r.channels, 0, <size_t>((r.flushed - before) * 2 * r.channels))
    if failure == EAGAIN:
        if not must or not wait_writable(r.fd, PIPE_PATIENCE_MS):
            r.failure = EPIPE if must else 0
            return False
        return True
    r.failure = failure
    return failure == 0


cdef void _flush(Recording* r, int64_t until, bint must) noexcept nogil:
    """Writes the frames before `until`; what nothing was placed on is silence. Sets `failure` when the disk refuses."""
    cdef int64_t first, count
    cdef int64_t frame = 2 * r.channels
    while r.flushed < until and r.failure == 0:
        first = r.flushed % WINDOW
        count = WINDOW - first if until - r.flushed > WINDOW - first else until - r.flushed
        if r.piped:
            if not _flush_to_pipe(r, first, count, must):
                return
            continue
        r.failure = _write_at(r.fd, <uint8_t*>(r.window + first * r.channels), count * frame,
                              HEADER_BYTES + r.flushed * frame)
        memset(r.window + first * r.channels, 0, <size_t>(count * frame))
        if r.failure == 0:
            r.flushed += count


cdef int _correction(Tap* tap, int64_t lead) noexcept nogil:
    """A far end's clock is not ours: in two hours it may be a second off, and the two sides with it. A frame a chunk puts
    6,000 ppm right, which nobody hears.
    """
    tap.lead += lead - tap.lead // SMOOTH
    if tap.placed < SMOOTH:
        tap.placed += 1
        return 0
    if tap.lead > SKEW * SMOOTH:
        tap.lead -= SMOOTH
        return -1
    if tap.lead < -SKEW * SMOOTH:
        tap.lead += SMOOTH
        return 1
    return 0


cdef int64_t _position(const Recording* r, Tap* tap, const Chunk* chunk) noexcept nogil:
    """Where a chunk begins: by its timestamp, anchored where the source's first packet arrived."""
    cdef int64_t arrived = (chunk.arrival_ns - r.start_ns) // NS_PER_FRAME
    cdef int64_t position = tap.position + <int32_t>(chunk.timestamp - tap.timestamp)
    if not tap.anchored or tap.epoch != chunk.epoch or position - arrived > TRUST or arrived - position > TRUST:
        tap.anchored = True
        tap.epoch = chunk.epoch
        tap.lead = 0
        tap.placed = 0
        position = arrived
    else:
        position += _correction(tap, position - arrived)
    tap.timestamp = chunk.timestamp
    tap.position = position
    return position


cdef inline int16_t _added(int a, int b) noexcept nogil:
    cdef int sum = a + b
    return <int16_t>(32767 if sum > 32767 else -32768 if sum < -32768 else sum)


cdef bint _alone(Recording* r, const Tap* tap, int64_t position) noexcept nogil:
    """Nobody else has placed anything on this channel from there on."""
    cdef int i
    for i in range(load_acquire_i32(&r.tap_count)):
        if r.taps[i] != tap and r.taps[i].channel == tap.channel and r.taps[i].end > position:
            return False
    return True


cdef void _place(Recording* r, Tap* tap, const Chunk* chunk) noexcept nogil:
    cdef int16_t[CHUNK_BYTES] pcm
    cdef int64_t position = _position(r, tap, chunk)
    cdef int64_t at
    cdef int i, channel = tap.channel if r.channels == 2 else 0
    cdef bint alone = _alone(r, tap, position)
    if position + chunk.count > r.flushed + WINDOW:
        _flush(r, position + chunk.count - WINDOW, True)
    if chunk.codec == CODEC_LINEAR:
        memcpy(pcm, chunk.data, chunk.count * sizeof(int16_t))
    else:
        decode_audio(chunk.codec, chunk.data, pcm, chunk.count)
    if tap.placed >= SMOOTH and alone and position == tap.end + 1 and r.flushed <= tap.end:
        # Put right by a frame: what it leaves open is no hole.
        r.window[(tap.end % WINDOW) * r.channels + channel] = pcm[0]
    for i in range(chunk.count):
        if r.flushed <= position + i < r.flushed + WINDOW:
            at = ((position + i) % WINDOW) * r.channels + channel
            if alone:
                r.window[at] = pcm[i]
            elif position + i >= tap.end:
                # What the tap has placed before is in the sum already.
                r.window[at] = _added(r.window[at], pcm[i])
    if position + chunk.count > tap.end:
        tap.end = position + chunk.count


cdef void _finish(Recording* r, int stop) noexcept nogil:
    cdef int failure
    if stop == 1 and r.failure == 0:
        _flush(r, (r.stop_ns - r.start_ns) // NS_PER_FRAME, True)
    failure = _write_header(r)
    if r.failure == 0:
        r.failure = stop - 1 if stop > 1 else failure
    if not r.piped and fdatasync(r.fd) < 0 and r.failure == 0:
        r.failure = errno
    close(r.fd)
    r.fd = -1


cdef void _take_chunks(Recording* r) noexcept nogil:
    cdef int i, count = load_acquire_i32(&r.tap_count)
    cdef Chunk* chunk
    for i in range(count):
        while r.failure == 0:
            chunk = <Chunk*>spsc_front(&r.taps[i].ring)
            if chunk == NULL:
                break
            _place(r, r.taps[i], chunk)
            spsc_release(&r.taps[i].ring)


cdef bint record_service(Recording* r, int64_t now) noexcept nogil:
    """Writes what has come; True when the recording is over."""
    cdef int stop = load_acquire_i32(&r.stop)
    _take_chunks(r)
    if r.failure == 0 and stop == 0:
        _flush(r, (now - r.start_ns) // NS_PER_FRAME - SETTLE, False)
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
            if record_service(table.items[slot], now_ns()):
                store_release_i32(&table.states[slot], RECORDING_ENDED)
            else:
                busy += 1
        if quit:
            return NULL
        wait_readable(table.wake_fd, POLL_MS if busy else -1)
        counter_read(table.wake_fd)
