"""A recording in virtual time: two taps, and the writer's looks at it."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free

from core.engine.recorder cimport (
    RECORDING_FREE,
    Recording,
    RecordTable,
    record_audio,
    record_begin,
    record_claim,
    record_find,
    record_free,
    record_leave,
)
from core.engine.tape_writer cimport record_service


cdef class Deck:
    """Times in ms; sound as octets of mu-law."""

    cdef RecordTable* table
    cdef Recording* r

    def __cinit__(self, int fd):
        self.table = <RecordTable*>calloc(1, sizeof(RecordTable))
        number = record_begin(self.table, fd, 2, False, 0, 0)
        assert number > 0
        self.r = record_find(self.table, <uint32_t>number)
        assert record_claim(self.r, 0) == 0
        assert record_claim(self.r, 1) == 1

    def __dealloc__(self):
        record_free(self.table, self.r.id)
        free(self.table)

    def take(self, int channel):
        """Another stream of a channel: its tap."""
        return record_claim(self.r, channel)

    def audio(self, int tap, bytes sound, object timestamp, int epoch, double now_ms):
        cdef const char* raw = sound
        record_audio(self.r.taps[tap], 0, <const uint8_t*>raw, <int>len(sound), <uint32_t>(timestamp & 0xFFFFFFFF),
                     <uint32_t>epoch, <int64_t>(now_ms * 1000000))

    def leave(self, int tap, double now_ms):
        return bool(record_leave(self.r.taps[tap], 0, <int64_t>(now_ms * 1000000)))

    def look(self, double now_ms):
        """True when it is over."""
        return bool(record_service(self.r, <int64_t>(now_ms * 1000000)))

    @property
    def lost(self):
        return sum(self.r.taps[i].lost_chunks for i in range(self.r.tap_count))

    @property
    def failure(self):
        return self.r.failure
