"""Matching: of all callers for whom an agent is free, the one who is furthest in front, again and again.

Only buckets in which something changed are looked at; they lie in a heap by their fronts. What is left out of it was looked
at before and nothing in it can be matched: an agent or caller who comes, or whose kind changes, brings his bucket back.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t

from core.acd_agents cimport leave_trees
from core.acd_choice cimport Choice, add_runner_up, choose, close_decision, move_turn, remember
from core.acd_line cimport acd_advance, forget_caller, front_of, mark_ready
from core.acd_state cimport (
    Acd,
    Agent,
    Caller,
    CallerBucket,
    Front,
    Offer,
)

# A token is a running number over the agent's index, so that it names its agent and is never valid twice.
cdef enum:
    TOKEN_AGENT_BITS = 20
    TOKEN_AGENT_MASK = (1 << 20) - 1
    OUTCOME_ACCEPTED = 1
    OUTCOME_ENDED = 2
    NS_PER_US = 1000

cdef enum:
    LONGEST_WAIT_US = 2592000000000  # 30 days; more waiting counts the same, which keeps the products within 64 bits


# -- offers ------------------------------------------------------------------------------------------------------------


cdef inline void unlink_offer(Acd* acd, int32_t agent) noexcept nogil:
    """Ends the reservation of `agent`: its token is dead from here on."""
    cdef Agent* who = &acd.agents[agent]
    if who.previous_offer >= 0:
        acd.agents[who.previous_offer].next_offer = who.next_offer
    else:
        acd.callers[who.caller].first_offer = who.next_offer
    if who.next_offer >= 0:
        acd.agents[who.next_offer].previous_offer = who.previous_offer
    close_decision(acd, who.decision, OUTCOME_ENDED)
    who.token = 0
    who.next_offer = -1
    who.previous_offer = -1


cdef inline void acd_remove_caller(Acd* acd, int32_t slot) noexcept nogil:
    """Forgets a caller; the tokens of all its offers die with it."""
    while acd.callers[slot].first_offer >= 0:
        unlink_offer(acd, acd.callers[slot].first_offer)
    forget_caller(acd, slot)


cdef inline int32_t acd_reserved(const Acd* acd, uint64_t token) noexcept nogil:
    """The agent that holds this reservation, or -1 when it is over."""
    cdef int32_t agent = <int32_t>(token & TOKEN_AGENT_MASK)
    if token == 0 or agent >= acd.agent_count or acd.agents[agent].token != token:
        return -1
    return agent


cdef inline int acd_decline(Acd* acd, uint64_t token) noexcept nogil:
    """Ends a reservation; the caller, its age kept, can be offered to somebody else. Returns 0 when it was over already."""
    cdef int32_t agent = acd_reserved(acd, token)
    cdef int32_t slot
    if agent < 0:
        return 0
    slot = acd.agents[agent].caller
    unlink_offer(acd, agent)
    mark_ready(acd, slot, acd.callers[slot].first_offer < 0)
    return 1


cdef inline void acd_accept(Acd* acd, int32_t agent) noexcept nogil:
    """The caller is served by this reserved agent."""
    close_decision(acd, acd.agents[agent].decision, OUTCOME_ACCEPTED)
    acd_remove_caller(acd, acd.agents[agent].caller)


cdef inline void reserve_agent(Acd* acd, int32_t queue, int32_t slot, Choice* choice, Offer* offer, int64_t now) noexcept nogil:
    """Takes the chosen agent out of all its queues and links it to the caller."""
    cdef int32_t agent = choice.agent
    cdef Agent* who = &acd.agents[agent]
    cdef Caller* caller = &acd.callers[slot]
    add_runner_up(acd, queue, caller.requirement, choice)
    who.decision = remember(acd, slot, queue, choice, now)
    move_turn(acd, queue, choice)
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


# -- the heap of fronts ------------------------------------------------------------------------------------------------


cdef inline bint in_front(const Front* one, const Front* other) noexcept nogil:
    if one.weighed != other.weighed:
        return one.weighed > other.weighed
    if one.rank != other.rank:
        return one.rank < other.rank
    if one.key != other.key:
        return one.key < other.key
    if one.guest != other.guest:
        return one.guest < other.guest
    return one.queue < other.queue


cdef inline bint find_front(Acd* acd, int32_t index, int64_t now, Front* front) noexcept nogil:
    """The caller in front of a bucket. False when nobody there can get an offer."""
    cdef CallerBucket* bucket = &acd.caller_buckets[index]
    cdef int32_t node = front_of(acd, bucket)
    cdef const Caller* caller
    cdef int64_t waited
    if node == 0:
        return False
    front.bucket = index
    front.queue = bucket.queue
    front.slot = acd.caller_nodes[node].owner
    caller = &acd.callers[front.slot]
    front.rank = caller.rank
    front.key = caller.key
    front.guest = acd.plans[caller.plan].queue != bucket.queue
    waited = (now - caller.rank) // NS_PER_US if now > caller.rank else 0
    front.weighed = min(waited, <int64_t>LONGEST_WAIT_US) * acd.queues[bucket.queue].weight
    return True


cdef inline void sink(Acd* acd, int32_t at) noexcept nogil:
    cdef Front moving = acd.fronts[at]
    cdef int32_t child = 2 * at + 1
    while child < acd.front_count:
        if child + 1 < acd.front_count and in_front(&acd.fronts[child + 1], &acd.fronts[child]):
            child += 1
        if not in_front(&acd.fronts[child], &moving):
            break
        acd.fronts[at] = acd.fronts[child]
        at = child
        child = 2 * at + 1
    acd.fronts[at] = moving


cdef inline void drop_first(Acd* acd) noexcept nogil:
    acd.front_count -= 1
    if acd.front_count > 0:
        acd.fronts[0] = acd.fronts[acd.front_count]
        sink(acd, 0)


cdef inline void collect_fronts(Acd* acd, int64_t now) noexcept nogil:
    cdef int32_t at
    acd.front_count = 0
    for at in range(acd.dirty_count):
        acd.caller_buckets[acd.dirty[at]].dirty = False
        if acd.queues[acd.caller_buckets[acd.dirty[at]].queue].free != 0 and (
            find_front(acd, acd.dirty[at], now, &acd.fronts[acd.front_count])
        ):
            acd.front_count += 1
    acd.dirty_count = 0
    for at in range(acd.front_count // 2 - 1, -1, -1):
        sink(acd, at)


cdef inline bint renew_first(Acd* acd, int64_t now) noexcept nogil:
    """Whether the first front still stands; else it is replaced by what came after it, and the heap put in order."""
    cdef Front fresh
    if not find_front(acd, acd.fronts[0].bucket, now, &fresh):
        drop_first(acd)
        return False
    if fresh.key == acd.fronts[0].key:
        return True
    acd.fronts[0] = fresh
    sink(acd, 0)
    return False


cdef inline int32_t acd_match(Acd* acd, int64_t now) noexcept nogil:
    """Makes every match that is possible now into acd.offers; returns how many. Each agent is in it at most once."""
    cdef int32_t made = 0
    cdef Choice choice
    cdef Front front
    cdef const CallerBucket* bucket
    acd_advance(acd, now)
    collect_fronts(acd, now)
    while acd.front_count > 0:
        if not renew_first(acd, now):
            continue
        front = acd.fronts[0]
        bucket = &acd.caller_buckets[front.bucket]
        choose(acd, bucket, acd.callers[front.slot].preferred, &choice)
        if choice.agent < 0:
            drop_first(acd)
            continue
        reserve_agent(acd, bucket.queue, front.slot, &choice, &acd.offers[made], now)
        made += 1
        if acd.agents[choice.agent].next_offer < 0:  # the first to ring for this caller
            mark_ready(acd, front.slot, False)
    return made
