"""Windows and verdicts; see quality.pxd."""

from libc.math cimport log10
from libc.stdint cimport int16_t, int64_t, uint8_t, uint64_t

from core.stream.bursts cimport bursts_ratio
from core.stream.emodel cimport emodel_codec, emodel_mos, emodel_rating
from core.stream.reception cimport Reception, rx_expected, rx_received

cdef enum:
    NS_PER_SECOND = 1000000000
    DEAD_S = 9                 # from the first silent packet that was measured to the last: ten seconds
    DEAD_SAMPLES = 5
    LIMIT = 32000              # a sample at the limit: the outermost step of either law of G.711
    MANY = 100                 # packets that a window needs before it is judged

cdef double ZERO_DBM0 = 22827.0 * 22827.0 / 2.0     # power of a sine of 0 dBm0
cdef double BAD = 3.1
cdef double GOOD = 3.6
cdef float SLOW = 0.125        # share of a new measurement in the level


cdef void quality_measure(Quality* q, const int16_t* pcm, int samples, int64_t now) noexcept nogil:
    cdef double power = 0.0, level
    cdef int i, clipped = 0
    q.sample_due = False
    q.sample_ns = now
    if samples <= 0:
        return
    for i in range(samples):
        power += <double>pcm[i] * pcm[i]
        clipped += pcm[i] >= LIMIT or pcm[i] <= -LIMIT
    level = 10.0 * log10(power / samples / ZERO_DBM0 + 1e-12)
    q.measured += <uint64_t>samples
    q.clipped += <uint64_t>clipped
    if level < LEVEL_SILENT:
        if q.silent_samples == 0:
            q.silent_since_ns = now
        q.silent_samples += 1
        return
    q.silent_samples = 0
    q.level_dbm0 = <float>level if q.level_dbm0 == 0.0 else q.level_dbm0 + SLOW * (<float>level - q.level_dbm0)


cdef double quality_rating(const Reception* rx, int codec, double delay_ms) noexcept nogil:
    cdef double ie, bpl
    cdef uint64_t expected = rx_expected(rx), received = rx_received(rx)
    cdef double loss = 0.0
    if expected > received:
        loss = 100.0 * <double>(expected - received) / <double>expected
    emodel_codec(codec, &ie, &bpl)
    return emodel_rating(loss, bursts_ratio(&rx.bursts, expected), delay_ms, ie, bpl)


cdef void _rate(Quality* q, const Reception* rx, int codec, double delay_ms, uint64_t expected, uint64_t lost) noexcept nogil:
    """The window that is over."""
    cdef double ie, bpl, loss = 100.0 * <double>lost / <double>expected, ratio = 1.0
    cdef uint64_t runs = rx.bursts.runs - q.runs
    if runs and rx.bursts.lost > q.lost:
        ratio = <double>(rx.bursts.lost - q.lost) / <double>runs * (1.0 - loss / 100.0)
    emodel_codec(codec, &ie, &bpl)
    q.rating = <float>emodel_rating(loss, ratio, delay_ms, ie, bpl)
    q.mos = <float>emodel_mos(q.rating)
    if q.worst_mos == 0.0 or q.mos < q.worst_mos:
        q.worst_mos = q.mos
    q.total_windows += 1
    q.bad_windows += q.mos < BAD


cdef uint8_t _judge(const Quality* q, bint one_way) noexcept nogil:
    cdef uint8_t verdict = 0
    cdef uint64_t measured = q.measured - q.window_measured, clipped = q.clipped - q.window_clipped
    if q.mos and (q.mos < BAD or (q.verdict & QUALITY_BAD and q.mos < GOOD)):
        verdict |= QUALITY_BAD
    if one_way:
        verdict |= QUALITY_ONE_WAY
    if q.silent_samples >= DEAD_SAMPLES and q.sample_ns - q.silent_since_ns >= <int64_t>DEAD_S * NS_PER_SECOND:
        verdict |= QUALITY_DEAD_AIR
    if measured and clipped * 100 > measured:
        verdict |= QUALITY_CLIPPING
    return verdict


cdef bint quality_look(Quality* q, const Reception* rx, int codec, double delay_ms, uint64_t sent, bint receiving,
                       int64_t now) noexcept nogil:
    cdef uint64_t expected = rx_expected(rx), received = rx_received(rx)
    cdef int64_t lost
    cdef uint8_t verdict = q.verdict
    cdef bint one_way
    if now < q.window_ns:
        return False
    if q.window_ns and receiving:
        lost = <int64_t>(expected - q.expected) - <int64_t>(received - q.received)
        one_way = received == q.received and sent - q.sent > MANY
        if expected - q.expected >= MANY:
            _rate(q, rx, codec, delay_ms, expected - q.expected, <uint64_t>(lost if lost > 0 else 0))
        verdict = _judge(q, one_way)
    q.window_ns = now + <int64_t>QUALITY_WINDOW_S * NS_PER_SECOND
    q.expected = expected
    q.received = received
    q.lost = rx.bursts.lost
    q.runs = rx.bursts.runs
    q.sent = sent
    q.window_measured = q.measured
    q.window_clipped = q.clipped
    if verdict == q.verdict:
        return False
    q.verdict = verdict
    return True
