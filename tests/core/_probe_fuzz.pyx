"""A seeded mutation fuzzer around the functions that read what strangers send; meant for the sanitized build.

Each input stands in memory of exactly its size, so that a read beyond it is seen. Everything runs without a Python object.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset
from posix.time cimport clock_gettime, timespec

from core.base.sockets cimport Address, ip_of_v4
from core.engine.keys cimport KeyStore
from core.signal.comfort_noise cimport NoiseMaker, noise_fill, noise_init, noise_update
from core.stream.codec cimport CODEC_G722, CODEC_L16_16, CODEC_OPUS, CODEC_PCMA, CODEC_PCMU
from core.stream.jitter cimport Jitter, JitterPiece, jitter_get, jitter_init, jitter_memory, jitter_put
from core.stream.playout cimport Playout, playout_init, playout_memory, playout_put, playout_tick
from core.stream.rtcp cimport RtcpState, rtcp_receive
from core.stream.srtp cimport SRTP_ROOM, Srtp, srtp_seal_rtcp, srtp_seal_rtp
from core.stream.stream cimport (
    Received,
    Stream,
    StreamSettings,
    stream_configure,
    stream_init,
    stream_is_for_python,
    stream_open_rtcp,
    stream_receive,
)
from core.stream.telephone_event cimport EventNews, EventReceiver, event_packet, event_poll

cdef extern from "<time.h>" nogil:
    cdef int CLOCK_THREAD_CPUTIME_ID


cdef inline int64_t _cpu_ns() noexcept nogil:
    """Of this thread: what others do on the machine does not count."""
    cdef timespec t
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
    return <int64_t>t.tv_sec * 1000000000 + t.tv_nsec


TARGETS = ["rtp", "rtcp", "telephone_event", "jitter", "playout", "comfort_noise", "srtp"]
cdef int[5] CODECS = [CODEC_PCMU, CODEC_PCMA, CODEC_G722, CODEC_OPUS, CODEC_L16_16]

cdef enum:
    LARGEST = 1500
    CORPUS = 256               # inputs that are mutated


cdef struct Fuzz:
    uint64_t random
    int64_t now
    Stream stream
    Stream secured
    Srtp* sealing              # what the far end of `secured` would use
    uint64_t opened            # packets of it that were authentic
    RtcpState rtcp
    EventReceiver events
    Jitter jitter
    void* jitter_memory
    Playout* playouts          # one a codec
    void** playout_memory
    NoiseMaker noise
    int count                  # inputs in the corpus
    int[CORPUS] sizes
    uint8_t[CORPUS][LARGEST] inputs


cdef inline uint64_t _random(Fuzz* f) noexcept nogil:
    f.random ^= f.random >> 12
    f.random ^= f.random << 25
    f.random ^= f.random >> 27
    return f.random * <uint64_t>2685821657736338717


cdef int _mutate(Fuzz* f, uint8_t* out) noexcept nogil:
    """An input of the corpus with a few changes: bits, octets, cuts, insertions, parts of others."""
    cdef int at = <int>(_random(f) % f.count), size = f.sizes[at], rounds = 1 + <int>(_random(f) % 6), i, other, part
    memcpy(out, f.inputs[at], size)
    for i in range(rounds):
        at = <int>(_random(f) % (size + 1))
        part = <int>(_random(f) % 7)
        if part == 0 and at < size:
            out[at] ^= <uint8_t>(1 << (_random(f) & 7))
        elif part == 1 and at < size:
            out[at] = <uint8_t>_random(f)
        elif part == 2 and at < size:
            out[at] = 0 if _random(f) & 1 else 255
        elif part == 3:
            size = at
        elif part == 4 and size < LARGEST - 64:
            part = <int>(_random(f) % 64)
            memset(out + size, <int>(_random(f) & 255), part)
            size += part
        elif part == 5:
            other = <int>(_random(f) % f.count)
            part = f.sizes[other] if f.sizes[other] < LARGEST - at else LARGEST - at
            memcpy(out + at, f.inputs[other], part)
            if at + part > size:
                size = at + part
        elif size > 3 and at < size - 1:
            out[at] = <uint8_t>(_random(f) % 4)
            out[at + 1] = <uint8_t>_random(f)
    return size


cdef inline uint32_t _word(const uint8_t* data, int size, int at) noexcept nogil:
    cdef uint32_t value = 0
    cdef int i
    for i in range(4):
        value = (value << 8) | (data[at + i] if at + i < size else 0)
    return value


cdef void _rtp(Fuzz* f, uint8_t* data, int size) noexcept nogil:
    cdef Received got
    stream_receive(&f.stream, data, size, NULL, f.now, &got)


cdef void _srtp(Fuzz* f, uint8_t* data, int size) noexcept nogil:
    """Forged ones as they are; each fourth is sealed, so that what is authentic and malformed is read as well."""
    cdef Received got
    cdef uint8_t[LARGEST + 64 + SRTP_ROOM] packet
    cdef int sealed
    if stream_is_for_python(&f.secured, data, size):
        return
    if _random(f) & 3:
        if size > 1 and 192 <= data[1] <= 223:
            stream_open_rtcp(&f.secured, data, size)
        else:
            stream_receive(&f.secured, data, size, NULL, f.now, &got)
        return
    memcpy(packet, data, size)
    if size > 1 and 192 <= data[1] <= 223:
        sealed = srtp_seal_rtcp(f.sealing, packet, size)
        f.opened += sealed > 0 and stream_open_rtcp(&f.secured, packet, sealed) >= 0
    else:
        sealed = srtp_seal_rtp(f.sealing, packet, size)
        if sealed > 0:
            stream_receive(&f.secured, packet, sealed, NULL, f.now, &got)
            f.opened = f.secured.count.rx_packets


cdef void _event(Fuzz* f, const uint8_t* data, int size) noexcept nogil:
    cdef EventNews news
    if size > 4:
        event_packet(&f.events, data + 4, size - 4, _word(data, size, 0), f.now, &news)
    event_poll(&f.events, f.now)


cdef void _jitter(Fuzz* f, const uint8_t* data, int size) noexcept nogil:
    """Each eight octets: a packet; then a look."""
    cdef JitterPiece piece
    cdef int at = 0
    while at < size:
        jitter_put(&f.jitter, <uint16_t>_word(data, size, at), _word(data, size, at + 2), data[at] % 3, data[at],
                   data + at, size - at if size - at < 320 else 320, data[at] * 8, data[at] == 77, f.now)
        jitter_get(&f.jitter, f.now, data[at] & 127, 160, &piece)
        f.now += <int64_t>data[at] * 200000
        at += 8


cdef void _playout(Fuzz* f, const uint8_t* data, int size) noexcept nogil:
    cdef int16_t[960] pcm
    cdef int which
    cdef Playout* p
    if size < 8:
        return
    which = data[0] % 5
    p = &f.playouts[which]
    playout_put(p, data[1] % 3 if data[1] > 200 else 0, <uint16_t>_word(data, size, 2), _word(data, size, 4),
                CODECS[which], data + 8, size - 8, data[1] == 7, f.now)
    playout_tick(p, f.now, pcm, p.decoder.rate // 50)


cdef void _noise(Fuzz* f, const uint8_t* data, int size) noexcept nogil:
    cdef int16_t[160] pcm
    noise_update(&f.noise, data, size)
    noise_fill(&f.noise, pcm, 160)


cdef void _one(Fuzz* f, int target, uint8_t* data, int size) noexcept nogil:
    if target == 0:
        _rtp(f, data, size)
    elif target == 1:
        rtcp_receive(&f.rtcp, data, size, _word(data, size, 8), f.now, 1)
    elif target == 2:
        _event(f, data, size)
    elif target == 3:
        _jitter(f, data, size)
    elif target == 4:
        _playout(f, data, size)
    elif target == 6:
        _srtp(f, data, size)
    else:
        _noise(f, data, size)


cdef int _open(Fuzz* f, KeyStore keys, Srtp* opening, Srtp* sealing) except -1:
    cdef StreamSettings settings
    cdef int i
    memset(&settings, 0, sizeof(settings))
    settings.remote.ip = ip_of_v4(0x7F000001)
    settings.remote.port = 4000
    settings.codec = CODEC_PCMU
    settings.event_payload_type = settings.heard_event_type = 101
    settings.ptime_ms = 20
    settings.receive = settings.send = settings.rtcp_mux = True
    stream_init(&f.stream, -1, -1, 2, 99)
    stream_configure(&f.stream, &settings, f.now)
    settings.secure = settings.demux = True
    settings.rtcp_mux = False
    stream_init(&f.secured, -1, -1, 2, 98)
    stream_configure(&f.secured, &settings, f.now)
    f.secured.srtp_in = opening
    f.sealing = sealing
    f.jitter_memory = calloc(1, jitter_memory(320))
    jitter_init(&f.jitter, 8000, f.jitter_memory, 320, 0, 480)
    noise_init(&f.noise, 5)
    f.playouts = <Playout*>calloc(5, sizeof(Playout))
    f.playout_memory = <void**>calloc(5, sizeof(void*))
    for i in range(5):
        f.playout_memory[i] = calloc(1, playout_memory(CODECS[i], 60))
        playout_init(&f.playouts[i], CODECS[i], 16000, f.playout_memory[i], 60, 3)
    return 0


cdef void _close(Fuzz* f) noexcept:
    cdef int i
    for i in range(5):
        free(f.playout_memory[i])
    free(f.playout_memory)
    free(f.playouts)
    free(f.jitter_memory)
    free(f)


def run(str target, list seeds, int64_t count, uint64_t seed=1):
    """`count` executions of mutated `seeds`: the longest one in ms of processor time, and how many were authentic SRTP.

    A fault ends the process, which is the point.
    """
    cdef Fuzz* f = <Fuzz*>calloc(1, sizeof(Fuzz))
    cdef int which = TARGETS.index(target), size
    cdef int64_t i, began, longest = 0, lasted
    cdef uint8_t[LARGEST + 64] scratch
    cdef uint8_t* exact
    cdef KeyStore keys = KeyStore(4)
    cdef Srtp* sealing = &keys.table.items[keys.add(1, "out", 1, bytes(range(30)))]
    cdef Srtp* opening = &keys.table.items[keys.add(1, "in", 1, bytes(range(30)))]
    f.random = seed * 2 + 1
    f.now = 1000000000
    _open(f, keys, opening, sealing)
    for data in seeds[:CORPUS]:
        f.sizes[f.count] = min(len(data), LARGEST - 64)
        memcpy(f.inputs[f.count], <const char*>data, f.sizes[f.count])
        f.count += 1
    with nogil:
        for i in range(count):
            size = _mutate(f, scratch)
            exact = <uint8_t*>malloc(size + (size == 0))
            memcpy(exact, scratch, size)
            began = _cpu_ns()
            _one(f, which, exact, size)
            lasted = _cpu_ns() - began
            if lasted > longest:
                longest = lasted
            f.now += 20000000
            free(exact)
    opened = f.opened
    _close(f)
    return longest / 1e6, opened
