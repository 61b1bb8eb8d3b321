"""The class that Python sees; its fields are touched by Python's thread only, what they point at is shared as it says."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.engine.clips cimport ClipTable
from core.engine.keys cimport KeyStore
from core.engine.messages cimport Command
from core.engine.ports cimport PortRange
from core.engine.recorder cimport RecordTable
from core.engine.state cimport Leg, Worker
from core.engine.threads cimport pthread_t

cdef class Engine:
    cdef Worker* pool          # one a worker
    cdef pthread_t* threads
    cdef pthread_t writer
    cdef ClipTable* clips
    cdef RecordTable* recordings
    cdef int count             # of workers
    cdef int ready             # workers that were made
    cdef bint started
    cdef bint stopped
    cdef uint32_t sequence
    cdef uint32_t token
    cdef uint32_t max_streams
    cdef PortRange ports
    cdef KeyStore keys
    cdef set live_clips
    cdef list cpu_at_stop
    cdef bytes random          # a block of it, used up to random_at
    cdef int random_at

    cdef Leg* _leg(self, object stream) except NULL
    cdef int _submit(self, uint32_t worker, Command* command, bint lazily=*) except -1
    cdef int _room(self, uint32_t worker) except -1
    cdef Worker* _worker(self, int index) except NULL
    cdef int _raise_limit(self) except -1
    cdef uint64_t _random(self) except? 0
