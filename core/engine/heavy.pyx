"""The helper's thread and its rings; see heavy.pxd."""

from libc.errno cimport EMFILE, ENOMEM
from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from core.base.atomics cimport exchange_i32, full_fence, load_acquire_i32, store_release_i32
from core.base.clock cimport now_ns
from core.base.pool cimport id_slot, pool_free, pool_give, pool_init, pool_retire, pool_take
from core.base.ring cimport (
    spsc_commit,
    spsc_count,
    spsc_free,
    spsc_front,
    spsc_init,
    spsc_release,
    spsc_reserve,
)
from core.base.sockets cimport close_fd, counter_read, eventfd_open, eventfd_signal, wait_readable
from core.engine.threads cimport thread_join, thread_start
from core.stream.codec cimport MAX_SAMPLES, codec_decode, codec_encode, encoder_copy, encoder_init, encoder_memory, encoder_tune
from core.stream.playout cimport playout_init, playout_memory, playout_put, playout_tick

cdef extern from "<pthread.h>" nogil:
    int pthread_setname_np(pthread_t thread, const char* name)
    pthread_t pthread_self()
    int pthread_setschedprio(pthread_t thread, int priority)

cdef enum:
    JOBS = 1024                # records in a ring
    RESERVED = HEAVY_SLOTS     # of them for the ends of legs
    HELPER_PRIORITY = 3        # SCHED_FIFO, under the workers'
    LARGEST_MS = 120           # of a packet that waits: memory is taken for the longest at once


cdef int heavy_init(Heavy* h, uint32_t tag, int result_fd) noexcept nogil:
    memset(h, 0, sizeof(Heavy))
    h.result_fd = result_fd
    h.wake_fd = eventfd_open()
    if h.wake_fd < 0:
        return -EMFILE
    if (spsc_init(&h.jobs, JOBS, sizeof(HeavyJob)) < 0 or spsc_init(&h.results, JOBS, sizeof(HeavyResult)) < 0
            or pool_init(&h.pool, HEAVY_SLOTS, tag) < 0):
        heavy_free(h)
        return -ENOMEM
    return 0


cdef void heavy_free(Heavy* h) noexcept nogil:
    cdef int i
    for i in range(HEAVY_SLOTS):
        if h.slots[i] != NULL:
            free(h.slots[i].playout_memory)
            free(h.slots[i].encoder_memory)
            free(h.slots[i])
            h.slots[i] = NULL
    spsc_free(&h.jobs)
    spsc_free(&h.results)
    pool_free(&h.pool)
    close_fd(h.wake_fd)
    h.wake_fd = -1


cdef bint _furnish(Heavy* h, int slot, int codec, int longest_ms) noexcept nogil:
    """The memory of a slot, taken at its first use. One codec is heavy, so what it took fits the next leg too."""
    cdef HeavySlot* s = h.slots[slot]
    if s != NULL:
        return True
    s = <HeavySlot*>calloc(1, sizeof(HeavySlot))
    if s == NULL:
        return False
    s.playout_memory = malloc(playout_memory(codec, LARGEST_MS))
    s.encoder_memory = malloc(encoder_memory(codec) + 1)
    if s.playout_memory == NULL or s.encoder_memory == NULL or longest_ms > LARGEST_MS:
        free(s.playout_memory)
        free(s.encoder_memory)
        free(s)
        return False
    h.slots[slot] = s
    return True


cdef uint32_t heavy_open(Heavy* h, int codec, int rate, int longest_ms, const Tuning* tuning) noexcept nogil:
    cdef uint32_t id = pool_take(&h.pool)
    cdef HeavySlot* s
    if id == 0:
        return 0
    if not _furnish(h, <int>id_slot(id), codec, longest_ms):
        pool_retire(&h.pool, id)
        return 0
    s = h.slots[id_slot(id)]
    s.codec = <uint8_t>codec
    s.rate = rate
    s.longest_ms = longest_ms
    s.tuning = tuning[0]
    return id


cdef HeavyJob* _job(Heavy* h, uint32_t id, int kind) noexcept nogil:
    cdef HeavyJob* job = NULL
    if kind == JOB_END or spsc_count(&h.jobs) < JOBS - RESERVED:
        job = <HeavyJob*>spsc_reserve(&h.jobs)
    if job == NULL:
        h.count.overruns += 1
        return NULL
    job.id = id
    job.kind = <uint8_t>kind
    return job


cdef inline void _push(Heavy* h) noexcept nogil:
    spsc_commit(&h.jobs)
    h.unsignalled = True


cdef bint heavy_begin(Heavy* h, uint32_t id) noexcept nogil:
    if _job(h, id, JOB_BEGIN) == NULL:
        return False
    _push(h)
    return True


cdef bint heavy_packet(Heavy* h, uint32_t id, int packet_kind, uint16_t sequence, uint32_t timestamp,
                       const uint8_t* payload, int size, bint restarted, int64_t now) noexcept nogil:
    cdef HeavyJob* job
    if size < 0 or size > HEAVY_PAYLOAD:
        return False
    job = _job(h, id, JOB_PACKET)
    if job == NULL:
        return False
    job.packet_kind = <uint8_t>packet_kind
    job.restarted = restarted
    job.sequence = sequence
    job.timestamp = timestamp
    job.when = now
    job.size = <uint16_t>size
    memcpy(job.data, payload, size)
    _push(h)
    return True


cdef bint heavy_ask(Heavy* h, uint32_t id, int samples, int64_t when) noexcept nogil:
    cdef HeavyJob* job
    if samples <= 0 or samples > HEAVY_FRAME:
        return False
    job = _job(h, id, JOB_ASK)
    if job == NULL:
        return False
    job.size = <uint16_t>samples
    job.when = when
    _push(h)
    return True


cdef bint heavy_copy(Heavy* h, uint32_t id, uint32_t source) noexcept nogil:
    cdef HeavyJob* job = _job(h, id, JOB_COPY)
    if job == NULL:
        return False
    job.timestamp = source
    _push(h)
    return True


cdef bint heavy_say(Heavy* h, uint32_t id, const int16_t* pcm, int samples, int64_t when, void* purpose,
                    uint64_t turn) noexcept nogil:
    cdef HeavyJob* job
    if samples <= 0 or samples > HEAVY_FRAME:
        return False
    job = _job(h, id, JOB_SAY)
    if job == NULL:
        return False
    job.size = <uint16_t>samples
    job.when = when
    job.purpose = purpose
    job.turn = turn
    memcpy(job.data, pcm, samples * sizeof(int16_t))
    _push(h)
    return True


cdef bint heavy_tune(Heavy* h, uint32_t id, int bitrate, int expected_loss) noexcept nogil:
    cdef HeavyJob* job = _job(h, id, JOB_TUNE)
    if job == NULL:
        return False
    job.timestamp = <uint32_t>bitrate
    job.size = <uint16_t>expected_loss
    _push(h)
    return True


cdef bint heavy_measure(Heavy* h, uint32_t id, const uint8_t* payload, int size, bint last, int64_t now) noexcept nogil:
    cdef HeavyJob* job
    if size <= 0 or size > HEAVY_PAYLOAD:
        return False
    job = _job(h, id, JOB_MEASURE)
    if job == NULL:
        return False
    job.restarted = last
    job.when = now
    job.size = <uint16_t>size
    memcpy(job.data, payload, size)
    _push(h)
    return True


cdef void heavy_end(Heavy* h, uint32_t id) noexcept nogil:
    if _job(h, id, JOB_END) != NULL:
        _push(h)


cdef void heavy_wake(Heavy* h) noexcept nogil:
    if not h.unsignalled:
        return
    h.unsignalled = False
    full_fence()
    if exchange_i32(&h.sleeping, 0):
        eventfd_signal(h.wake_fd)


cdef HeavyResult* heavy_result(Heavy* h) noexcept nogil:
    return <HeavyResult*>spsc_front(&h.results)


cdef void heavy_release(Heavy* h) noexcept nogil:
    spsc_release(&h.results)


cdef bint _ask(HeavySlot* s, const HeavyJob* job, HeavyResult* result) noexcept nogil:
    result.kind = RESULT_SOUND
    result.heard = <uint8_t>playout_tick(&s.playout, job.when, <int16_t*>result.data, job.size)
    result.size = job.size
    return True


cdef bint _say(HeavySlot* s, const HeavyJob* job, HeavyResult* result) noexcept nogil:
    cdef int size = codec_encode(&s.encoder, <const int16_t*>job.data, job.size, result.data)
    result.kind = RESULT_PACKET
    result.size = <uint16_t>size
    result.purpose = job.purpose
    result.turn = job.turn
    return size > 0


cdef bint _measure(HeavySlot* s, const HeavyJob* job, HeavyResult* result) noexcept nogil:
    """By the decoder of the playout, which has nothing to do while its leg is relayed."""
    cdef int16_t[MAX_SAMPLES] pcm
    cdef int samples = codec_decode(&s.playout.decoder, job.data, job.size, pcm, MAX_SAMPLES)
    if samples > HEAVY_FRAME:
        samples = HEAVY_FRAME
    result.kind = RESULT_MEASURE
    result.size = <uint16_t>samples
    memcpy(result.data, pcm, samples * sizeof(int16_t))
    return job.restarted and samples > 0


cdef bint _made(HeavySlot* s, const HeavyJob* job, HeavyResult* result) noexcept nogil:
    if job.kind == JOB_ASK:
        return _ask(s, job, result)
    return _say(s, job, result) if job.kind == JOB_SAY else _measure(s, job, result)


cdef void _make(Heavy* h, HeavySlot* s, const HeavyJob* job) noexcept nogil:
    """One frame in or out; its result is lost when nobody takes results any more."""
    cdef HeavyResult* result = <HeavyResult*>spsc_reserve(&h.results)
    cdef int64_t since = now_ns()
    if result == NULL or not s.ready:
        return
    result.id = job.id
    result.when = job.when
    if _made(s, job, result):
        spsc_commit(&h.results)
    h.count.frames += 1
    h.count.busy_ns += now_ns() - since


cdef void _copy(HeavySlot* s, const HeavySlot* source) noexcept nogil:
    """The source may have failed to begin; it has not ended, since its end would be a later job."""
    if source != NULL and source != s and s.ready and source.ready and s.codec == source.codec and s.rate == source.rate:
        encoder_copy(&s.encoder, &source.encoder)


cdef void _run(Heavy* h, const HeavyJob* job) noexcept nogil:
    cdef HeavySlot* s = h.slots[id_slot(job.id)]
    if job.kind == JOB_BEGIN:
        s.ready = (playout_init(&s.playout, s.codec, s.rate, s.playout_memory, s.longest_ms, job.id)
                   and encoder_init(&s.encoder, s.codec, s.rate, &s.tuning, s.encoder_memory))
    elif job.kind == JOB_END:
        s.ready = False
        pool_give(&h.pool, id_slot(job.id))
    elif job.kind == JOB_PACKET:
        if s.ready:
            playout_put(&s.playout, job.packet_kind, job.sequence, job.timestamp, s.codec, job.data, job.size,
                        job.restarted, job.when)
    elif job.kind == JOB_TUNE:
        if s.ready:
            encoder_tune(&s.encoder, <int>job.timestamp, job.size)
    elif job.kind == JOB_COPY:
        _copy(s, h.slots[id_slot(job.timestamp)])
    else:
        _make(h, s, job)


cdef bint _work(Heavy* h) noexcept nogil:
    """All that waits, at most a ring full; True when there was something."""
    cdef int left = JOBS
    cdef HeavyJob* job
    while left > 0:
        job = <HeavyJob*>spsc_front(&h.jobs)
        if job == NULL:
            break
        _run(h, job)
        spsc_release(&h.jobs)
        left -= 1
    return left < JOBS


cdef void* _helper(void* argument) noexcept nogil:
    cdef Heavy* h = <Heavy*>argument
    pthread_setname_np(pthread_self(), "centrala-codec")
    # Below the workers, where they are real-time; refused and harmless where they are not.
    pthread_setschedprio(pthread_self(), HELPER_PRIORITY)
    while not load_acquire_i32(&h.quit):
        if _work(h):
            if h.result_fd >= 0 and spsc_count(&h.results):
                eventfd_signal(h.result_fd)
            continue
        store_release_i32(&h.sleeping, 1)
        full_fence()
        if spsc_count(&h.jobs) == 0 and not load_acquire_i32(&h.quit):
            wait_readable(h.wake_fd, -1)
        store_release_i32(&h.sleeping, 0)
        counter_read(h.wake_fd)
    return NULL


cdef int heavy_start(Heavy* h) noexcept nogil:
    cdef int failure = thread_start(&h.thread, _helper, h)
    h.started = failure == 0
    return failure


cdef void heavy_stop(Heavy* h) noexcept nogil:
    if h.started:
        store_release_i32(&h.quit, 1)
        eventfd_signal(h.wake_fd)
        thread_join(h.thread)
        h.started = False
