"""Waiting callers: their place in the line of each of their queues, the bucket they can be matched from, what time does to them.

Whoever calls has made the room: `reserve_caller` before a caller is inserted, plans before they are used.
"""

from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memset

from core.acd_kinds cimport bucket_of, bucket_of_wanted, requirement_key, wanted_key
from core.acd_state cimport (
    STEP_OVERFLOW,
    STRATEGY_RING_ALL,
    UNKNOWN,
    Acd,
    Caller,
    CallerBucket,
    Change,
    Entry,
    Plan,
    Queue,
    enlarge,
    next_random,
)
from core.base.inbox cimport Record
from core.base.keymap cimport keymap_get, keymap_put, keymap_remove, keymap_reserve
from core.base.ordered cimport (
    Node,
    before,
    give_node,
    grow_nodes,
    take_node,
    tree_first,
    tree_first_ready,
    tree_insert,
    tree_mark,
    tree_remove,
)


cdef inline void mark_dirty(Acd* acd, int32_t bucket) noexcept nogil:
    if not acd.caller_buckets[bucket].dirty:
        acd.caller_buckets[bucket].dirty = True
        acd.dirty[acd.dirty_count] = bucket
        acd.dirty_count += 1


# -- room --------------------------------------------------------------------------------------------------------------


cdef inline int reserve_slot(Acd* acd) noexcept nogil:
    cdef int32_t old = acd.caller_capacity
    cdef int32_t at
    if acd.free_caller != 0 and old != 0:
        return 0
    if enlarge(<void**>&acd.callers, &acd.caller_capacity, sizeof(Caller)) != 0:
        return -1
    memset(&acd.callers[old], 0, (acd.caller_capacity - old) * sizeof(Caller))
    for at in range(acd.caller_capacity - 1, old - 1 if old else 0, -1):  # slot 0 stays empty: it ends the list
        acd.callers[at].next_free = acd.free_caller
        acd.free_caller = at
    return 0


cdef inline int reserve_nodes(Acd* acd, int32_t wanted) noexcept nogil:
    """Makes sure that the free list holds `wanted` nodes."""
    cdef int32_t at = acd.free_caller_node
    while wanted > 0:
        if at == 0:
            if grow_nodes(&acd.caller_nodes, &acd.caller_node_capacity, &acd.free_caller_node) != 0:
                return -1
            return 0  # doubled: far more than one caller needs
        at = acd.caller_nodes[at].next_free
        wanted -= 1
    return 0


cdef inline int reserve_caller(Acd* acd, const Record* record) noexcept nogil:
    """Makes room for the caller of this arrival. Returns -1 when out of memory."""
    cdef const Plan* plan = &acd.plans[record.plan]
    cdef int32_t at
    if reserve_slot(acd) != 0 or reserve_nodes(acd, 3 + 2 * plan.overflows) != 0:
        return -1
    if record.agent >= 0 and record.until > 0:
        if bucket_of_wanted(acd, plan.queue, record.agent) < 0:
            return -1
        for at in range(plan.count):
            if plan.steps[at].kind == STEP_OVERFLOW and bucket_of_wanted(acd, plan.steps[at].value, record.agent) < 0:
                return -1
    return keymap_reserve(&acd.slots)


# -- buckets -----------------------------------------------------------------------------------------------------------


cdef inline void may_lead(const Acd* acd, CallerBucket* bucket, int32_t node) noexcept nogil:
    """A caller who can be offered has come into the bucket."""
    if bucket.front == 0 or (
        bucket.front > 0
        and before(
            acd.caller_nodes, node, acd.caller_nodes[bucket.front].since, acd.caller_nodes[bucket.front].sequence
        )
    ):
        bucket.front = node


cdef inline void leads_no_more(CallerBucket* bucket, int32_t node) noexcept nogil:
    if bucket.front == node:
        bucket.front = UNKNOWN


cdef inline int32_t front_of(Acd* acd, CallerBucket* bucket) noexcept nogil:
    """The node of the caller who is offered next, 0 for nobody. Found once, and kept until somebody comes or goes."""
    if bucket.front == UNKNOWN:
        if acd.queues[bucket.queue].strategy == STRATEGY_RING_ALL:
            bucket.front = tree_first(acd.caller_nodes, bucket.root)
        else:
            bucket.front = tree_first_ready(acd.caller_nodes, bucket.root)
    return bucket.front


cdef inline void put_in_bucket(Acd* acd, int32_t slot, Entry* entry, int32_t index) noexcept nogil:
    cdef CallerBucket* bucket = &acd.caller_buckets[index]
    cdef Caller* caller = &acd.callers[slot]
    cdef Node* node = &acd.caller_nodes[entry.bucket_node]
    cdef Queue* queue = &acd.queues[entry.queue]
    entry.bucket = index
    node.since = caller.rank
    node.sequence = caller.key
    node.is_ready = caller.first_offer < 0
    node.priority = next_random(acd)
    node.owner = slot
    if bucket.root == 0:
        bucket.place = queue.caller_count
        queue.callers[queue.caller_count] = index
        queue.caller_count += 1
    tree_insert(acd.caller_nodes, &bucket.root, entry.bucket_node)
    if node.is_ready:
        may_lead(acd, bucket, entry.bucket_node)
    else:
        bucket.front = UNKNOWN
    mark_dirty(acd, index)


cdef inline void take_from_bucket(Acd* acd, Entry* entry) noexcept nogil:
    cdef CallerBucket* bucket = &acd.caller_buckets[entry.bucket]
    cdef Queue* queue = &acd.queues[entry.queue]
    cdef int32_t last
    leads_no_more(bucket, entry.bucket_node)
    tree_remove(acd.caller_nodes, &bucket.root, entry.bucket_node)
    if bucket.root == 0:
        queue.caller_count -= 1
        last = queue.callers[queue.caller_count]
        queue.callers[bucket.place] = last
        acd.caller_buckets[last].place = bucket.place
        bucket.place = -1
    elif queue.strategy == STRATEGY_RING_ALL:
        mark_dirty(acd, entry.bucket)  # the next caller may come to the front while agents are free


cdef inline int32_t bucket_for(Acd* acd, const Caller* caller, int32_t queue) noexcept nogil:
    """Where this caller belongs in `queue` now. It exists."""
    if caller.until > 0:
        return keymap_get(&acd.buckets, wanted_key(queue, caller.preferred))
    return keymap_get(&acd.buckets, requirement_key(queue, caller.requirement))


cdef inline void change_buckets(Acd* acd, int32_t slot) noexcept nogil:
    """After the requirement changed or the preferred agent is no longer waited for."""
    cdef Caller* caller = &acd.callers[slot]
    cdef int32_t at
    for at in range(caller.entry_count):
        take_from_bucket(acd, &caller.entries[at])
        put_in_bucket(acd, slot, &caller.entries[at], bucket_for(acd, caller, caller.entries[at].queue))


cdef inline void mark_ready(Acd* acd, int32_t slot, bint ready) noexcept nogil:
    """Whether somebody rings for this caller already, in all of his queues."""
    cdef Caller* caller = &acd.callers[slot]
    cdef Entry* entry
    cdef int32_t at
    for at in range(caller.entry_count):
        entry = &caller.entries[at]
        tree_mark(acd.caller_nodes, acd.caller_buckets[entry.bucket].root, entry.bucket_node, ready)
        if ready:
            may_lead(acd, &acd.caller_buckets[entry.bucket], entry.bucket_node)
            mark_dirty(acd, entry.bucket)
        elif acd.queues[entry.queue].strategy != STRATEGY_RING_ALL:
            leads_no_more(&acd.caller_buckets[entry.bucket], entry.bucket_node)


# -- coming and going --------------------------------------------------------------------------------------------------


cdef inline void enter_queue(Acd* acd, int32_t slot, int32_t queue) noexcept nogil:
    """The caller waits in this queue too."""
    cdef Caller* caller = &acd.callers[slot]
    cdef Entry* entry = &caller.entries[caller.entry_count]
    cdef Node* node = &acd.caller_nodes[entry.line_node]
    caller.entry_count += 1
    entry.queue = queue
    node.since = caller.rank
    node.sequence = caller.key
    node.is_ready = 1
    node.priority = next_random(acd)
    node.owner = slot
    tree_insert(acd.caller_nodes, &acd.queues[queue].line, entry.line_node)
    put_in_bucket(acd, slot, entry, bucket_for(acd, caller, queue))


cdef inline void leave_queues(Acd* acd, int32_t slot) noexcept nogil:
    cdef Caller* caller = &acd.callers[slot]
    cdef int32_t at
    for at in range(caller.entry_count):
        take_from_bucket(acd, &caller.entries[at])
        tree_remove(acd.caller_nodes, &acd.queues[caller.entries[at].queue].line, caller.entries[at].line_node)


cdef inline void insert_caller(Acd* acd, const Record* record) noexcept nogil:
    cdef const Plan* plan = &acd.plans[record.plan]
    cdef int32_t slot = acd.free_caller
    cdef Caller* caller = &acd.callers[slot]
    cdef int32_t at
    acd.free_caller = caller.next_free
    caller.key = record.key
    caller.since = record.since
    caller.rank = record.rank
    caller.plan = record.plan
    caller.next_step = 0
    caller.requirement = plan.requirement
    caller.preferred = record.agent
    caller.until = record.until if record.agent >= 0 else 0
    caller.first_offer = -1
    caller.due_node = 0
    caller.reserved_due = take_node(acd.caller_nodes, &acd.free_caller_node)
    caller.entry_count = 0
    caller.entry_room = 1 + plan.overflows
    for at in range(caller.entry_room):
        caller.entries[at].line_node = take_node(acd.caller_nodes, &acd.free_caller_node)
        caller.entries[at].bucket_node = take_node(acd.caller_nodes, &acd.free_caller_node)
    keymap_put(&acd.slots, record.key, slot)
    if caller.until > 0:
        acd.agents[caller.preferred].wanted_by += 1
    acd.queues[plan.queue].at_home += 1
    enter_queue(acd, slot, plan.queue)
    schedule(acd, slot)


cdef inline void forget_caller(Acd* acd, int32_t slot) noexcept nogil:
    """Takes a caller, whose offers are over, out of everything."""
    cdef Caller* caller = &acd.callers[slot]
    cdef int32_t at
    leave_queues(acd, slot)
    unschedule(acd, slot)
    if caller.until > 0:
        acd.agents[caller.preferred].wanted_by -= 1
    acd.queues[acd.plans[caller.plan].queue].at_home -= 1
    give_node(acd.caller_nodes, &acd.free_caller_node, caller.reserved_due)
    for at in range(caller.entry_room):
        give_node(acd.caller_nodes, &acd.free_caller_node, caller.entries[at].line_node)
        give_node(acd.caller_nodes, &acd.free_caller_node, caller.entries[at].bucket_node)
    keymap_remove(&acd.slots, caller.key)
    caller.key = 0
    caller.next_free = acd.free_caller
    acd.free_caller = slot


cdef inline void change_rank(Acd* acd, int32_t slot, int64_t rank) noexcept nogil:
    """The caller moves to another place of his lines."""
    cdef Caller* caller = &acd.callers[slot]
    cdef int32_t count = caller.entry_count
    cdef int32_t at
    leave_queues(acd, slot)
    caller.rank = rank
    caller.entry_count = 0
    for at in range(count):
        enter_queue(acd, slot, caller.entries[at].queue)


# -- what time does ----------------------------------------------------------------------------------------------------


cdef inline int64_t next_moment(const Acd* acd, const Caller* caller) noexcept nogil:
    """When something happens to this caller, INT64_MAX for never."""
    cdef const Plan* plan = &acd.plans[caller.plan]
    cdef int64_t moment = INT64_MAX
    if caller.next_step < plan.count:
        moment = caller.since + plan.steps[caller.next_step].after
    return min(moment, caller.until) if caller.until > 0 else moment


cdef inline void schedule(Acd* acd, int32_t slot) noexcept nogil:
    cdef Caller* caller = &acd.callers[slot]
    cdef int64_t moment = next_moment(acd, caller)
    cdef Node* node = &acd.caller_nodes[caller.reserved_due]
    if moment == INT64_MAX:
        return
    caller.due_node = caller.reserved_due
    node.since = moment
    node.sequence = caller.key
    node.is_ready = 1
    node.priority = next_random(acd)
    node.owner = slot
    tree_insert(acd.caller_nodes, &acd.due, caller.due_node)


cdef inline void unschedule(Acd* acd, int32_t slot) noexcept nogil:
    if acd.callers[slot].due_node != 0:
        tree_remove(acd.caller_nodes, &acd.due, acd.callers[slot].due_node)
        acd.callers[slot].due_node = 0


cdef inline void note_change(Acd* acd, int32_t slot, int32_t kind, int32_t value) noexcept nogil:
    cdef Change* change
    if acd.change_count == acd.change_room and enlarge(<void**>&acd.changes, &acd.change_room, sizeof(Change)) != 0:
        acd.unreported += 1
        return
    change = &acd.changes[acd.change_count]
    change.caller = acd.callers[slot].key
    change.kind = kind
    change.value = value
    acd.change_count += 1


cdef inline void forgo(Acd* acd, int32_t slot) noexcept nogil:
    """The preferred agent is no longer waited for; he is still the first choice when he is free."""
    cdef Caller* caller = &acd.callers[slot]
    caller.until = 0
    acd.agents[caller.preferred].wanted_by -= 1
    change_buckets(acd, slot)
    note_change(acd, slot, -1, caller.preferred)


cdef inline void take_step(Acd* acd, int32_t slot) noexcept nogil:
    cdef Caller* caller = &acd.callers[slot]
    cdef const Plan* plan = &acd.plans[caller.plan]
    cdef int32_t kind = plan.steps[caller.next_step].kind
    cdef int32_t value = plan.steps[caller.next_step].value
    caller.next_step += 1
    if kind == STEP_OVERFLOW:
        enter_queue(acd, slot, value)
    elif value != caller.requirement:
        caller.requirement = value
        if caller.until == 0:
            change_buckets(acd, slot)
    note_change(acd, slot, kind, value)


cdef inline void acd_advance(Acd* acd, int64_t now) noexcept nogil:
    """Takes every step that is due at `now`. Ends: each turn takes a step, and a caller has only so many."""
    cdef int32_t slot
    cdef Caller* caller
    cdef int32_t first = tree_first(acd.caller_nodes, acd.due)
    while first != 0 and acd.caller_nodes[first].since <= now:
        slot = acd.caller_nodes[first].owner
        caller = &acd.callers[slot]
        unschedule(acd, slot)
        if 0 < caller.until <= now:
            forgo(acd, slot)
        while caller.next_step < acd.plans[caller.plan].count and (
            caller.since + acd.plans[caller.plan].steps[caller.next_step].after <= now
        ):
            take_step(acd, slot)
        schedule(acd, slot)
        first = tree_first(acd.caller_nodes, acd.due)


cdef inline void acd_forgo_agent(Acd* acd, int32_t agent) noexcept nogil:
    """Whoever waits for this agent alone waits for everybody from now on."""
    cdef int32_t queue = 0
    cdef int32_t bucket, slot
    while acd.agents[agent].wanted_by > 0 and queue < acd.queue_count:
        bucket = keymap_get(&acd.buckets, wanted_key(queue, agent))
        while bucket >= 0 and acd.caller_buckets[bucket].root != 0:
            slot = acd.caller_nodes[acd.caller_buckets[bucket].root].owner
            unschedule(acd, slot)
            forgo(acd, slot)
            schedule(acd, slot)
        queue += 1
