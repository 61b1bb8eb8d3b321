"""When silence is described instead of sent; see quiet.pxd."""

from libc.math cimport exp2
from libc.stdint cimport int16_t, int64_t, uint8_t

from core.base.frame cimport RATE_HZ
from core.signal.comfort_noise cimport NOISE_PAYLOAD, meter_add, meter_init, meter_write

cdef enum:
    HANGOVER_MS = 200          # words have soft ends, and soft beginnings are not silence
    REFRESH_MS = 1000
    SOONEST_MS = 100           # between two packets whose levels differ
    STEP_DB = 3                # that is heard

cdef double ZERO_DBM0 = 22827.0 * 22827.0 / 2.0     # power of a sine of 0 dBm0
cdef double LOG2_10_BY_10 = 0.33219280948873623


cdef void quiet_init(Quiet* q) noexcept nogil:
    q.silent_ms = q.told_ms = 0
    q.paused = False
    q.level = 0
    meter_init(&q.meter)


cdef bint _is_silent(const int16_t* pcm, int n, double silence_dbm0) noexcept nogil:
    """The mixer's power leaves the lowest bits out, which is all that silence has."""
    cdef int64_t power = 0
    cdef int i
    for i in range(n):
        power += <int>pcm[i] * <int>pcm[i]
    return power < n * ZERO_DBM0 * exp2(silence_dbm0 * LOG2_10_BY_10)


cdef int _describe(Quiet* q, uint8_t* payload, int* size) noexcept nogil:
    size[0] = meter_write(&q.meter, payload)
    q.level = payload[0]
    q.told_ms = 0
    q.paused = True
    return QUIET_DESCRIBE


cdef int quiet_frame(Quiet* q, const int16_t* pcm, int n, double silence_dbm0, uint8_t* payload, int* size) noexcept nogil:
    cdef int ms = n * 1000 // RATE_HZ, step
    cdef uint8_t[NOISE_PAYLOAD] now
    if not _is_silent(pcm, n, silence_dbm0):
        q.silent_ms = 0
        q.paused = False
        return QUIET_SPEAK
    if q.silent_ms == 0:
        meter_init(&q.meter)
    meter_add(&q.meter, pcm, n)
    if q.silent_ms < HANGOVER_MS:
        q.silent_ms += ms
        return QUIET_SPEAK
    q.told_ms += ms
    if not q.paused or q.told_ms >= REFRESH_MS:
        return _describe(q, payload, size)
    if q.told_ms >= SOONEST_MS:
        meter_write(&q.meter, now)
        step = <int>now[0] - <int>q.level
        if step >= STEP_DB or step <= -STEP_DB:
            return _describe(q, payload, size)
    return QUIET_SAY_NOTHING
