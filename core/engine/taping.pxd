"""The worker's side of recordings: which leg or room feeds which tap, and the word to Python when a recording is over."""

from libc.stdint cimport int64_t

from core.engine.messages cimport Command
from core.engine.recorder cimport Tap
from core.engine.state cimport Leg, Worker

# CMD_RECORD; `leg` is NULL when it is closed, or for a room. 0 or an errno.
cdef int run_record(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil
# CMD_STOP_RECORD: all taps of the recording that this worker feeds, or one of them.
cdef void stop_record(Worker* w, const Command* c, int64_t now) noexcept nogil
# Whoever feeds the tap feeds it no more.
cdef void leave_tap(Worker* w, Tap** tap, int failure, int64_t now) noexcept nogil
# The worker's thread, or Python's when the worker has ended: tells the recordings that the writer has ended.
cdef void report_recordings(Worker* w) noexcept nogil
