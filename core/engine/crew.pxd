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
    cdef dict moving           # id on the new worker -> id on the old one, until EV_MOVED
    cdef KeyStore keys         # held: the workers point into it
    cdef PortRange ports       # whose sockets are closed when the workers have ended

    cdef int start(self) except -1
    cdef int stop(self) except -1
    # IndexError names the one that there is not.
    cdef Worker* worker(self, int index) except NULL
    # Where a stream's leg is kept: on its way to another worker that is still the old one. KeyError when it is closed.
    cdef Leg* leg(self, object stream) except NULL
    # Raises unless the worker's next commands will be taken.
    cdef int vacancy(self, uint32_t worker, int commands=*) except -1
    cdef int submit(self, uint32_t worker, Command* command, bint lazily=*) except -1
    # A slot of another worker for a stream: its new id; the old one is dead. EngineBusy when there is none.
    cdef uint32_t transfer(self, uint32_t old, int worker) except 0
    # The worker that a new stream goes to.
    cdef int calmest(self)
    cdef int64_t cpu_ns(self, int worker)
