"""The thread that writes all recordings: WAV files whose header is right at any instant, or frames into a pipe."""

# The writer thread; `argument` is the table.
cdef void* record_writer(void* argument) noexcept nogil
