"""Calls into libsrtp; see srtp.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uintptr_t

from core.stream.rtp cimport RTP_HEADER, get32

cdef enum:                     # srtp_err_status_t
    OK = 0
    REPLAY_FAIL = 9
    REPLAY_OLD = 10

cdef SrtpFunction _protect = NULL
cdef SrtpFunction _unprotect = NULL
cdef SrtpFunction _protect_rtcp = NULL
cdef SrtpFunction _unprotect_rtcp = NULL


cdef void srtp_bind(uintptr_t protect, uintptr_t unprotect, uintptr_t protect_rtcp, uintptr_t unprotect_rtcp) noexcept:
    global _protect, _unprotect, _protect_rtcp, _unprotect_rtcp
    _protect = <SrtpFunction>protect
    _unprotect = <SrtpFunction>unprotect
    _protect_rtcp = <SrtpFunction>protect_rtcp
    _unprotect_rtcp = <SrtpFunction>unprotect_rtcp


cdef inline int _call(SrtpFunction function, Srtp* s, void* packet, int size) noexcept nogil:
    cdef int status = function(s.session, packet, &size)
    if status == OK:
        return size
    return SRTP_REPLAYED if status == REPLAY_FAIL or status == REPLAY_OLD else SRTP_FORGED


cdef int srtp_open_rtp(Srtp* s, void* packet, int size) noexcept nogil:
    cdef uint32_t ssrc
    cdef int verdict
    if size <= RTP_HEADER:
        return SRTP_FORGED
    ssrc = get32(<uint8_t*>packet + 8)
    if ssrc != s.ssrc and s.changes >= SRTP_MAX_SOURCES:
        return SRTP_FORGED
    verdict = _call(_unprotect, s, packet, size)
    if verdict >= 0 and ssrc != s.ssrc:
        s.ssrc = ssrc
        s.changes += 1
    return verdict


cdef int srtp_open_rtcp(Srtp* s, void* packet, int size) noexcept nogil:
    cdef uint32_t ssrc
    cdef int verdict
    cdef bint other
    if size < 8:
        return SRTP_FORGED
    ssrc = get32(<uint8_t*>packet + 4)
    other = ssrc != s.reporter
    if other and s.changes >= SRTP_MAX_SOURCES:
        return SRTP_FORGED
    verdict = _call(_unprotect_rtcp, s, packet, size)
    if other and verdict >= 0:
        s.reporter = ssrc
        s.changes += 1
    return verdict


cdef int srtp_seal_rtp(Srtp* s, void* packet, int size) noexcept nogil:
    return _call(_protect, s, packet, size)


cdef int srtp_seal_rtcp(Srtp* s, void* packet, int size) noexcept nogil:
    return _call(_protect_rtcp, s, packet, size)
