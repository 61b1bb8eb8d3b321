"""Recordings for Python; see tapes.pxd."""

import os

from libc.stdint cimport int64_t, uint32_t

from core.base.atomics cimport load_acquire_i32
from core.base.clock cimport now_ns
from core.base.pool cimport id_tag
from core.base.sockets cimport eventfd_signal
from core.engine cimport messages as m
from core.engine.arguments cimport new_command, open_wav
from core.engine.crew cimport Crew
from core.engine.messages cimport Command
from core.engine.recorder cimport RECORDING_FREE, RECORDING_SLOTS, record_begin

from core.engine.crew import EngineBusy


cdef int64_t start_tape(Crew crew, object path, object left, object right) except -1:
    cdef Command c = new_command(m.CMD_RECORD, left)
    cdef int64_t id
    cdef int fd, channels = 2 if right else 1
    crew.leg(left)
    if right:
        crew.leg(right)
        if left == right or id_tag(left) != id_tag(right):
            raise ValueError(f"a recording takes two streams of one worker, not {left} and {right}")
    crew.vacancy(id_tag(left))
    fd = open_wav(path, channels)
    id = record_begin(crew.recordings, fd, channels, id_tag(left), now_ns())
    if id <= 0:
        os.close(fd)
        if id < 0:
            raise MemoryError("no memory for a recording")
        raise EngineBusy(f"{RECORDING_SLOTS} recordings are going on, there are no more")
    c.other = right
    c.token = <uint32_t>id
    crew.submit(id_tag(left), &c)
    eventfd_signal(crew.recordings.wake_fd)
    return id


cdef int stop_tape(Crew crew, object recording) except -1:
    cdef Command c = new_command(m.CMD_STOP_RECORD, 0)
    cdef uint32_t id = recording
    if (load_acquire_i32(&crew.recordings.states[id % RECORDING_SLOTS]) == RECORDING_FREE
            or crew.recordings.items[id % RECORDING_SLOTS].id != id):
        return 0
    c.token = id
    crew.submit(crew.recordings.workers[id % RECORDING_SLOTS], &c)
    return 0
