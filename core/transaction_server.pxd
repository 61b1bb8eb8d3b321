"""A request from outside until its last retransmission is absorbed. Event loop's thread alone."""

from libc.stdint cimport int64_t

from core.transaction_layer cimport Layer

cdef enum:                   # states
    TRYING, PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED, TERMINATED, STATES


cdef class ServerTransaction:
    cdef Layer layer
    cdef readonly str key
    cdef str merge_key                       # in the layer's `merged`; None for a request inside a dialog
    cdef readonly object request
    cdef readonly object source
    cdef readonly object destination
    cdef readonly bint reliable
    cdef public object user
    cdef readonly bytes data                 # the last response
    cdef bint invite
    cdef int condition
    cdef double interval, elapsed
    cdef public int64_t timer_id
    cdef long long budget                    # bytes that may still be repeated to who may be forged
