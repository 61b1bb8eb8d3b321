"""Reaches the distributor's C functions: decision time without Python around it, and posts from threads without the GIL."""

from libc.stdint cimport int32_t, int64_t, uint64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from core.acd cimport acd_decline, acd_drain, acd_match, acd_post
from core.acd_state cimport (
    RECORD_ARRIVE,
    RECORD_IDLE,
    STRATEGY_LONGEST_IDLE,
    Acd,
    acd_add_agent,
    acd_add_queue,
    acd_close,
    acd_init,
    acd_set_queues,
)
from core.base.inbox cimport Inbox, Record, inbox_close, inbox_has, inbox_init, inbox_put, inbox_take


cdef int64_t now_ns() noexcept nogil:
    cdef timespec at
    clock_gettime(CLOCK_MONOTONIC, &at)
    return at.tv_sec * 1000000000 + at.tv_nsec


def decision_ns(int callers, int agents, int rounds):
    """Mean ns from "agent is free" (posted) to the offer being decided and ended again, with this many callers waiting."""
    cdef Acd acd
    cdef int32_t queue, agent
    cdef int at
    cdef int64_t started
    acd_init(&acd, 16384)
    queue = acd_add_queue(&acd, STRATEGY_LONGEST_IDLE)
    for at in range(agents):
        agent = acd_add_agent(&acd)
        acd_set_queues(&acd, agent, &queue, 1)
    for at in range(callers):
        acd_post(&acd, RECORD_ARRIVE, queue, at * 7919 % 104729, at + 1)
    with nogil:
        acd_drain(&acd)
        started = now_ns()
        for at in range(rounds):
            acd_post(&acd, RECORD_IDLE, at % agents, at, 0)
            acd_drain(&acd)
            if acd_match(&acd) == 1:
                acd_decline(&acd, acd.offers[0].token)
        started = now_ns() - started
    acd_close(&acd)
    return started / rounds


cdef class Box:
    """An inbox that Python threads fill and empty with the GIL released."""

    cdef Inbox inbox

    def __cinit__(self, unsigned int capacity):
        if inbox_init(&self.inbox, capacity) != 0:
            raise MemoryError

    def __dealloc__(self):
        inbox_close(&self.inbox)

    def put_many(self, int producer, int64_t count):
        """Puts 0..count-1 of this producer, trying again while the inbox is full."""
        cdef Record record
        cdef int64_t at
        record.kind = 0
        record.index = producer
        record.key = 0
        with nogil:
            for at in range(count):
                record.since = at
                record.key = <uint64_t>(at * 31 + producer)
                while inbox_put(&self.inbox, &record) != 0:
                    pass

    def take_many(self, int producers, int64_t count):
        """Takes `count` records; returns how many were out of their producer's order or torn."""
        cdef Record record
        cdef int64_t expected[64]
        cdef int64_t at
        cdef int64_t wrong = 0
        for at in range(producers):
            expected[at] = 0
        with nogil:
            for at in range(count):
                while not inbox_has(&self.inbox):
                    pass
                inbox_take(&self.inbox, &record)
                wrong += record.since != expected[record.index]
                wrong += record.key != <uint64_t>(record.since * 31 + record.index)
                expected[record.index] += 1
        return wrong

    def fill(self):
        """Puts until the inbox refuses; returns how many fitted."""
        cdef Record record
        cdef int64_t put = 0
        record.kind = record.index = 0
        record.since = 0
        record.key = 0
        while inbox_put(&self.inbox, &record) == 0:
            put += 1
        return put
