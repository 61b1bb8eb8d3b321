"""The limit of sockets: a thread that receives and sends on connected sockets, and does nothing else.

It is what the engine is measured against: the same sockets, the same epoll, one recv and one send a packet.
"""

from libc.stdint cimport int32_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free

from core.base.atomics cimport load_acquire_i32, store_release_i32
from core.base.sockets cimport (
    EPOLL_CLOEXEC,
    close_fd,
    epoll_add,
    epoll_create1,
    epoll_event,
    epoll_wait,
    recv,
    send,
)
from core.engine.threads cimport pthread_t, thread_join, thread_start

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

cdef struct Relay:
    int epoll
    int32_t quit
    bint realtime
    int* partner               # of each descriptor


cdef void* _run(void* argument) noexcept nogil:
    cdef Relay* r = <Relay*>argument
    cdef epoll_event[BATCH] ready
    cdef uint8_t[BUFFER] data
    cdef int count, i, fd
    cdef ssize_t size
    cdef sched_param parameters
    if r.realtime:
        parameters.sched_priority = PRIORITY
        pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters)
    while not load_acquire_i32(&r.quit):
        count = epoll_wait(r.epoll, ready, BATCH, 100)
        for i in range(count):
            fd = <int>ready[i].data.u64
            size = recv(fd, data, BUFFER, 0)
            if size > 0:
                send(r.partner[fd], data, size, 0)
    return NULL


cdef class BareRelay:
    """Relays between pairs of connected UDP sockets; the caller keeps the sockets open until `stop`."""

    cdef Relay relay
    cdef pthread_t thread
    cdef bint running

    def __cinit__(self, pairs, bint realtime=True):
        cdef int a, b, highest = max(max(pair) for pair in pairs)
        self.relay.realtime = realtime
        self.relay.partner = <int*>calloc(highest + 1, sizeof(int))
        self.relay.epoll = epoll_create1(EPOLL_CLOEXEC)
        if self.relay.partner == NULL or self.relay.epoll < 0:
            raise MemoryError("no memory or descriptor for the bare relay")
        for a, b in pairs:
            self.relay.partner[a] = b
            self.relay.partner[b] = a
            if epoll_add(self.relay.epoll, a, a) < 0 or epoll_add(self.relay.epoll, b, b) < 0:
                raise OSError(f"sockets {a} and {b} cannot be watched")

    def __dealloc__(self):
        self.stop()
        close_fd(self.relay.epoll)
        free(self.relay.partner)

    def start(self):
        if thread_start(&self.thread, _run, &self.relay):
            raise OSError("the relay's thread does not start")
        self.running = True

    def stop(self):
        if self.running:
            self.running = False
            store_release_i32(&self.relay.quit, 1)
            with nogil:
                thread_join(self.thread)
