"""Which free agent a caller gets, and the memory of why.

Remembering costs a few stores a decision: what is remembered was looked at anyhow.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t

from core.acd_agents cimport membership_in
from core.acd_kinds cimport fulfils, level_of
from core.acd_state cimport (
    ALTERNATIVES,
    STRATEGY_ROUND_ROBIN,
    STRATEGY_SKILLS,
    STRATEGY_WEIGHTED_RANDOM,
    Acd,
    AgentBucket,
    Alternative,
    Caller,
    CallerBucket,
    Decision,
    Membership,
    Queue,
)
from core.base.keymap cimport keymap_get, keymap_put, keymap_remove
from core.base.ordered cimport Node, tree_first, tree_first_from, tree_next, tree_rank


cdef struct Choice:
    int32_t agent  # -1: nobody
    int32_t unfit  # free agents without the skills
    bint preferred
    int32_t count
    Alternative best
    uint64_t tie  # of the best
    Alternative others[ALTERNATIVES]


cdef inline bint better(const Alternative* one, uint64_t tie, const Alternative* other, uint64_t other_tie) noexcept nogil:
    """Whether `one` is asked before `other`."""
    if one.penalty != other.penalty:
        return one.penalty < other.penalty
    if one.level != other.level:
        return one.level > other.level
    if one.behind != other.behind:
        return one.behind < other.behind
    if one.order != other.order:
        return one.order < other.order
    return tie < other_tie


cdef inline void remember_other(Choice* choice, const Alternative* other) noexcept nogil:
    if choice.count < ALTERNATIVES:
        choice.others[choice.count] = other[0]
        choice.count += 1


cdef inline void describe(
    const Acd* acd, const Queue* queue, const AgentBucket* bucket, int32_t requirement, int32_t node, Alternative* found
) noexcept nogil:
    found.agent = acd.agent_nodes[node].owner
    found.penalty = bucket.penalty
    found.level = level_of(acd, bucket.skills, requirement) if queue.strategy == STRATEGY_SKILLS else 0
    found.order = acd.agent_nodes[node].since
    found.behind = queue.strategy == STRATEGY_ROUND_ROBIN and found.order <= queue.cursor


cdef inline int32_t first_in_turn(const Acd* acd, const Queue* queue, int32_t root) noexcept nogil:
    """The node in front of a bucket of agents, by the queue's strategy."""
    cdef int32_t node = 0
    if queue.strategy == STRATEGY_ROUND_ROBIN:
        node = tree_first_from(acd.agent_nodes, root, queue.cursor + 1)
    return node if node != 0 else tree_first(acd.agent_nodes, root)


cdef inline void consider(const Acd* acd, const Queue* queue, const AgentBucket* bucket, int32_t requirement, Choice* choice) noexcept nogil:
    """Compares the front of one bucket of fit agents with the best so far."""
    cdef Alternative found
    cdef int32_t node = first_in_turn(acd, queue, bucket.root)
    cdef uint64_t tie = acd.agent_nodes[node].sequence
    describe(acd, queue, bucket, requirement, node, &found)
    if choice.agent < 0:
        choice.agent, choice.best, choice.tie = found.agent, found, tie
    elif better(&found, tie, &choice.best, choice.tie):
        remember_other(choice, &choice.best)
        choice.agent, choice.best, choice.tie = found.agent, found, tie
    else:
        remember_other(choice, &found)


cdef inline void choose_fixed(const Acd* acd, int32_t queue, int32_t agent, int32_t requirement, Choice* choice) noexcept nogil:
    """This agent, when he is free, serves this queue and will do."""
    cdef const Membership* membership = membership_in(acd, agent, queue) if acd.agents[agent].idle else NULL
    if membership == NULL or not fulfils(acd, acd.agents[agent].skills, requirement):
        return
    choice.agent = agent
    choice.preferred = True
    describe(
        acd, &acd.queues[queue], &acd.agent_bucket_list[membership.bucket], requirement, membership.node, &choice.best
    )


cdef inline void choose(const Acd* acd, const CallerBucket* kind, int32_t preferred, Choice* choice) noexcept nogil:
    """The agent for a caller of this kind: the only one who will do, else `preferred` (-1: nobody), else by strategy.

    Who is waited for alone needs no skills: he was asked for by name.
    """
    cdef const Queue* queue = &acd.queues[kind.queue]
    cdef const AgentBucket* bucket
    cdef int32_t at
    choice.agent = -1
    choice.unfit = 0
    choice.count = 0
    choice.preferred = False
    if kind.wanted >= 0:
        choose_fixed(acd, kind.queue, kind.wanted, 0, choice)
        return
    if preferred >= 0:
        choose_fixed(acd, kind.queue, preferred, kind.requirement, choice)
        if choice.agent >= 0:
            return
    for at in range(queue.agent_count):
        bucket = &acd.agent_bucket_list[queue.agents[at]]
        if fulfils(acd, bucket.skills, kind.requirement):
            consider(acd, queue, bucket, kind.requirement, choice)
        else:
            choice.unfit += acd.agent_nodes[bucket.root].size


cdef inline void add_runner_up(const Acd* acd, int32_t queue, int32_t requirement, Choice* choice) noexcept nogil:
    """Who would have been next among agents of the chosen one's own kind."""
    cdef const Membership* membership = membership_in(acd, choice.agent, queue)
    cdef const AgentBucket* bucket = &acd.agent_bucket_list[membership.bucket]
    cdef const Queue* of = &acd.queues[queue]
    cdef Alternative found
    cdef int32_t node = tree_next(acd.agent_nodes, bucket.root, membership.node)
    if node == 0 and acd.agent_nodes[bucket.root].size > 1:
        node = tree_first(acd.agent_nodes, bucket.root)  # round robin, or a preferred agent from the end
    if node != 0 and node != membership.node:
        describe(acd, of, bucket, requirement, node, &found)
        remember_other(choice, &found)


cdef inline void move_turn(Acd* acd, int32_t queue, const Choice* choice) noexcept nogil:
    """What a strategy remembers of its last choice."""
    if choice.preferred:
        return
    if acd.queues[queue].strategy == STRATEGY_ROUND_ROBIN:
        acd.queues[queue].cursor = <int32_t>choice.best.order
    elif acd.queues[queue].strategy == STRATEGY_WEIGHTED_RANDOM:
        acd.queues[queue].race = max(acd.queues[queue].race, choice.best.order)


# -- memory ------------------------------------------------------------------------------------------------------------


cdef inline Decision* decision_of(const Acd* acd, uint64_t number) noexcept nogil:
    """The decision of this running number, NULL when it is forgotten."""
    cdef Decision* found = &acd.decisions[number & acd.decision_mask]
    return found if number != 0 and found.number == number else NULL


cdef inline uint64_t last_decision(const Acd* acd, uint64_t caller) noexcept nogil:
    """The number of the newest remembered decision for a caller, 0 for none."""
    cdef int32_t place = keymap_get(&acd.remembered, caller)
    return acd.decisions[place].number if place >= 0 else 0


cdef inline void forget_decision(Acd* acd, int32_t place) noexcept nogil:
    """Before a place of the ring is used again."""
    cdef uint64_t caller = acd.decisions[place].caller
    if caller != 0 and keymap_get(&acd.remembered, caller) == place:
        keymap_remove(&acd.remembered, caller)


cdef inline uint64_t remember(Acd* acd, int32_t slot, int32_t queue, const Choice* choice, int64_t now) noexcept nogil:
    """Before the agent leaves its trees. Returns the decision's number."""
    cdef Caller* caller = &acd.callers[slot]
    cdef uint64_t number = acd.decision_count + 1
    cdef int32_t place = <int32_t>(number & acd.decision_mask)
    cdef Decision* decision = &acd.decisions[place]
    cdef int32_t at
    acd.decision_count = number
    forget_decision(acd, place)
    decision.caller = caller.key
    decision.number = number
    decision.previous = last_decision(acd, caller.key)
    decision.at = now
    decision.since = caller.since
    decision.rank = caller.rank
    decision.queue = queue
    decision.home = acd.plans[caller.plan].queue
    decision.requirement = caller.requirement
    decision.step = caller.next_step
    decision.preferred = choice.preferred
    decision.outcome = 0
    decision.free = acd.queues[queue].free
    decision.unfit = choice.unfit
    decision.count = choice.count
    decision.chosen = choice.best
    for at in range(choice.count):
        decision.others[at] = choice.others[at]
    for at in range(caller.entry_count):
        if caller.entries[at].queue == queue:
            decision.position = 1 + tree_rank(acd.caller_nodes, acd.queues[queue].line, caller.entries[at].line_node)
    if decision.previous != 0:
        keymap_remove(&acd.remembered, caller.key)
    keymap_put(&acd.remembered, caller.key, place)  # at most as many keys as the ring has places, half of the map's
    return number


cdef inline void close_decision(Acd* acd, uint64_t number, int32_t outcome) noexcept nogil:
    cdef Decision* decision = decision_of(acd, number)
    if decision != NULL and decision.outcome == 0:
        decision.outcome = outcome
