"""Reaches the rings and the pool of core.base for tests."""

from libc.stdint cimport uint32_t, uint64_t

from core.base.pool cimport (
    Pool,
    id_generation,
    id_slot,
    id_tag,
    pool_free,
    pool_give,
    pool_init,
    pool_is_current,
    pool_retire,
    pool_take,
)
from core.base.ring cimport (
    MpscRing,
    SpscRing,
    mpsc_free,
    mpsc_init,
    mpsc_pop,
    mpsc_push,
    spsc_count,
    spsc_free,
    spsc_init,
    spsc_pop,
    spsc_push,
)
from core.engine.threads cimport pthread_t, thread_join, thread_start


cdef class Spsc:
    cdef SpscRing ring

    def __cinit__(self, uint32_t capacity):
        if spsc_init(&self.ring, capacity, sizeof(uint64_t)) < 0:
            raise MemoryError

    def __dealloc__(self):
        spsc_free(&self.ring)

    def push(self, uint64_t value):
        return bool(spsc_push(&self.ring, &value))

    def pop(self):
        cdef uint64_t value
        return value if spsc_pop(&self.ring, &value) else None

    def __len__(self):
        return spsc_count(&self.ring)


cdef class Mpsc:
    cdef MpscRing ring

    def __cinit__(self, uint32_t capacity):
        if mpsc_init(&self.ring, capacity, sizeof(uint64_t)) < 0:
            raise MemoryError

    def __dealloc__(self):
        mpsc_free(&self.ring)

    def push(self, uint64_t value):
        return bool(mpsc_push(&self.ring, &value))

    def pop(self):
        cdef uint64_t value
        return value if mpsc_pop(&self.ring, &value) else None


cdef struct Job:
    SpscRing* spsc
    MpscRing* mpsc
    uint64_t first
    uint64_t count


cdef void* _produce(void* argument) noexcept nogil:
    cdef Job* job = <Job*>argument
    cdef uint64_t value = job.first
    while value < job.first + job.count:
        if (spsc_push(job.spsc, &value) if job.spsc != NULL else mpsc_push(job.mpsc, &value)):
            value += 1
    return NULL


def spsc_through(uint64_t count):
    """A thread pushes 0..count-1 through a small ring; returns how many came out in order."""
    cdef SpscRing ring
    cdef Job job
    cdef pthread_t thread
    cdef uint64_t value, wanted = 0, good = 0
    spsc_init(&ring, 64, sizeof(uint64_t))
    job.spsc = &ring
    job.mpsc = NULL
    job.first = 0
    job.count = count
    thread_start(&thread, _produce, &job)
    with nogil:
        while wanted < count:
            if spsc_pop(&ring, &value):
                good += value == wanted
                wanted += 1
        thread_join(thread)
    spsc_free(&ring)
    return good


def spsc_cycles(uint64_t count):
    """`count` times one push and one pop, on this thread."""
    cdef SpscRing ring
    cdef uint64_t i, value, total = 0
    spsc_init(&ring, 64, sizeof(uint64_t))
    for i in range(count):
        spsc_push(&ring, &i)
        if spsc_pop(&ring, &value):
            total += value
    spsc_free(&ring)
    return total


def mpsc_cycles(uint64_t count):
    """`count` times one push and one pop, on this thread."""
    cdef MpscRing ring
    cdef uint64_t i, value, total = 0
    mpsc_init(&ring, 64, sizeof(uint64_t))
    for i in range(count):
        mpsc_push(&ring, &i)
        if mpsc_pop(&ring, &value):
            total += value
    mpsc_free(&ring)
    return total


def mpsc_through(uint64_t count):
    """Three threads push `count` each; returns (values that came, of these in their producer's order)."""
    cdef MpscRing ring
    cdef Job[3] jobs
    cdef pthread_t[3] threads
    cdef uint64_t[3] wanted
    cdef uint64_t value, came = 0, good = 0
    cdef int i
    mpsc_init(&ring, 64, sizeof(uint64_t))
    for i in range(3):
        jobs[i].spsc = NULL
        jobs[i].mpsc = &ring
        jobs[i].first = i * count
        jobs[i].count = count
        wanted[i] = i * count
        thread_start(&threads[i], _produce, &jobs[i])
    with nogil:
        while came < 3 * count:
            if mpsc_pop(&ring, &value):
                i = <int>(value // count)
                good += value == wanted[i]
                wanted[i] = value + 1
                came += 1
        for i in range(3):
            thread_join(threads[i])
    mpsc_free(&ring)
    return came, good


cdef class Slots:
    cdef Pool pool

    def __cinit__(self, uint32_t capacity, uint32_t tag):
        if pool_init(&self.pool, capacity, tag) < 0:
            raise MemoryError

    def __dealloc__(self):
        pool_free(&self.pool)

    def take(self):
        return pool_take(&self.pool)

    def give(self, uint32_t id):
        pool_retire(&self.pool, id)
        pool_give(&self.pool, id_slot(id))

    def retire(self, uint32_t id):
        pool_retire(&self.pool, id)

    def current(self, uint32_t id):
        return bool(pool_is_current(&self.pool, id))

    @property
    def taken(self):
        return self.pool.taken


def parts(uint32_t id):
    return id_tag(id), id_generation(id), id_slot(id)
