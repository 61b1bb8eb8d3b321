"""Drives a helper thread as a worker does."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.base.clock cimport now_ns
from core.engine.heavy cimport (
    RESULT_PACKET,
    RESULT_SOUND,
    Heavy,
    HeavyResult,
    heavy_ask,
    heavy_begin,
    heavy_copy,
    heavy_end,
    heavy_free,
    heavy_init,
    heavy_open,
    heavy_packet,
    heavy_release,
    heavy_result,
    heavy_say,
    heavy_start,
    heavy_stop,
    heavy_wake,
)
from core.stream.codec cimport Tuning


cdef class Helper:
    """A helper thread; sound as s16 bytes, times in ms."""

    cdef Heavy* h

    def __cinit__(self):
        self.h = <Heavy*>calloc(1, sizeof(Heavy))
        assert heavy_init(self.h, 0, -1) == 0
        assert heavy_start(self.h) == 0

    def __dealloc__(self):
        heavy_stop(self.h)
        heavy_free(self.h)
        free(self.h)

    def open(self, int codec, int rate, *, int bitrate=0, int complexity=5):
        cdef Tuning tuning
        memset(&tuning, 0, sizeof(tuning))
        tuning.bitrate = bitrate
        tuning.complexity = complexity
        tuning.fec = True
        return heavy_open(self.h, codec, rate, 60, &tuning)

    def begin(self, uint32_t id):
        return bool(heavy_begin(self.h, id))

    def packet(self, uint32_t id, int sequence, object timestamp, object now_ms, bytes payload):
        cdef const char* raw = payload
        return bool(heavy_packet(self.h, id, 0, <uint16_t>(sequence & 0xFFFF), <uint32_t>(timestamp & 0xFFFFFFFF),
                                 <const uint8_t*>raw, <int>len(payload), False, <int64_t>(now_ms * 1000000)))

    def ask(self, uint32_t id, int samples, object when_ms):
        return bool(heavy_ask(self.h, id, samples, <int64_t>(when_ms * 1000000)))

    def say(self, uint32_t id, bytes pcm, object when_ms):
        cdef const char* raw = pcm
        return bool(heavy_say(self.h, id, <const int16_t*>raw, <int>(len(pcm) // 2), <int64_t>(when_ms * 1000000),
                              NULL, 0))

    def copy(self, uint32_t id, uint32_t source):
        return bool(heavy_copy(self.h, id, source))

    def end(self, uint32_t id):
        heavy_end(self.h, id)

    def wake(self):
        heavy_wake(self.h)

    def result(self):
        """(id, "sound" or "packet", when in ms, HEARD_* bits, bytes) or None"""
        cdef HeavyResult* r = heavy_result(self.h)
        if r == NULL:
            return None
        size = r.size * 2 if r.kind == RESULT_SOUND else r.size
        got = (r.id, "sound" if r.kind == RESULT_SOUND else "packet", r.when / 1e6, r.heard, bytes(r.data[:size]))
        heavy_release(self.h)
        return got

    def results(self, int count, double seconds=20.0):
        """That many results, or what came until the time is over. Never holds the interpreter while waiting."""
        cdef int64_t until = now_ns() + <int64_t>(seconds * 1e9)
        cdef list out = []
        cdef bint there
        while len(out) < count:
            with nogil:
                there = heavy_result(self.h) != NULL
                while not there and now_ns() < until:
                    there = heavy_result(self.h) != NULL
            if not there:
                break
            out.append(self.result())
        return out

    @property
    def counters(self):
        return self.h.count
