"""Encoding for codecs with state; see coding.pxd."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from core.base.pool cimport id_slot
from core.engine.coder cimport Coder
from core.engine.heavy cimport (
    RESULT_MEASURE,
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
    heavy_tune,
    heavy_wake,
)
from core.engine.sharing cimport SHARED_PAUSE, SHARED_SOUND, leads, send_stamped, share_packet
from core.engine.state cimport Leg, Output, Worker
from core.engine.voice cimport voice_hear
from core.signal.resample cimport resample, resample_init
from core.stream.adaptation cimport adaptation_init, adaptation_report
from core.stream.codec cimport (
    CODEC_L16_48,
    Tuning,
    codec_clock,
    codec_encode,
    codec_is_g711,
    codec_is_heavy,
    codec_rate,
    encoder_copy,
    encoder_init,
)
from core.stream.jitter cimport PACKET_AUDIO, PACKET_NOISE, PACKET_OTHER
from core.stream.playout cimport HEARD_NOTHING
from core.stream.quality cimport quality_measure
from core.stream.rtp cimport RTP_HEADER
from core.stream.stream cimport GOT_AUDIO, GOT_NOISE, Received
from core.stream.timeline cimport SOURCE_ROOM, tl_pause

cdef enum:
    CODER_BLOCK = 8            # coders that are allocated together
    LONGEST = 2880             # samples of 60 ms at 48 kHz
    LONGEST_MS = 60
    RESULTS = 2048             # taken in one turn
    PAUSE = 2                  # octets: a packet of Opus no longer than this says nothing (RFC 7587 section 3.1.3)
    BITRATE = 24000            # bit/s, where none is configured: what libopus takes for speech at 16 kHz


cdef struct CoderBlock:
    CoderBlock* next
    Coder items[CODER_BLOCK]


cdef bint _more(Worker* w) noexcept nogil:
    """By command, never by packet; they stay with the worker until it ends."""
    cdef CoderBlock* block = <CoderBlock*>calloc(1, sizeof(CoderBlock))
    cdef int i
    if block == NULL:
        return False
    block.next = <CoderBlock*>w.coder_blocks
    w.coder_blocks = block
    for i in range(CODER_BLOCK):
        block.items[i].spare = w.spare_coders
        w.spare_coders = &block.items[i]
    return True


cdef void coders_free(Worker* w) noexcept nogil:
    cdef CoderBlock* block = <CoderBlock*>w.coder_blocks
    cdef CoderBlock* following
    while block != NULL:
        following = block.next
        free(block)
        block = following
    w.coder_blocks = NULL
    w.spare_coders = NULL
    if w.heavy != NULL:
        heavy_stop(w.heavy)
        heavy_free(w.heavy)
        free(w.heavy)
        w.heavy = NULL


cdef bint coders_init(Worker* w) noexcept nogil:
    w.heavy = <Heavy*>calloc(1, sizeof(Heavy))
    return w.heavy != NULL and heavy_init(w.heavy, w.index, w.command_fd) == 0


cdef void coders_stop(Worker* w) noexcept nogil:
    heavy_stop(w.heavy)


cdef void _open_heavy(Worker* w, Leg* leg, Coder* c) noexcept nogil:
    cdef Tuning tuning
    tuning.bitrate = w.opus_bitrate
    tuning.complexity = w.opus_complexity
    adaptation_init(&c.adaptation, w.opus_expected_loss, w.opus_bitrate if w.opus_bitrate else BITRATE)
    c.blocks = leg.stream.rtcp.blocks
    tuning.expected_loss = w.opus_expected_loss
    tuning.fec = tuning.expected_loss > 0
    tuning.dtx = leg.stream.suppress
    c.suppress = leg.stream.suppress
    if not w.heavy.started and heavy_start(w.heavy):
        return
    c.heavy = heavy_open(w.heavy, c.codec, c.rate, LONGEST_MS, &tuning)
    if c.heavy and not heavy_begin(w.heavy, c.heavy):
        heavy_end(w.heavy, c.heavy)
        c.heavy = 0
    if c.heavy:
        w.heavy_legs[id_slot(c.heavy)] = leg


cdef bint coder_attach(Worker* w, Leg* leg) noexcept nogil:
    cdef int codec = leg.stream.codec
    cdef Coder* c = leg.coder
    cdef Tuning none
    if c != NULL and c.codec == codec and (not c.heavy or c.suppress == leg.stream.suppress):
        return True
    coder_detach(w, leg)
    if codec_is_g711(codec):
        return True
    if w.spare_coders == NULL and not _more(w):
        return False
    c = w.spare_coders
    w.spare_coders = c.spare
    memset(c, 0, sizeof(Coder))
    c.codec = <uint8_t>codec
    c.rate = codec_rate(codec, w.opus_rate)
    leg.coder = c
    if codec_is_heavy(codec):
        _open_heavy(w, leg, c)
        return c.heavy != 0
    memset(&none, 0, sizeof(none))
    return encoder_init(&c.encoder, codec, 0, &none, NULL)


cdef void coder_detach(Worker* w, Leg* leg) noexcept nogil:
    cdef Coder* c = leg.coder
    if c == NULL:
        return
    if c.heavy:
        w.heavy_legs[id_slot(c.heavy)] = NULL
        heavy_end(w.heavy, c.heavy)
    c.spare = w.spare_coders
    w.spare_coders = c
    leg.coder = NULL


cdef void coder_adapt(Worker* w, Leg* leg) noexcept nogil:
    cdef Coder* c = leg.coder
    if c == NULL or not c.heavy or c.blocks == leg.stream.rtcp.blocks:
        return
    c.blocks = leg.stream.rtcp.blocks
    if adaptation_report(&c.adaptation, leg.stream.rtcp.remote_fraction_lost):
        heavy_tune(w.heavy, c.heavy, c.adaptation.bitrate, c.adaptation.expected_loss)


cdef void coder_follow(Worker* w, const Leg* leader, Leg* leg) noexcept nogil:
    cdef Coder* c = leg.coder
    cdef const Coder* other = leader.coder
    if c == NULL or other == NULL or c.codec != other.codec:
        return
    c.convert = other.convert
    if c.heavy:
        heavy_copy(w.heavy, c.heavy, other.heavy)
    else:
        encoder_copy(&c.encoder, &other.encoder)


cdef void coder_retune(Worker* w, Leg* leg, int bitrate, int expected_loss, int wanted_bitrate, int wanted_loss) noexcept nogil:
    if bitrate != wanted_bitrate or expected_loss != wanted_loss:
        heavy_tune(w.heavy, leg.coder.heavy, wanted_bitrate, wanted_loss)


cdef void _send(Worker* w, Leg* leg, int size, int span, uint64_t source, int64_t when) noexcept nogil:
    """A payload that stands in w.out after the room for its header."""
    if leg.stream.configured and leg.stream.send:
        send_stamped(w, leg, leg.stream.payload_type, size, span, source, when)


cdef void coder_say(Worker* w, Leg* leg, const int16_t* pcm, int n, int rate, uint64_t source, int64_t when) noexcept nogil:
    cdef Coder* c = leg.coder
    cdef Output* shared = leg.output if source == SOURCE_ROOM and leads(leg) else NULL
    cdef int16_t[LONGEST] converted
    cdef int made, size, at = 0, part, span
    if c == NULL or n <= 0 or n * c.rate // rate > LONGEST:
        return
    if c.convert.from_rate != rate:
        resample_init(&c.convert, rate, c.rate)
    made = resample(&c.convert, pcm, n, converted)
    if c.heavy:
        c.source = source
        heavy_say(w.heavy, c.heavy, converted, made, when, shared, w.turn)
        w.count.room_encodes += source == SOURCE_ROOM
        return
    # What does not fit into a datagram goes in several.
    part = 480 if c.codec == CODEC_L16_48 else made
    span = part * codec_clock(c.codec) // c.rate
    while at < made:
        size = codec_encode(&c.encoder, converted + at, part, w.out + RTP_HEADER)
        if size == 0:
            return
        w.count.room_encodes += source == SOURCE_ROOM
        if shared != NULL:
            share_packet(w, shared, w.turn, w.out + RTP_HEADER, size, span, SHARED_SOUND, when)
        else:
            _send(w, leg, size, span, source, when)
        at += part


cdef void coder_put(Worker* w, Leg* leg, const Received* got, int64_t now) noexcept nogil:
    cdef int kind = PACKET_AUDIO if got.kind == GOT_AUDIO else PACKET_NOISE if got.kind == GOT_NOISE else PACKET_OTHER
    if kind == PACKET_AUDIO and got.codec != leg.coder.codec:
        return
    heavy_packet(w.heavy, leg.coder.heavy, kind, got.packet.sequence, got.packet.timestamp, got.packet.payload,
                 got.packet.size if kind != PACKET_OTHER else 0, got.restarted, now)


cdef bint coder_take(Worker* w, Leg* leg, int64_t when) noexcept nogil:
    cdef Coder* c = leg.coder
    cdef bint heard = c.heard
    if heard:
        voice_hear(leg.voice, c.sound, c.sound_count, c.rate)
    else:
        memset(leg.voice.heard, 0, leg.voice.rate // 50 * sizeof(int16_t))
    c.heard = False
    heavy_ask(w.heavy, c.heavy, c.rate // 50, when)
    return heard


cdef void _collect(Worker* w, HeavyResult* result) noexcept nogil:
    cdef Leg* leg = w.heavy_legs[id_slot(result.id)]
    cdef Output* shared = <Output*>result.purpose if result.kind == RESULT_PACKET else NULL
    cdef Coder* c
    if shared != NULL:
        # Whose encoder made it may be gone; the others are still to get it.
        share_packet(w, shared, result.turn, result.data, result.size, 960,
                     SHARED_PAUSE if shared.pauses and result.size <= PAUSE else SHARED_SOUND, result.when)
        return
    # A result may outlive its leg.
    if leg == NULL or leg.coder == NULL or leg.coder.heavy != result.id:
        return
    c = leg.coder
    if result.kind == RESULT_SOUND:
        c.heard = result.heard != HEARD_NOTHING
        c.sound_count = result.size
        memcpy(c.sound, result.data, result.size * sizeof(int16_t))
        return
    if result.kind == RESULT_MEASURE:
        quality_measure(&leg.stream.quality, <int16_t*>result.data, result.size, result.when)
        return
    if c.suppress and result.size <= PAUSE and leg.stream.tx.source == c.source:
        tl_pause(&leg.stream.tx, 960)
        return
    memcpy(w.out + RTP_HEADER, result.data, result.size)
    _send(w, leg, result.size, 960, c.source, result.when)


cdef void coders_collect(Worker* w) noexcept nogil:
    cdef HeavyResult* result = heavy_result(w.heavy)
    cdef int left = RESULTS
    while result != NULL and left > 0:
        _collect(w, result)
        heavy_release(w.heavy)
        result = heavy_result(w.heavy)
        left -= 1


cdef void coders_wake(Worker* w) noexcept nogil:
    heavy_wake(w.heavy)
