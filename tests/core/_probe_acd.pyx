"""Reaches the distributor's C functions: decision time without Python around it, and posts from threads without the GIL."""

from libc.stdint cimport int32_t, int64_t, uint64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from libc.string cimport memset

from core.acd cimport acd_drain, acd_post
from core.acd_agents cimport acd_set_member
from core.acd_kinds cimport acd_add_plan, acd_add_requirement, acd_add_skills
from core.acd_match cimport acd_decline, acd_match
from core.acd_state cimport (
    RECORD_ARRIVE,
    RECORD_IDLE,
    STRATEGY_LONGEST_IDLE,
    WEIGHT_ONE,
    Acd,
    Membership,
    Need,
    Plan,
    Skills,
    acd_add_agent,
    acd_add_queue,
    acd_close,
    acd_init,
)
from core.base.inbox cimport Inbox, Record, inbox_close, inbox_has, inbox_init, inbox_put, inbox_take


cdef int64_t now_ns() noexcept nogil:
    cdef timespec at
    clock_gettime(CLOCK_MONOTONIC, &at)
    return at.tv_sec * 1000000000 + at.tv_nsec


cdef int make_kinds(Acd* acd, int32_t queue, int kinds) noexcept nogil:
    """Requirement and skills `n` are skill n at level 1 + n % 5 and 5; number 0 is without."""
    cdef Need need
    cdef Skills skills
    cdef Plan plan
    cdef int at
    for at in range(kinds + 1):
        need.skill = at
        need.level = 1 + at % 5
        memset(&skills, 0, sizeof(Skills))
        skills.levels[at] = 5
        memset(&plan, 0, sizeof(Plan))
        plan.queue = queue
        plan.requirement = acd_add_requirement(acd, &need, 1 if at else 0)
        if acd_add_skills(acd, &skills) < 0 or acd_add_plan(acd, &plan) < 0:
            return -1
    return 0


def decision_ns(int callers, int agents, int rounds, int kinds=0):
    """Mean ns from "agent is free" (posted) to the offer being decided and ended again, with this many callers waiting.

    `kinds` (up to 100) divides callers and agents by what they need and can.
    """
    cdef Acd acd
    cdef Membership membership
    cdef Record record
    cdef int32_t queue, agent
    cdef int at, turn
    cdef int64_t started
    cdef int64_t offers = 0
    acd_init(&acd, 16384, 4096, 1)
    queue = acd_add_queue(&acd, STRATEGY_LONGEST_IDLE, WEIGHT_ONE)
    make_kinds(&acd, queue, kinds)
    memset(&membership, 0, sizeof(Membership))
    memset(&record, 0, sizeof(Record))
    membership.queue = queue
    for at in range(agents):
        agent = acd_add_agent(&acd)
        acd_set_member(&acd, agent, &membership, 1, 1 + at % kinds if kinds else 0, WEIGHT_ONE)
    record.kind = RECORD_ARRIVE
    record.index = queue
    record.agent = -1
    for at in range(callers):
        record.since = record.rank = at * 7919 % 104729
        record.key = at + 1
        record.plan = 1 + at % kinds if kinds else 0
        acd_post(&acd, &record)
    memset(&record, 0, sizeof(Record))
    record.kind = RECORD_IDLE
    with nogil:
        acd_drain(&acd)
        started = now_ns()
        for turn in range(rounds):
            record.index = turn % agents
            record.since = turn
            acd_post(&acd, &record)
            acd_drain(&acd)
            if acd_match(&acd, turn) == 1:
                offers += 1
                acd_decline(&acd, acd.offers[0].token)
        started = now_ns() - started
    acd_close(&acd)
    if offers != rounds:
        raise AssertionError(f"{offers} offers in {rounds} rounds")
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
