"""The distributor: what is posted, how it is applied, and the one class that Python sees.

Everything except `acd_post` runs on the one thread that decides. Times are nanoseconds of one monotonic clock.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t

from core.acd_agents cimport enter_trees, leave_trees
from core.acd_line cimport acd_forgo_agent, change_rank, insert_caller, reserve_caller
from core.acd_match cimport acd_remove_caller
from core.acd_state cimport (
    RECORD_ARRIVE,
    RECORD_AWAY,
    RECORD_FORGO,
    RECORD_IDLE,
    RECORD_LEAVE,
    RECORD_RANK,
    Acd,
)
from core.base.inbox cimport Record, inbox_has, inbox_peek, inbox_put, inbox_take
from core.base.keymap cimport keymap_get


cdef inline int acd_post(Acd* acd, const Record* record) noexcept nogil:
    """Any thread. Returns 0, or -1 when the inbox is full."""
    return inbox_put(&acd.inbox, record)


cdef inline void apply_to_caller(Acd* acd, const Record* record) noexcept nogil:
    cdef int32_t slot = keymap_get(&acd.slots, record.key)
    if slot < 0:
        acd.ignored += 1
    elif record.kind == RECORD_LEAVE:
        acd_remove_caller(acd, slot)
    else:
        change_rank(acd, slot, record.rank)


cdef inline void apply_to_agent(Acd* acd, const Record* record) noexcept nogil:
    if record.kind == RECORD_FORGO:
        acd_forgo_agent(acd, record.index)
    elif acd.agents[record.index].token != 0:
        acd.ignored += 1  # reserved: the reservation has to end before the agent can be free or away
    else:
        leave_trees(acd, record.index)
        if record.kind == RECORD_IDLE:
            acd.agents[record.index].since = record.since
            acd.agents[record.index].calls = <int64_t>record.key
            acd.agents[record.index].talked = record.rank
            enter_trees(acd, record.index)


cdef inline int acd_drain(Acd* acd) noexcept nogil:
    """Applies what was posted. Returns -1 when out of memory; what is left stays in the inbox."""
    cdef Record record
    while inbox_has(&acd.inbox):
        if inbox_peek(&acd.inbox).kind == RECORD_ARRIVE and reserve_caller(acd, inbox_peek(&acd.inbox)) != 0:
            return -1
        inbox_take(&acd.inbox, &record)
        if record.kind == RECORD_ARRIVE:
            insert_caller(acd, &record)
        elif record.kind == RECORD_LEAVE or record.kind == RECORD_RANK:
            apply_to_caller(acd, &record)
        else:
            apply_to_agent(acd, &record)
    return 0


cdef class Distributor:
    cdef Acd acd
    cdef unsigned long owner
    cdef list plain  # per queue: the plan of callers without needs, to whom time does nothing
    cdef int post(self, const Record* record) except -1
    cdef int drain(self) except -1
    cdef int check_queue(self, int queue) except -1
    cdef int check_agent(self, int agent) except -1
    cdef int check_requirement(self, int requirement) except -1
    cdef int32_t slot_of(self, uint64_t caller) except -2
