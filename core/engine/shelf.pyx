"""Clips for Python; see shelf.pxd."""

from libc.stdint cimport int16_t, uint8_t, uint16_t, uint32_t

from core.base.pool cimport id_tag
from core.engine cimport messages as m
from core.engine.arguments cimport factor, new_command
from core.engine.clips cimport clip_add, clip_find, clip_hold
from core.engine.crew cimport Crew
from core.engine.messages cimport Command


cdef class Shelf:
    def __cinit__(self, Crew crew):
        self.crew = crew
        self.live = set()

    cdef uint32_t add(self, bytes pcm, bytes wide, bytes full) except 0:
        cdef const uint8_t* data = pcm
        cdef const uint8_t* wide_data = wide
        cdef const uint8_t* full_data = full
        cdef uint32_t id
        if not pcm or len(pcm) % 2:
            raise ValueError(f"a clip is s16le samples, at least one; this has {len(pcm)} bytes")
        if len(pcm) > 0x7FFFFFFF:
            raise ValueError("a clip of more than 2 GiB is refused")
        if wide and len(wide) != 2 * len(pcm):
            raise ValueError(f"wide sound of a clip is twice as many samples; {len(wide)} bytes beside {len(pcm)}")
        if full and len(full) != 6 * len(pcm):
            raise ValueError(f"full sound of a clip is six times as many samples; {len(full)} bytes beside {len(pcm)}")
        id = clip_add(
            self.crew.clips,
            <const int16_t*>data,
            <uint32_t>(len(pcm) // 2),
            <const int16_t*>wide_data if wide else NULL,
            <const int16_t*>full_data if full else NULL,
        )
        if id == 0:
            raise MemoryError("no place for another clip: release some")
        self.live.add(id)
        return id

    cdef int release(self, object clip) except -1:
        cdef Command c = new_command(m.CMD_RELEASE_CLIP, 0)
        if clip not in self.live:
            return 0
        c.count = 1
        c.values[0] = clip
        self.crew.submit(0, &c)
        self.live.discard(clip)
        return 0

    cdef uint32_t play(self, int kind, uint32_t target, object clips, uint32_t flags, double gain_db,
                       double duck_db) except 0:
        cdef Command c = new_command(kind, target)
        cdef int i
        if not 1 <= len(clips) <= m.MAX_CLIPS:
            raise ValueError(f"a play has 1..{m.MAX_CLIPS} clips, not {len(clips)}")
        for id in clips:
            if id not in self.live:
                raise KeyError(f"clip {id} is released or never was")
        c.gain = factor(gain_db, "gain_db")
        if not -60.0 <= duck_db <= 0.0:
            raise ValueError(f"duck_db is {duck_db}, it must be -60..0")
        c.duck_q8 = <uint16_t>(256.0 * 10.0 ** (duck_db / 20.0) + 0.5)
        self.crew.vacancy(id_tag(target))
        self.token = self.token % 0x7FFFFFFF + 1
        c.token = self.token
        c.count = <uint16_t>len(clips)
        c.flags = flags
        for i in range(c.count):
            c.values[i] = clips[i]
            clip_hold(clip_find(self.crew.clips, c.values[i]))
        self.crew.submit(id_tag(target), &c)
        return c.token
