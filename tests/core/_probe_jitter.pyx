"""Runs the jitter buffer and the playout over whole traces in virtual time: arrays in, figures out."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.stream.jitter cimport (
    PACKET_AUDIO,
    PACKET_NOISE,
    PACKET_OTHER,
    PIECE_AUDIO,
    PIECE_LOST,
    PIECE_NONE,
    PIECE_NOISE,
    Jitter,
    JitterPiece,
    jitter_depth_ms,
    jitter_flush,
    jitter_get,
    jitter_init,
    jitter_memory,
    jitter_put,
)
from core.stream.playout cimport Playout, playout_flush, playout_init, playout_memory, playout_put, playout_tick

KINDS = {"audio": PACKET_AUDIO, "noise": PACKET_NOISE, "other": PACKET_OTHER}
PIECES = {PIECE_NONE: "none", PIECE_AUDIO: "audio", PIECE_LOST: "lost", PIECE_NOISE: "noise"}
LARGEST = 320


cdef class Buffer:
    """A jitter buffer; times in ms."""

    cdef Jitter j
    cdef void* memory

    def __cinit__(self, int clock=8000, int min_ms=0, int max_ms=480):
        self.memory = calloc(1, jitter_memory(LARGEST))
        jitter_init(&self.j, clock, self.memory, LARGEST, min_ms, max_ms)

    def __dealloc__(self):
        free(self.memory)

    def put(self, int sequence, object timestamp, object now_ms, *, bytes payload=b"", int span=160,
            str kind="audio", bint restarted=False):
        """0 stored, 1 late, 2 duplicate, 3 too long"""
        cdef const char* raw = payload
        return jitter_put(&self.j, <uint16_t>(sequence & 0xFFFF), <uint32_t>(timestamp & 0xFFFFFFFF), KINDS[kind], 0,
                          <const uint8_t*>raw, <int>len(payload), span if kind == "audio" else 0, restarted,
                          <int64_t>(now_ms * 1000000))

    def get(self, object now_ms, int need=160, int ahead=0):
        """(kind, payload, span, adapt, payload of the next packet)"""
        cdef JitterPiece piece
        jitter_get(&self.j, <int64_t>(now_ms * 1000000), ahead, need, &piece)
        return (PIECES[piece.kind], <bytes>piece.payload[:piece.size] if piece.payload != NULL else b"", piece.span,
                piece.adapt, <bytes>piece.next_payload[:piece.next_size] if piece.next_size else b"")

    def flush(self):
        jitter_flush(&self.j)

    @property
    def depth_ms(self):
        return jitter_depth_ms(&self.j)

    @property
    def counters(self):
        return self.j.counters

    @property
    def waiting(self):
        return self.j.count


def simulate(int64_t[:] sent, int64_t[:] arrived, int64_t[:] lengths, int64_t clock_hz, int64_t tick_ns, int64_t[:] log):
    """A call in virtual time: packet `sent[i]` (its number; its place in time is number * 20 ms) comes at `arrived[i]` ns,
    in order of arrival, and is gone after `lengths[0]` ticks. Sound is stretched and shrunk as a pitch period of 5 to 15 ms
    allows. For each tick, `log` gets the depth in us (delay of what is played against the sender's clock), or -1 when
    nothing is played. Returns a dict of counts.
    """
    cdef Jitter j
    cdef JitterPiece piece
    cdef void* memory = calloc(1, jitter_memory(LARGEST))
    cdef uint8_t[160] payload
    cdef int64_t n = sent.shape[0], at = 0, tick, now, played_until = 0
    cdef int64_t adaptations = 0, shrunk = 0, stretched = 0, audio = 0, lost = 0, none = 0, change
    cdef int turns, scale = <int>(clock_hz // 8000)
    cdef int64_t base = 4294000000      # timestamps wrap around soon
    memset(payload, 0xFF, 160)
    jitter_init(&j, <int>clock_hz, memory, LARGEST, 0, 480)
    with nogil:
        for tick in range(lengths[0]):
            now = tick * tick_ns
            while at < n and arrived[at] <= now:
                jitter_put(&j, <uint16_t>(sent[at] & 0xFFFF), <uint32_t>(sent[at] * 160 * scale + base), PACKET_AUDIO,
                           0, payload, 160, 160 * scale, False, arrived[at])
                at += 1
            if played_until < now:
                played_until = now
            log[tick] = -1
            turns = 0
            while played_until < now + tick_ns and turns < 64:
                turns += 1
                jitter_get(&j, now, <int>((played_until - now) * scale // 125000),
                           <int>((now + tick_ns - played_until) * scale // 125000), &piece)
                if piece.kind == PIECE_AUDIO:
                    audio += 1
                    change = 0
                    # As a pitch period allows: 5..15 ms at a time.
                    if piece.adapt >= 40 * scale:
                        change = piece.adapt if piece.adapt < 120 * scale else 120 * scale
                        stretched += change
                        adaptations += 1
                    elif piece.adapt <= -40 * scale:
                        change = piece.adapt if piece.adapt > -120 * scale else -120 * scale
                        shrunk -= change
                        adaptations += 1
                    log[tick] = (played_until * scale // 125000 - (j.next_timestamp - piece.span)) * 125 // scale
                    played_until += (piece.span + change) * 125000 // scale
                elif piece.kind == PIECE_LOST:
                    lost += 1
                    played_until += <int64_t>piece.span * 125000 // scale
                elif piece.kind == PIECE_NONE:
                    none += 1
                    played_until = now + tick_ns
    free(memory)
    return {
        "audio": audio, "concealed": lost, "none": none, "adaptations": adaptations, "stretched_ms": stretched / (8 * scale),
        "shrunk_ms": shrunk / (8 * scale), **j.counters,
    }


def cycles(int count, int size=160):
    """`count` times one put and one get, as a quiet network makes them."""
    cdef Jitter j
    cdef JitterPiece piece
    cdef void* memory = calloc(1, jitter_memory(LARGEST))
    cdef uint8_t[320] payload
    cdef int i
    cdef int64_t total = 0
    memset(payload, 0xFF, 320)
    jitter_init(&j, 8000, memory, LARGEST, 0, 480)
    with nogil:
        for i in range(count):
            jitter_put(&j, <uint16_t>i, <uint32_t>(160 * i), PACKET_AUDIO, 0, payload, size, 160, False,
                       <int64_t>i * 20000000 + (i * 7919) % 4000000)
            jitter_get(&j, <int64_t>i * 20000000 + 30000000, 0, 160, &piece)
            total += piece.kind == PIECE_AUDIO
    free(memory)
    return total


cdef class Player:
    """A playout; times in ms, sound as s16 bytes."""

    cdef Playout* p
    cdef void* memory

    def __cinit__(self, int codec=0, int rate=0, int longest_ms=60):
        self.p = <Playout*>calloc(1, sizeof(Playout))
        self.memory = calloc(1, playout_memory(codec, longest_ms))
        if not playout_init(self.p, codec, rate, self.memory, longest_ms, 7):
            raise ValueError(f"codec {codec}")

    def __dealloc__(self):
        free(self.memory)
        free(self.p)

    def put(self, int sequence, object timestamp, object now_ms, bytes payload, *, str kind="audio", bint restarted=False):
        cdef const char* raw = payload
        return playout_put(self.p, KINDS[kind], <uint16_t>(sequence & 0xFFFF), <uint32_t>(timestamp & 0xFFFFFFFF),
                           self.p.decoder.codec, <const uint8_t*>raw, <int>len(payload), restarted, <int64_t>(now_ms * 1000000))

    def tick(self, object when_ms, int samples):
        """(bits, sound)"""
        cdef int16_t[2880] out
        cdef int heard
        assert samples <= 2880
        heard = playout_tick(self.p, <int64_t>(when_ms * 1000000), out, samples)
        return heard, bytes((<char*>&out[0])[:2 * samples])

    def flush(self):
        playout_flush(self.p)

    @property
    def rate(self):
        return self.p.decoder.rate

    @property
    def counters(self):
        return {**self.p.jitter.counters, **self.p.counters}
