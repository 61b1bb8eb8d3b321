"""A media worker's turns one by one, in virtual time: what its thread does, without the thread.

The engine's own calls queue commands for it as ever; the writer of recordings runs, and so does the helper for heavy codecs, which
is waited for after each turn.
"""

import select

from libc.stdint cimport int64_t, uint32_t
from posix.unistd cimport usleep

from core.base.atomics cimport store_release_i32
from core.base.clock cimport NS_PER_MS
from core.base.pool cimport Pool
from core.base.ring cimport spsc_count
from core.base.sockets cimport epoll_event, epoll_wait, eventfd_signal
from core.engine.engine cimport Engine
from core.engine.state cimport Worker
from core.engine.tape_writer cimport record_writer
from core.engine.threads cimport thread_join, thread_start
from core.engine.voice cimport Voice
from core.engine.worker cimport worker_turn

cdef enum:
    READY = 128
    PATIENCE_S = 20
    VOICE_BLOCK = 8


cdef class Turns:
    """Of the first worker of an engine that was not started. `end` must be called, when all is closed."""

    cdef Engine engine
    cdef Worker* worker
    cdef int64_t now_ns

    def __cinit__(self, Engine engine):
        self.engine = engine
        self.worker = engine.crew.worker(0)
        self.now_ns = self.worker.epoch_ns
        if thread_start(&engine.crew.writer, record_writer, engine.crew.recordings):
            raise OSError("the recording writer's thread does not start")
        engine.crew.started = True

    def turn(self, int ms):
        """The clock goes on, then the worker has its turn: all that is due and all that has come."""
        cdef epoll_event[READY] ready
        cdef bint more = True
        cdef int count
        self.now_ns += ms * NS_PER_MS
        with nogil:
            while more:
                count = epoll_wait(self.worker.epoll, ready, READY, 0)
                more = worker_turn(self.worker, ready, count, self.now_ns)
                while spsc_count(&self.worker.heavy.jobs):
                    usleep(20)

    def arrived(self, streams):
        """Until a packet waits at each of these streams: the kernel may be late, the clock stands still."""
        for stream in streams:
            if not select.select([self.engine.crew.leg(stream).stream.fd], [], [], PATIENCE_S)[0]:
                raise TimeoutError(f"no packet has come to stream {stream}")

    def kept(self):
        """What is out of its pool: streams, rooms, slots of the codec helper, voices, coders."""
        cdef uint32_t voices = self.worker.voice_block_count * VOICE_BLOCK
        cdef Voice* voice = self.worker.spare_voices
        while voice != NULL:
            voices -= 1
            voice = voice.spare
        return {
            "streams": _out(&self.worker.pool),
            "rooms": _out(&self.worker.room_pool),
            "helped": _out(&self.worker.heavy.pool),
            "voices": voices,
            "ticking": self.worker.rooms_ticking + self.worker.ticking,
            "coders": _coders(self.worker),
        }

    def end(self):
        self.engine.crew.started = False
        store_release_i32(&self.engine.crew.recordings.quit, 1)
        eventfd_signal(self.engine.crew.recordings.wake_fd)
        with nogil:
            thread_join(self.engine.crew.writer)
        self.engine.ports.close_all()
        self.engine.stop()


cdef int64_t _out(const Pool* pool):
    return <int64_t>pool.fresh - <int64_t>spsc_count(&pool.returned)


cdef int _coders(Worker* w):
    """Those of open streams; a closed stream's must have gone back."""
    cdef uint32_t i
    cdef int count = 0
    for i in range(w.pool.capacity):
        count += w.legs[i].coder != NULL and w.legs[i].id == 0
    return count
