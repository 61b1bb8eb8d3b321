"""SRTP and SRTCP (RFC 3711, RFC 7714) of one direction of a stream, by libsrtp's functions; no cryptography of our own.

The functions are those of pylibsrtp's binding, reached by pointer. A context is made and freed by Python's thread and used
by one media worker; `released` tells the first that the second has let go.
"""

from libc.stdint cimport int32_t, uint32_t, uintptr_t

cdef enum:
    SRTP_ROOM = 32             # bytes behind a packet that protection may need: index, tag, no MKI
    SRTP_MAX_SOURCES = 1000    # changes of SSRC that one context follows: each costs memory
    SRTP_FORGED = -1           # not authentic, or not decipherable
    SRTP_REPLAYED = -2         # authentic, but seen before or too old

ctypedef int (*SrtpFunction)(void* session, void* packet, int* size) noexcept nogil

cdef struct Srtp:
    void* session              # libsrtp's srtp_t
    uint32_t ssrc              # of the last RTP packet
    uint32_t reporter          # of the last RTCP packet
    uint32_t changes           # of either
    int32_t released           # atomic: the worker has let go of it

# Python's thread, before the first context is used: addresses of srtp_protect and its fellows.
cdef void srtp_bind(uintptr_t protect, uintptr_t unprotect, uintptr_t protect_rtcp, uintptr_t unprotect_rtcp) noexcept
# In place: the new size, or SRTP_FORGED or SRTP_REPLAYED.
cdef int srtp_open_rtp(Srtp* s, void* packet, int size) noexcept nogil
cdef int srtp_open_rtcp(Srtp* s, void* packet, int size) noexcept nogil
# In place, with SRTP_ROOM bytes behind the packet: the new size, or less than 0.
cdef int srtp_seal_rtp(Srtp* s, void* packet, int size) noexcept nogil
cdef int srtp_seal_rtcp(Srtp* s, void* packet, int size) noexcept nogil
