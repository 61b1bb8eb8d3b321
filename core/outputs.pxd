"""What the SIP layer wants done, as plain objects, and the loop that does it. Event loop's thread alone."""

from core.timers cimport TimerQueue


cdef class Traffic:
    cdef public long long sent
    cdef public long long sent_bytes


cdef class Send:
    cdef readonly bytes data
    cdef readonly object destination
    cdef readonly object owner


cdef class SetTimer:
    cdef readonly object owner
    cdef readonly double delay_s


cdef class ClearTimer:
    cdef readonly object owner


cdef class ToUser:
    cdef readonly object deliver
    cdef readonly tuple arguments


cdef class Terminated:
    cdef readonly object transaction


cdef class Pump:
    cdef object out          # deque of the above
    cdef TimerQueue timers
    cdef dict traffic        # Traffic by transport
    cdef object send         # of what no open flow leads to
    cdef object failed
    cdef object wake_up
    cdef bint pumping
    cdef public object clock
    cdef public double wake_at

    cdef double execute(self, double now) except? -1


# Each appends one output to `out`, without the detour of a call by Python.
cdef int send_later(object out, bytes data, object destination, object owner) except -1
cdef int set_timer(object out, object owner, double delay_s) except -1
cdef int tell(object out, object deliver, tuple arguments) except -1
cdef int end_of(object out, object transaction) except -1      # its timer, and itself
cdef int expired(object out, object transaction) except -1
