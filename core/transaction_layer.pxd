"""What all transactions of one user agent share: their tables, counters and durations. Event loop's thread alone."""


cdef class Layer:
    cdef readonly object timers              # TimerValues; what follows are its durations in seconds
    cdef double t1, t2, t4
    cdef double timeout                      # 64*T1
    cdef double ringing_limit                # timer C
    cdef readonly object out                 # Outputs: what is to be done, in order
    cdef readonly object on_stray_answer
    cdef readonly object acknowledge_failure # makes the ACK of a final response that is no 2xx
    cdef readonly dict clients               # by branch and method
    cdef readonly dict servers               # by the key of RFC 3261 17.2.3
    cdef readonly dict merged                # Call-ID, From tag, CSeq of requests outside of dialogs: key of `servers`
    cdef public long long created
    cdef public long long retransmitted      # messages that we sent again
    cdef public long long retransmits_received
    cdef public long long stray_responses
    cdef public long long stray_acks


cdef inline double least(double one, double two, double three) noexcept nogil:
    if two < one:
        one = two
    return three if three < one else one
