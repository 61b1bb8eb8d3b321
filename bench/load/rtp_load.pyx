"""Two-way RTP calls as a load: exact pacing, staggered over the packet time, one-way latency by the kernel's stamps.

Each packet carries the instant before its send. The receiving socket's SO_TIMESTAMPNS says when it arrived there, so the
figure holds the way through the relay, not the wait for a thread of this generator. For the same reason the receiver
looks once a millisecond instead of being woken: on loopback whoever sends pays for the wake-up, which was 15 to 18 % of
a relay's processor time and in service is another machine's.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from posix.time cimport CLOCK_MONOTONIC, CLOCK_REALTIME, clock_gettime, timespec

from core.base.atomics cimport load_acquire_i32, store_release_i32
from core.base.clock cimport now_ns, realtime_ns
from core.base.sockets cimport EPOLL_CLOEXEC, close_fd, epoll_add, epoll_create1, epoll_event, epoll_wait, send
from core.engine.threads cimport pthread_t, thread_join, thread_start
from core.stream.rtp cimport rtp_write

cdef extern from "<time.h>" nogil:
    int TIMER_ABSTIME
    int clock_nanosleep(int clock, int flags, const timespec* until, timespec* left)

cdef extern from "<pthread.h>" nogil:
    cdef struct sched_param:
        int sched_priority
    int SCHED_FIFO
    pthread_t pthread_self()
    int pthread_setschedparam(pthread_t thread, int policy, const sched_param* param)

cdef extern from "<sys/socket.h>" nogil:
    int SOL_SOCKET, SO_TIMESTAMPNS
    int setsockopt(int fd, int level, int name, const void* value, unsigned int length)

cdef extern from *:
    """
    #include <sys/socket.h>
    #include <sys/uio.h>
    #include <string.h>
    #include <time.h>
    static long long centrala_stamped_recv(int fd, void *data, size_t size, long long *stamp_ns) {
        char control[64];
        struct iovec part = {data, size};
        struct msghdr message = {0};
        struct cmsghdr *c;
        struct timespec t;
        ssize_t got;
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        got = recvmsg(fd, &message, MSG_DONTWAIT);
        *stamp_ns = 0;
        if (got > 0)
            for (c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
                    memcpy(&t, CMSG_DATA(c), sizeof(t));
                    *stamp_ns = (long long)t.tv_sec * 1000000000 + t.tv_nsec;
                }
        return got;
    }
    """
    long long stamped_recv "centrala_stamped_recv"(int fd, void* data, size_t size, long long* stamp_ns) nogil

cdef enum:
    PACKET = 172
    INTERVAL_NS = 20000000
    SLOT_NS = 100000           # the sender wakes this often
    LOOK_NS = 1000000          # the receiver looks this often
    BATCH = 128
    BUCKET_NS = 5000           # of the histogram
    BUCKETS = 20000            # up to 100 ms

cdef struct Load:
    int* fds
    uint32_t count             # endpoints: two a call
    uint32_t* sequence
    int epoll
    int32_t quit_sending
    int32_t quit_receiving
    int32_t measuring
    uint64_t sent
    uint64_t received
    uint64_t measured_sent
    uint64_t measured_received
    uint64_t late_slots
    uint32_t[BUCKETS] histogram


cdef void _send_one(Load* l, uint32_t endpoint) noexcept nogil:
    cdef uint8_t[PACKET] packet
    cdef int64_t now
    cdef uint8_t measured = <uint8_t>load_acquire_i32(&l.measuring)
    memset(packet + 12, 0xD5, PACKET - 12)
    rtp_write(packet, 0, l.sequence[endpoint] == 0, <unsigned short>l.sequence[endpoint], l.sequence[endpoint] * 160,
              0x10000 + endpoint)
    l.sequence[endpoint] += 1
    packet[20] = measured
    now = realtime_ns()
    memcpy(packet + 12, &now, 8)
    if send(l.fds[endpoint], packet, PACKET, 0) == PACKET:
        l.sent += 1
        l.measured_sent += measured


cdef void* _sender(void* argument) noexcept nogil:
    cdef Load* l = <Load*>argument
    cdef int64_t start = now_ns() + 10000000, slot = 0, due
    cdef int64_t slots = INTERVAL_NS // SLOT_NS
    cdef uint32_t first, last, i
    cdef timespec until
    cdef sched_param parameters
    # Where it is permitted: a sender that is put aside between its stamp and its send would blame the relay.
    parameters.sched_priority = 1
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters)
    while not load_acquire_i32(&l.quit_sending):
        due = start + slot * SLOT_NS
        until.tv_sec = due // 1000000000
        until.tv_nsec = due % 1000000000
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)
        if now_ns() - due > 1000000:
            l.late_slots += 1
        first = <uint32_t>((slot % slots) * l.count // slots)
        last = <uint32_t>((slot % slots + 1) * l.count // slots)
        for i in range(first, last):
            _send_one(l, i)
        slot += 1
    return NULL


cdef void* _receiver(void* argument) noexcept nogil:
    cdef Load* l = <Load*>argument
    cdef epoll_event[BATCH] ready
    cdef uint8_t[2048] data
    cdef long long stamp
    cdef int64_t sent, bucket
    cdef int count = 0, i
    cdef timespec pause
    cdef sched_param parameters
    pause.tv_sec = 0
    pause.tv_nsec = LOOK_NS
    # Above the sender: where that is at its limit, its sockets would overflow, and it would look like a loss of the relay.
    parameters.sched_priority = 2
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters)
    while not load_acquire_i32(&l.quit_receiving):
        if count < BATCH:
            clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL)
        count = epoll_wait(l.epoll, ready, BATCH, 0)
        for i in range(count):
            if stamped_recv(<int>ready[i].data.u64, data, sizeof(data), &stamp) != PACKET:
                continue
            l.received += 1
            if not data[20]:
                continue
            l.measured_received += 1
            memcpy(&sent, data + 12, 8)
            bucket = (stamp - sent) // BUCKET_NS
            bucket = 0 if bucket < 0 else BUCKETS - 1 if bucket >= BUCKETS else bucket
            l.histogram[bucket] += 1
    return NULL


cdef class RtpLoad:
    """Drives connected UDP sockets, two a call, at 50 PCMU packets a second each; the caller keeps them open."""

    cdef Load* load
    cdef pthread_t sender
    cdef pthread_t receiver
    cdef bint running

    def __cinit__(self, fds):
        cdef uint32_t i
        cdef int on = 1
        self.load = <Load*>calloc(1, sizeof(Load))
        if self.load == NULL:
            raise MemoryError("no memory for the load")
        self.load.count = <uint32_t>len(fds)
        self.load.fds = <int*>calloc(len(fds), sizeof(int))
        self.load.sequence = <uint32_t*>calloc(len(fds), sizeof(uint32_t))
        self.load.epoll = epoll_create1(EPOLL_CLOEXEC)
        if self.load.fds == NULL or self.load.sequence == NULL or self.load.epoll < 0:
            raise MemoryError("no memory or descriptor for the load")
        for i in range(self.load.count):
            self.load.fds[i] = fds[i]
            setsockopt(self.load.fds[i], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on))
            epoll_add(self.load.epoll, self.load.fds[i], self.load.fds[i])

    def __dealloc__(self):
        self.stop()
        if self.load != NULL:
            close_fd(self.load.epoll)
            free(self.load.fds)
            free(self.load.sequence)
        free(self.load)

    def start(self):
        if thread_start(&self.receiver, _receiver, self.load) or thread_start(&self.sender, _sender, self.load):
            raise OSError("the load's threads do not start")
        self.running = True

    def measure(self, bint on):
        """Packets sent from now on count, or not."""
        store_release_i32(&self.load.measuring, on)

    def stop_sending(self):
        store_release_i32(&self.load.quit_sending, 1)

    def stop(self):
        if self.running:
            self.running = False
            store_release_i32(&self.load.quit_sending, 1)
            store_release_i32(&self.load.quit_receiving, 1)
            with nogil:
                thread_join(self.sender)
                thread_join(self.receiver)

    def percentile_ms(self, double share):
        """One-way latency that `share` (0..1) of the measured packets did not exceed, ms; NaN when none came."""
        cdef uint64_t wanted = <uint64_t>(share * self.load.measured_received), seen = 0
        cdef int i
        if self.load.measured_received == 0:
            return float("nan")
        for i in range(BUCKETS):
            seen += self.load.histogram[i]
            if seen >= wanted:
                return (i + 1) * BUCKET_NS / 1e6
        return BUCKETS * BUCKET_NS / 1e6

    @property
    def measured(self):
        """(packets sent, packets received) while `measure` was on."""
        return self.load.measured_sent, self.load.measured_received

    @property
    def sent(self):
        """Packets that the kernel took, measured or not."""
        return self.load.sent

    @property
    def received(self):
        """Packets that came so far, measured or not."""
        return self.load.received

    @property
    def late_slots(self):
        """Times the sender woke over 1 ms late: then the machine, not the relay, is what was measured."""
        return self.load.late_slots
