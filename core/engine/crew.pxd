"""The media workers of one process with their threads and what they share; takes commands for them. Python's thread only."""

from libc.stdint cimport int64_t, uint32_t

from core.engine.clips cimport ClipTable
from core.engine.keys cimport KeyStore
from core.engine.messages cimport Command
from core.engine.ports cimport PortRange
from core.engine.recorder cimport RecordTable
from core.engine.state cimport Leg, Worker
from core.engine.threads cimport pthread_t

cdef class Crew:
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
    cdef uint32_t max_streams
    cdef list cpu_at_stop
    cdef KeyStore keys         # held: the workers point into it
    cdef PortRange ports       # whose sockets are closed when the workers have ended

    cdef int start(self) except -1
    cdef int stop(self) except -1
    # IndexError names the one that there is not.
    cdef Worker* worker(self, int index) except NULL
    # KeyError when the stream is closed.
    cdef Leg* leg(self, object stream) except NULL
    # Raises unless the worker's next command will be taken.
    cdef int vacancy(self, uint32_t worker) except -1
    cdef int submit(self, uint32_t worker, Command* command, bint lazily=*) except -1
    # The worker that a new stream goes to.
    cdef int calmest(self)
    cdef int64_t cpu_ns(self, int worker)
