"""Starting and stopping of recordings. Python's thread only."""

from libc.stdint cimport int64_t

from core.engine.crew cimport Crew

cdef int64_t start_tape(Crew crew, object path, object left, object right) except -1
cdef int stop_tape(Crew crew, object recording) except -1
