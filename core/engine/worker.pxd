"""A media worker: one thread that waits for sockets, ticks and commands, and never for anything else."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.base.sockets cimport epoll_event
from core.engine.clips cimport ClipTable
from core.engine.keys cimport SrtpTable
from core.engine.messages cimport Command
from core.engine.recorder cimport RecordTable
from core.engine.state cimport Worker

cdef enum:
    COMMAND_RING = 8192
    EVENT_RING = 16384
    DIGIT_RING = 4096

# 0 or -errno; on failure everything is freed again.
cdef int worker_init(Worker* w, uint32_t index, uint32_t max_streams, bint realtime, uint64_t random, ClipTable* clips,
                     RecordTable* recordings, SrtpTable* srtp) noexcept nogil
# After its thread has ended; closes what streams are left.
cdef void worker_free(Worker* w) noexcept nogil
# One turn of the thread, of which `now` is the time: everything that is due, and the sockets that `ready` names. True when
# commands are left.
cdef bint worker_turn(Worker* w, epoll_event* ready, int count, int64_t now) noexcept nogil
# The thread; `argument` is the Worker.
cdef void* worker_run(void* argument) noexcept nogil
# Python's thread: queues a command and wakes the worker if it sleeps. False when the ring is full.
cdef bint worker_submit(Worker* w, const Command* command) noexcept nogil
# The same for what only matters to the next packet: a worker that looks by itself within 32 ms is left asleep.
cdef bint worker_submit_lazily(Worker* w, const Command* command) noexcept nogil
