"""A request of ours until its last retransmission is absorbed. Event loop's thread alone."""

from libc.stdint cimport int64_t

from core.transaction_layer cimport Layer

cdef enum:                   # states
    CALLING, TRYING, PROCEEDING, CANCELLING, COMPLETED, ACCEPTED, TERMINATED, STATES


cdef class ClientTransaction:
    cdef Layer layer
    cdef readonly str key
    cdef readonly bytes data                 # the request, until the final response
    cdef readonly object destination
    cdef readonly bint reliable
    cdef public object user
    cdef bint invite
    cdef int condition
    cdef double interval, elapsed
    cdef public int64_t timer_id
    cdef bytes ack                           # of the accepted 2xx or of the failure: repeated whenever the response is
    cdef str answered_tag                    # To tag of the 2xx that `ack` acknowledges
    cdef double limit                        # how long a response is waited for (timers B, F)
    cdef object fallback                     # the same request for UDP, if TCP was only tried for its size (18.1.1)
    cdef dict strays                         # ACKs of the dialogs that other forks opened, by tag; None for most

    cdef int take(self, object response) except -1
