"""Starting, changing and stopping of recordings. Python's thread only."""

from libc.stdint cimport int64_t

from core.engine.crew cimport Crew

# A recording of streams (and no other) into a new WAV, or as frames into the pipe `fd` (not -1), which is then the recording's
# own to close.
cdef int64_t start_tape(Crew crew, object path, int fd, int channels, object streams) except -1
cdef int64_t start_room_tape(Crew crew, object path, int fd, object room) except -1
# One more stream into a channel, or (`heard`) what it is told in a conference; its tap. ValueError when the recording is over
# or has had all the taps it can have.
cdef int add_tap(Crew crew, object recording, object stream, int channel, bint heard) except -1
cdef int drop_tap(Crew crew, object recording, int tap) except -1
cdef int pause_tape(Crew crew, object recording, bint on) except -1
cdef int stop_tape(Crew crew, object recording) except -1
