"""Armed timers by deadline. Every owner has one slot, its attribute `timer_id`: arming replaces, clearing costs nothing."""

from libc.stdint cimport int64_t, uint32_t

cdef struct Entry:
    double deadline          # the clock's seconds
    int64_t id               # counts only while the owner's `timer_id` is this
    uint32_t place           # of the owner


cdef class TimerQueue:
    cdef Entry* heap
    cdef uint32_t count      # entries of the heap, stale ones too
    cdef uint32_t room       # of the heap, and of the list of free places
    cdef uint32_t* free      # places that nobody has, a stack
    cdef uint32_t free_count
    cdef list owners         # by place, None where it is free
    cdef int64_t last_id
    cdef readonly int64_t armed

    cdef int grow(self) except -1
    cdef int push(self, double deadline, int64_t id, object owner) except -1
    cdef object take(self)
    cdef int set(self, object owner, double deadline) except -1
    cdef int unset(self, object owner) except -1
    cdef int drop_stale(self) except -1
