"""The distributor's decisions: posts are applied, callers matched with agents, reservations ended.

Everything except `acd_post` runs on the one thread that decides. Times are nanoseconds of one monotonic clock.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport realloc

from core.acd_state cimport (
    RECORD_ARRIVE,
    RECORD_IDLE,
    RECORD_LEAVE,
    STRATEGY_LONGEST_IDLE,
    STRATEGY_RING_ALL,
    Acd,
    Agent,
    Caller,
    Offer,
    Queue,
    enter_trees,
    leave_trees,
    mark_dirty,
    next_random,
)
from core.base.inbox cimport Record, inbox_has, inbox_put, inbox_take
from core.base.keymap cimport keymap_get, keymap_put, keymap_remove, keymap_reserve
from core.base.ordered cimport (
    Node,
    give_node,
    grow_nodes,
    take_node,
    tree_first,
    tree_first_ready,
    tree_insert,
    tree_mark,
    tree_remove,
)

# A token is a running number over the agent's index, so that it names its agent and is never valid twice.
cdef enum:
    TOKEN_AGENT_BITS = 20
    TOKEN_AGENT_MASK = (1 << 20) - 1


cdef inline int acd_post(Acd* acd, int32_t kind, int32_t index, int64_t since, uint64_t key) noexcept nogil:
    """Any thread. Returns 0, or -1 when the inbox is full."""
    cdef Record record
    record.kind = kind
    record.index = index
    record.since = since
    record.key = key
    return inbox_put(&acd.inbox, &record)


cdef inline int reserve_caller(Acd* acd) noexcept nogil:
    """Makes room for one more caller. Returns -1 when out of memory."""
    cdef Caller* larger
    if acd.free_caller == 0:
        larger = <Caller*>realloc(acd.callers, (acd.caller_capacity * 2 if acd.caller_capacity else 256) * sizeof(Caller))
        if larger == NULL:
            return -1
        acd.callers = larger
        if grow_nodes(&acd.caller_nodes, &acd.caller_capacity, &acd.free_caller) != 0:
            return -1
    return keymap_reserve(&acd.slots)


cdef inline void insert_caller(Acd* acd, const Record* record) noexcept nogil:
    cdef int32_t slot = take_node(acd.caller_nodes, &acd.free_caller)
    cdef Node* node = &acd.caller_nodes[slot]
    acd.callers[slot].key = record.key
    acd.callers[slot].queue = record.index
    acd.callers[slot].first_offer = -1
    node.since = record.since
    node.sequence = record.key
    node.is_ready = 1
    node.priority = next_random(acd)
    tree_insert(acd.caller_nodes, &acd.queues[record.index].callers, slot)
    keymap_put(&acd.slots, record.key, slot)
    mark_dirty(acd, record.index)


cdef inline void unlink_offer(Acd* acd, int32_t agent) noexcept nogil:
    """Ends the reservation of `agent`: its token is dead from here on."""
    cdef Agent* who = &acd.agents[agent]
    if who.previous_offer >= 0:
        acd.agents[who.previous_offer].next_offer = who.next_offer
    else:
        acd.callers[who.caller].first_offer = who.next_offer
    if who.next_offer >= 0:
        acd.agents[who.next_offer].previous_offer = who.previous_offer
    who.token = 0
    who.next_offer = -1
    who.previous_offer = -1


cdef inline void acd_remove_caller(Acd* acd, int32_t slot) noexcept nogil:
    """Forgets a caller; the tokens of all its offers die with it."""
    cdef int32_t queue = acd.callers[slot].queue
    while acd.callers[slot].first_offer >= 0:
        unlink_offer(acd, acd.callers[slot].first_offer)
    tree_remove(acd.caller_nodes, &acd.queues[queue].callers, slot)
    keymap_remove(&acd.slots, acd.callers[slot].key)
    give_node(acd.caller_nodes, &acd.free_caller, slot)
    # With ring-all the next caller may come to the front while agents are free.
    mark_dirty(acd, queue)


cdef inline void apply_record(Acd* acd, const Record* record) noexcept nogil:
    cdef int32_t slot
    if record.kind == RECORD_ARRIVE:
        insert_caller(acd, record)
    elif record.kind == RECORD_LEAVE:
        slot = keymap_get(&acd.slots, record.key)
        if slot >= 0:
            acd_remove_caller(acd, slot)
        else:
            acd.ignored += 1
    elif acd.agents[record.index].token != 0:
        acd.ignored += 1  # reserved: the reservation has to end before the agent can be free or away
    else:
        leave_trees(acd, record.index)
        if record.kind == RECORD_IDLE:
            enter_trees(acd, record.index, record.since)


cdef inline int acd_drain(Acd* acd) noexcept nogil:
    """Applies what was posted. Returns -1 when out of memory; what is left stays in the inbox."""
    cdef Record record
    while inbox_has(&acd.inbox):
        if reserve_caller(acd) != 0:
            return -1
        inbox_take(&acd.inbox, &record)
        apply_record(acd, &record)
    return 0


cdef inline int32_t front_caller(Acd* acd, const Queue* queue) noexcept nogil:
    if queue.strategy == STRATEGY_RING_ALL:
        return tree_first(acd.caller_nodes, queue.callers)
    return tree_first_ready(acd.caller_nodes, queue.callers)


cdef inline void reserve_agent(Acd* acd, int32_t queue, int32_t slot, Offer* offer) noexcept nogil:
    """Takes the agent that is free for the longest time out of all its queues and links it to the caller."""
    cdef int32_t agent = acd.agent_nodes[tree_first(acd.agent_nodes, acd.queues[queue].agents)].owner
    cdef Agent* who = &acd.agents[agent]
    cdef Caller* caller = &acd.callers[slot]
    leave_trees(acd, agent)
    who.token = (acd.next_token << TOKEN_AGENT_BITS) | <uint64_t>agent
    acd.next_token += 1
    who.caller = slot
    who.offer_queue = queue
    who.previous_offer = -1
    who.next_offer = caller.first_offer
    if caller.first_offer >= 0:
        acd.agents[caller.first_offer].previous_offer = agent
    caller.first_offer = agent
    offer.caller = caller.key
    offer.token = who.token
    offer.agent = agent
    offer.queue = queue


cdef inline int32_t oldest_match(Acd* acd, int32_t* slot) noexcept nogil:
    """Of all queues with a caller in front and an agent free: the queue of the oldest caller, or -1. Tidies the dirty list."""
    cdef int32_t best = -1
    cdef int32_t at = 0
    cdef int32_t queue, front
    while at < acd.dirty_count:
        queue = acd.dirty[at]
        front = front_caller(acd, &acd.queues[queue]) if acd.queues[queue].agents != 0 else 0
        if front == 0:
            acd.queues[queue].dirty = False
            acd.dirty_count -= 1
            acd.dirty[at] = acd.dirty[acd.dirty_count]
            continue
        if best < 0 or acd.caller_nodes[front].since < acd.caller_nodes[slot[0]].since or (
            acd.caller_nodes[front].since == acd.caller_nodes[slot[0]].since
            and acd.caller_nodes[front].sequence < acd.caller_nodes[slot[0]].sequence
        ):
            best = queue
            slot[0] = front
        at += 1
    return best


cdef inline int32_t acd_match(Acd* acd) noexcept nogil:
    """Makes every match that is possible now into acd.offers; returns how many. Each agent is in it at most once."""
    cdef int32_t made = 0
    cdef int32_t slot = 0
    cdef int32_t queue
    while True:
        queue = oldest_match(acd, &slot)
        if queue < 0:
            return made
        if acd.queues[queue].strategy == STRATEGY_LONGEST_IDLE:
            tree_mark(acd.caller_nodes, acd.queues[queue].callers, slot, 0)
            reserve_agent(acd, queue, slot, &acd.offers[made])
            made += 1
            continue
        while acd.queues[queue].agents != 0:
            reserve_agent(acd, queue, slot, &acd.offers[made])
            made += 1


cdef inline int32_t acd_reserved(Acd* acd, uint64_t token) noexcept nogil:
    """The agent that holds this reservation, or -1 when it is over."""
    cdef int32_t agent = <int32_t>(token & TOKEN_AGENT_MASK)
    if token == 0 or agent >= acd.agent_count or acd.agents[agent].token != token:
        return -1
    return agent


cdef inline int acd_decline(Acd* acd, uint64_t token) noexcept nogil:
    """Ends a reservation; the caller, its age kept, can be offered to somebody else. Returns 0 when it was over already."""
    cdef int32_t agent = acd_reserved(acd, token)
    cdef int32_t slot, queue
    if agent < 0:
        return 0
    slot = acd.agents[agent].caller
    queue = acd.callers[slot].queue
    unlink_offer(acd, agent)
    tree_mark(acd.caller_nodes, acd.queues[queue].callers, slot, 1)
    mark_dirty(acd, queue)
    return 1


cdef class Distributor:
    cdef Acd acd
    cdef unsigned long owner
    cdef int post(self, int32_t kind, int32_t index, int64_t since, uint64_t key) except -1
    cdef int drain(self) except -1
    cdef int check_queue(self, int queue) except -1
    cdef int check_agent(self, int agent) except -1
