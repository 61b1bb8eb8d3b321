"""The monotonic clock of the media threads, in nanoseconds (int64: 292 years)."""

from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, CLOCK_REALTIME, clock_gettime, timespec

cdef extern from *:
    """
    #define CENTRALA_NTP_UNIX_S 2208988800ll
    """
    int64_t NTP_UNIX_S "CENTRALA_NTP_UNIX_S"    # seconds from 1900 (NTP) to 1970

cdef enum:
    NS_PER_MS = 1000000
    NS_PER_SECOND = 1000000000


cdef inline int64_t now_ns() noexcept nogil:
    cdef timespec t
    clock_gettime(CLOCK_MONOTONIC, &t)
    return <int64_t>t.tv_sec * NS_PER_SECOND + t.tv_nsec


cdef inline int64_t realtime_ns() noexcept nogil:
    cdef timespec t
    clock_gettime(CLOCK_REALTIME, &t)
    return <int64_t>t.tv_sec * NS_PER_SECOND + t.tv_nsec
