"""Workers, threads, submission; see crew.pxd."""

import errno as _errno
import os
import resource
import secrets
import time

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.base.atomics cimport load_acquire_u32, load_relaxed_i64, store_release_i32, store_release_u32
from core.base.pool cimport MAX_SLOTS, MAX_TAGS, id_slot, id_tag, pool_is_current, pool_retire, pool_take
from core.base.ring cimport spsc_count
from core.base.sockets cimport close_fd, eventfd_open, eventfd_signal
from core.engine cimport messages as m
from core.engine.arguments cimport new_command
from core.engine.clips cimport ClipTable, clip_free_all
from core.engine.keys cimport KeyStore
from core.engine.messages cimport Command
from core.engine.recorder cimport RECORDING_SLOTS, RecordTable, record_free
from core.engine.state cimport Leg, Worker
from core.engine.tape_writer cimport record_writer
from core.engine.taping cimport report_recordings
from core.engine.threads cimport pthread_t, thread_cpu_ns, thread_join, thread_start
from core.engine.worker cimport worker_free, worker_init, worker_run, worker_submit, worker_submit_lazily

cdef enum:
    OWN_DESCRIPTORS = 256      # beside the streams'
    TICK_WEIGHT = 1            # what a leg on the tick costs beside its relaying


class EngineBusy(RuntimeError):
    """The command ring of a worker is full; nothing was done."""


cdef class Crew:
    """One engine's workers."""

    def __cinit__(self, int workers, int max_streams, bint realtime, KeyStore keys):
        cdef int i, failure
        if not 1 <= workers <= MAX_TAGS:
            raise ValueError(f"workers is {workers}, it must be 1..{MAX_TAGS}")
        if not 1 <= max_streams <= MAX_SLOTS:
            raise ValueError(f"max_streams is {max_streams}, it must be 1..{MAX_SLOTS}")
        self.max_streams = max_streams
        self.keys = keys
        self.cpu_at_stop = [0] * workers
        self.moving = {}
        self.pool = <Worker*>calloc(workers, sizeof(Worker))
        self.threads = <pthread_t*>calloc(workers, sizeof(pthread_t))
        self.clips = <ClipTable*>calloc(1, sizeof(ClipTable))
        self.recordings = <RecordTable*>calloc(1, sizeof(RecordTable))
        if self.pool == NULL or self.threads == NULL or self.clips == NULL or self.recordings == NULL:
            raise MemoryError("no memory for the media workers")
        self.recordings.wake_fd = -1
        for i in range(workers):
            failure = worker_init(&self.pool[i], i, max_streams, realtime, secrets.randbits(64), self.clips,
                                  self.recordings, keys.table)
            if failure < 0:
                raise OSError(-failure, f"media worker {i}: {os.strerror(-failure)}; raise the descriptor limit (ulimit -n)")
            self.ready = i + 1
        self.recordings.wake_fd = eventfd_open()
        if self.recordings.wake_fd < 0:
            raise OSError(_errno.EMFILE, "no descriptor for the recording writer; raise the limit (ulimit -n)")
        self.count = workers

    def __dealloc__(self):
        cdef int i
        if self.started and not self.stopped:
            self._halt()
        if self.recordings != NULL:
            close_fd(self.recordings.wake_fd)
            for i in range(RECORDING_SLOTS):
                if self.recordings.items[i] != NULL:
                    record_free(self.recordings, self.recordings.items[i].id)
        for i in range(self.ready):
            worker_free(&self.pool[i])
        if self.clips != NULL:
            clip_free_all(self.clips)
        free(self.pool)
        free(self.threads)
        free(self.clips)
        free(self.recordings)

    def _raise_limit(self):
        """Raises the soft descriptor limit towards what all streams may need."""
        cdef object soft, hard, wanted = 2 * self.max_streams * self.count + OWN_DESCRIPTORS
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            if wanted > soft:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

    cdef int start(self) except -1:
        cdef int i, failure = 0
        if self.stopped:
            raise RuntimeError("a stopped engine does not start again; make a new one")
        if self.started:
            return 0
        self._raise_limit()
        failure = thread_start(&self.writer, record_writer, self.recordings)
        if failure:
            raise OSError(failure, "the recording writer's thread does not start")
        self.started = True
        for i in range(self.count):
            failure = thread_start(&self.threads[i], worker_run, &self.pool[i])
            if failure:
                self.count = i
                self.stop()
                raise OSError(failure, f"the thread of media worker {i} does not start")
        return 0

    cdef int stop(self) except -1:
        if not self.started or self.stopped:
            self.stopped = True
            return 0
        self._halt()
        return 0

    def _halt(self):
        cdef int i
        cdef Command c = new_command(m.CMD_STOP, 0)
        self.stopped = True
        for i in range(self.count):
            while not worker_submit(&self.pool[i], &c):
                time.sleep(0.001)
        for i in range(self.count):
            self.cpu_at_stop[i] = thread_cpu_ns(self.threads[i])
            with nogil:
                thread_join(self.threads[i])
        store_release_i32(&self.recordings.quit, 1)
        eventfd_signal(self.recordings.wake_fd)
        with nogil:
            thread_join(self.writer)
        if self.ports is not None:
            self.ports.close_all()
        for i in range(self.count):
            # The workers are gone, so this thread may tell in their place.
            report_recordings(&self.pool[i])
            eventfd_signal(self.pool[i].event_fd)

    cdef Worker* worker(self, int index) except NULL:
        if not 0 <= index < self.count:
            raise IndexError(f"there is no media worker {index}; there are {self.count}")
        return &self.pool[index]

    cdef Leg* leg(self, object stream) except NULL:
        cdef uint32_t id = stream if 0 <= stream <= 0xFFFFFFFF else 0, old
        cdef Leg* leg
        if id_tag(id) >= <uint32_t>self.count or not pool_is_current(&self.pool[id_tag(id)].pool, id):
            raise KeyError(f"stream {stream} is closed or never was")
        while self.moving and id in self.moving:
            old = self.moving[id]
            leg = &self.pool[id_tag(old)].legs[id_slot(old)]
            if load_acquire_u32(&leg.id) != old and old not in self.moving:
                # It has left; the copy was complete before that.
                break
            id = old
        return &self.pool[id_tag(id)].legs[id_slot(id)]

    cdef uint32_t transfer(self, uint32_t old, int worker) except 0:
        cdef uint32_t new = pool_take(&self.pool[worker].pool)
        cdef Leg* leg
        if new == 0:
            raise EngineBusy(f"media worker {worker} has its {self.max_streams} streams; raise max_streams")
        leg = &self.pool[worker].legs[id_slot(new)]
        memset(leg, 0, sizeof(Leg))
        leg.slot = id_slot(new)
        store_release_u32(&leg.id, new)
        pool_retire(&self.pool[id_tag(old)].pool, old)
        self.moving[new] = old
        return new

    cdef int vacancy(self, uint32_t worker, int commands=1) except -1:
        if not self.started or self.stopped:
            raise RuntimeError("the media engine is not running")
        if spsc_count(&self.pool[worker].commands) + <uint64_t>commands > self.pool[worker].commands.mask + 1:
            raise EngineBusy(f"media worker {worker} has not taken its last commands yet; try again later")
        return 0

    cdef int submit(self, uint32_t worker, Command* command, bint lazily=False) except -1:
        self.vacancy(worker)
        self.sequence += 1
        command.sequence = self.sequence
        if lazily:
            worker_submit_lazily(&self.pool[worker], command)
        else:
            worker_submit(&self.pool[worker], command)
        return 0

    cdef int calmest(self):
        """By what its streams cost: a leg on the tick is decoded, mixed and encoded, a relayed one is not."""
        cdef int i, best = 0
        cdef int64_t load, least = -1
        for i in range(self.count):
            load = self.pool[i].pool.taken + TICK_WEIGHT * load_relaxed_i64(<int64_t*>&self.pool[i].count.room_members)
            if least < 0 or load < least:
                best, least = i, load
        return best

    cdef int64_t cpu_ns(self, int worker):
        if self.started and not self.stopped:
            return thread_cpu_ns(self.threads[worker])
        return self.cpu_at_stop[worker]
