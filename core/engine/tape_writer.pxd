"""The thread that writes all recordings: WAV files whose header is right at any instant, or frames into a pipe."""

from libc.stdint cimport int64_t

from core.engine.recorder cimport Recording

# The writer thread; `argument` is the table.
cdef void* record_writer(void* argument) noexcept nogil
# What the thread does for one recording at each look: writes what has come; True when the recording is over.
cdef bint record_service(Recording* r, int64_t now) noexcept nogil
