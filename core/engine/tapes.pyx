"""Recordings for Python; see tapes.pxd."""

import os

from libc.stdint cimport int64_t, uint16_t, uint32_t

from core.base.atomics cimport load_acquire_i32, store_release_i32
from core.base.clock cimport now_ns
from core.base.pool cimport id_tag
from core.base.sockets cimport eventfd_signal
from core.engine cimport messages as m
from core.engine.arguments cimport new_command, open_wav
from core.engine.crew cimport Crew
from core.engine.messages cimport Command
from core.engine.recorder cimport (
    MAX_TAPS,
    RECORDING_ACTIVE,
    RECORDING_SLOTS,
    Recording,
    record_begin,
    record_claim,
    record_find,
)

from core.engine.crew import EngineBusy


cdef uint32_t _begin(Crew crew, object path, int fd, int channels, uint32_t worker) except 0:
    cdef int64_t id
    cdef bint piped = fd >= 0
    if not piped:
        fd = open_wav(path, channels)
    id = record_begin(crew.recordings, fd, channels, piped, worker, now_ns())
    if id <= 0:
        if not piped:
            os.close(fd)
        if id < 0:
            raise MemoryError("no memory for a recording")
        raise EngineBusy(f"{RECORDING_SLOTS} recordings are going on, there are no more")
    return <uint32_t>id


cdef int _feed(Crew crew, uint32_t recording, uint32_t target, uint32_t flags, int channel) except -1:
    """A tap of the recording for a stream or room: claimed first, so that the recording lives until it is left."""
    cdef Command c = new_command(m.CMD_RECORD, target)
    cdef Recording* r = record_find(crew.recordings, recording)
    cdef int tap = record_claim(r, channel)
    if tap < 0:
        raise ValueError(f"recording {recording} is over, or had {MAX_TAPS} streams already")
    c.token = recording
    c.count = <uint16_t>tap
    c.flags = flags
    crew.submit(id_tag(target), &c)
    eventfd_signal(crew.recordings.wake_fd)
    return tap


cdef int64_t start_tape(Crew crew, object path, int fd, int channels, object streams) except -1:
    cdef uint32_t id
    for stream in streams:
        crew.leg(stream)
        # All fit, or none is given.
        crew.vacancy(id_tag(stream), <int>len(streams))
    if len(set(streams)) != len(streams):
        raise ValueError(f"a recording takes each stream once, not {streams}")
    id = _begin(crew, path, fd, channels, id_tag(streams[0]))
    for channel, stream in enumerate(streams):
        _feed(crew, id, stream, 0, channel)
    return id


cdef int64_t start_room_tape(Crew crew, object path, int fd, object room) except -1:
    cdef uint32_t id
    crew.vacancy(id_tag(room))
    id = _begin(crew, path, fd, 1, id_tag(room))
    _feed(crew, id, room, m.FLAG_ROOM, 0)
    return id


cdef Recording* _running(Crew crew, object recording) except? NULL:
    cdef uint32_t id = recording if 0 < recording <= 0xFFFFFFFF else 0
    cdef Recording* r = record_find(crew.recordings, id)
    if r == NULL or load_acquire_i32(&crew.recordings.states[id % RECORDING_SLOTS]) != RECORDING_ACTIVE:
        return NULL
    return r


cdef int add_tap(Crew crew, object recording, object stream, int channel, bint heard) except -1:
    cdef Recording* r = _running(crew, recording)
    crew.leg(stream)
    crew.vacancy(id_tag(stream))
    if r == NULL:
        raise ValueError(f"recording {recording} is over")
    if not 0 <= channel < r.channels:
        raise ValueError(f"recording {recording} has {r.channels} channels, there is no channel {channel}")
    return _feed(crew, r.id, stream, m.FLAG_HEARD if heard else 0, channel)


cdef int _end(Crew crew, uint32_t id, int tap) except -1:
    """To all workers: a stream of it may be with any of them."""
    cdef Command c = new_command(m.CMD_STOP_RECORD, 0)
    cdef int worker
    c.token = id
    if tap >= 0:
        c.flags = m.FLAG_ON
        c.count = <uint16_t>tap
    for worker in range(crew.count):
        crew.vacancy(worker)
    for worker in range(crew.count):
        crew.submit(worker, &c)
    return 0


cdef int drop_tap(Crew crew, object recording, int tap) except -1:
    cdef Recording* r = _running(crew, recording)
    if r != NULL and 0 <= tap < r.tap_count:
        _end(crew, r.id, tap)
    return 0


cdef int pause_tape(Crew crew, object recording, bint on) except -1:
    cdef Recording* r = _running(crew, recording)
    if r != NULL:
        store_release_i32(&r.paused, on)
    return 0


cdef int stop_tape(Crew crew, object recording) except -1:
    cdef Recording* r = _running(crew, recording)
    if r != NULL:
        _end(crew, r.id, -1)
    return 0
