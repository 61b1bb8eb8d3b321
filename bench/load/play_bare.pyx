"""The least that a caller who hears a prompt costs on sockets: a thread that sends a packet to each of its connected sockets
every 20 ms, reads what has come, and does nothing else.

It keeps the engine's measure: half of the sockets on every 10 ms of an absolute clock, one look at all with each.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset
from posix.time cimport CLOCK_MONOTONIC, timespec

from core.base.atomics cimport load_acquire_i32, store_release_i32
from core.base.clock cimport now_ns
from core.base.sockets cimport EPOLL_CLOEXEC, close_fd, epoll_add, epoll_create1, epoll_event, epoll_wait, recv, send
from core.engine.threads cimport pthread_t, thread_join, thread_start

cdef extern from "<time.h>" nogil:
    int TIMER_ABSTIME
    int clock_nanosleep(int clock, int flags, const timespec* until, timespec* left)

cdef extern from "<pthread.h>" nogil:
    cdef struct sched_param:
        int sched_priority
    int SCHED_FIFO
    pthread_t pthread_self()
    int pthread_setschedparam(pthread_t thread, int policy, const sched_param* param)

cdef enum:
    PRIORITY = 5               # as the engine's
    BATCH = 128
    BUFFER = 2048
    PACKET = 172
    SLOT_NS = 10000000
    TURNS = 2                  # slots of a packet time

cdef struct Play:
    int epoll
    int32_t quit
    int* fds
    int count
    uint64_t sent


cdef void* _run(void* argument) noexcept nogil:
    cdef Play* p = <Play*>argument
    cdef epoll_event[BATCH] ready
    cdef uint8_t[BUFFER] data
    cdef uint8_t[PACKET] packet
    cdef int count, i
    cdef int64_t slot = now_ns() // SLOT_NS
    cdef timespec until
    cdef sched_param parameters
    parameters.sched_priority = PRIORITY
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters)
    memset(packet, 0xD5, PACKET)
    while not load_acquire_i32(&p.quit):
        slot += 1
        until.tv_sec = slot * SLOT_NS // 1000000000
        until.tv_nsec = slot * SLOT_NS % 1000000000
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)
        count = BATCH
        while count == BATCH:
            count = epoll_wait(p.epoll, ready, BATCH, 0)
            for i in range(count):
                recv(<int>ready[i].data.u64, data, BUFFER, 0)
        i = <int>(slot % TURNS)
        while i < p.count:
            p.sent += send(p.fds[i], packet, PACKET, 0) == PACKET
            i += TURNS
    return NULL


cdef class BarePlayer:
    """Sends to connected UDP sockets and empties them; the caller keeps them open until `stop`."""

    cdef Play play
    cdef pthread_t thread
    cdef bint running

    def __cinit__(self, fds):
        cdef int i
        self.play.count = <int>len(fds)
        self.play.fds = <int*>calloc(len(fds), sizeof(int))
        self.play.epoll = epoll_create1(EPOLL_CLOEXEC)
        if self.play.fds == NULL or self.play.epoll < 0:
            raise MemoryError("no memory or descriptor for the bare player")
        for i in range(self.play.count):
            self.play.fds[i] = fds[i]
            if epoll_add(self.play.epoll, self.play.fds[i], self.play.fds[i]) < 0:
                raise OSError(f"socket {fds[i]} cannot be watched")

    def __dealloc__(self):
        self.stop()
        close_fd(self.play.epoll)
        free(self.play.fds)

    def start(self):
        if thread_start(&self.thread, _run, &self.play):
            raise OSError("the player's thread does not start")
        self.running = True

    def stop(self):
        if self.running:
            self.running = False
            store_release_i32(&self.play.quit, 1)
            with nogil:
                thread_join(self.thread)

    @property
    def sent(self):
        """Packets that the kernel took."""
        return self.play.sent
