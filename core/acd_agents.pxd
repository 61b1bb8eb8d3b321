"""Agents: what they are members of, and how the free ones lie in the buckets of their queues, ordered by strategy."""

from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc

from core.acd_kinds cimport bucket_of_agents, fulfils, wanted_key
from core.acd_line cimport mark_dirty
from core.acd_state cimport (
    STRATEGY_FEWEST_CALLS,
    STRATEGY_LEAST_TALK,
    STRATEGY_LINEAR,
    STRATEGY_ROUND_ROBIN,
    STRATEGY_WEIGHTED_RANDOM,
    UNKNOWN,
    WEIGHT_ONE,
    Acd,
    Agent,
    AgentBucket,
    CallerBucket,
    Membership,
    Queue,
    next_random,
)
from core.base.keymap cimport keymap_get
from core.base.ordered cimport Node, give_node, grow_nodes, take_node, tree_insert, tree_remove

cdef enum:
    AGENT_BITS = 20  # of an index; what stands above orders agents of equal figures by how long they are free
    AGENT_MASK = (1 << 20) - 1
    NS_PER_MS = 1000000
    CALLS_UNIT = 1000000  # so that calls divided by weights stay whole numbers
    RACE_UNIT = 1000000000


cdef inline double next_uniform(Acd* acd) noexcept nogil:
    """In (0, 1]; splitmix64, so that a seed gives the same draws everywhere."""
    cdef uint64_t mixed
    acd.seed += 0x9E3779B97F4A7C15ULL
    mixed = acd.seed
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL
    mixed ^= mixed >> 31
    return <double>((mixed >> 11) + 1) / 9007199254740992.0


cdef inline void place_agent(Acd* acd, int32_t agent, const Membership* membership, Node* node) noexcept nogil:
    """Sets what the queue's strategy orders its free agents by."""
    cdef const Agent* who = &acd.agents[agent]
    cdef Queue* queue = &acd.queues[membership.queue]
    cdef uint64_t longest_idle = <uint64_t>(max(who.since, 0) // NS_PER_MS) << AGENT_BITS | <uint64_t>agent
    node.sequence = longest_idle
    if queue.strategy == STRATEGY_LEAST_TALK:
        node.since = who.talked * WEIGHT_ONE // who.weight
    elif queue.strategy == STRATEGY_FEWEST_CALLS:
        node.since = who.calls * CALLS_UNIT * WEIGHT_ONE // who.weight
    elif queue.strategy == STRATEGY_ROUND_ROBIN or queue.strategy == STRATEGY_LINEAR:
        node.since = membership.position
        node.sequence = agent
    elif queue.strategy == STRATEGY_WEIGHTED_RANDOM:
        # A race of exponential clocks: who has weight w wins with probability w over the sum, and being new in a race that
        # has run for a while is no disadvantage, because such clocks have no memory.
        node.since = queue.race + <int64_t>(-log(next_uniform(acd)) * RACE_UNIT / who.weight)
        node.sequence = agent
    else:
        node.since = who.since
        node.sequence = agent


cdef inline void mark_matches(Acd* acd, int32_t agent, const Membership* membership) noexcept nogil:
    """Callers of this queue for whom this free agent will do."""
    cdef const Queue* queue = &acd.queues[membership.queue]
    cdef const CallerBucket* bucket
    cdef int32_t at
    if acd.agents[agent].wanted_by > 0:
        at = keymap_get(&acd.buckets, wanted_key(membership.queue, agent))
        if at >= 0 and acd.caller_buckets[at].root != 0:
            mark_dirty(acd, at)
    for at in range(queue.caller_count):
        bucket = &acd.caller_buckets[queue.callers[at]]
        if bucket.wanted < 0 and fulfils(acd, acd.agents[agent].skills, bucket.requirement):
            mark_dirty(acd, queue.callers[at])


cdef inline void enter_trees(Acd* acd, int32_t agent) noexcept nogil:
    """The agent is free, as its figures say."""
    cdef Agent* who = &acd.agents[agent]
    cdef Membership* membership
    cdef AgentBucket* bucket
    cdef Queue* queue
    cdef Node* node
    cdef int32_t at
    who.idle = True
    for at in range(who.count):
        membership = &who.memberships[at]
        bucket = &acd.agent_bucket_list[membership.bucket]
        queue = &acd.queues[membership.queue]
        node = &acd.agent_nodes[membership.node]
        node.is_ready = 1
        node.priority = next_random(acd)
        node.owner = agent
        place_agent(acd, agent, membership, node)
        if bucket.root == 0:
            bucket.place = queue.agent_count
            queue.agents[queue.agent_count] = membership.bucket
            queue.agent_count += 1
        tree_insert(acd.agent_nodes, &bucket.root, membership.node)
        queue.free += 1
        if queue.caller_count != 0:
            mark_matches(acd, agent, membership)


cdef inline void leave_trees(Acd* acd, int32_t agent) noexcept nogil:
    """The agent is no longer free; nothing happens when it was not."""
    cdef Agent* who = &acd.agents[agent]
    cdef AgentBucket* bucket
    cdef Queue* queue
    cdef int32_t at, last
    if not who.idle:
        return
    who.idle = False
    for at in range(who.count):
        bucket = &acd.agent_bucket_list[who.memberships[at].bucket]
        queue = &acd.queues[who.memberships[at].queue]
        tree_remove(acd.agent_nodes, &bucket.root, who.memberships[at].node)
        queue.free -= 1
        if bucket.root == 0:
            queue.agent_count -= 1
            last = queue.agents[queue.agent_count]
            queue.agents[bucket.place] = last
            acd.agent_bucket_list[last].place = bucket.place
            bucket.place = -1


cdef inline const Membership* membership_in(const Acd* acd, int32_t agent, int32_t queue) noexcept nogil:
    """The agent's membership of `queue`, NULL when there is none."""
    cdef const Agent* who = &acd.agents[agent]
    cdef int32_t at
    for at in range(who.count):
        if who.memberships[at].queue == queue:
            return &who.memberships[at]
    return NULL


cdef inline void free_memberships(Acd* acd, Membership* memberships, int32_t count) noexcept nogil:
    cdef int32_t at
    for at in range(count):
        give_node(acd.agent_nodes, &acd.free_agent_node, memberships[at].node)
    free(memberships)


cdef inline void acd_set_queue(Acd* acd, int32_t queue, int32_t strategy, int32_t weight, int32_t turn) noexcept nogil:
    """Another strategy, weight or turn: those who wait keep their places, free agents are put in the new order, and
    reservations stand. Costs O(agents), and O(log free agents) for each member.
    """
    cdef Queue* changed = &acd.queues[queue]
    cdef int32_t agent, at
    changed.strategy = strategy
    changed.weight = weight
    changed.cursor = turn
    changed.race = 0
    for agent in range(acd.agent_count):
        if acd.agents[agent].idle and membership_in(acd, agent, queue) != NULL:
            leave_trees(acd, agent)
            enter_trees(acd, agent)
    for at in range(changed.caller_count):  # who is offered next depends on whether all phones ring
        acd.caller_buckets[changed.callers[at]].front = UNKNOWN
        mark_dirty(acd, changed.callers[at])


cdef inline int acd_set_member(
    Acd* acd, int32_t agent, const Membership* wanted, int32_t count, int32_t skills, int32_t weight
) noexcept nogil:
    """Makes `agent` a member of exactly these queues. Returns -1 when out of memory; nothing has changed then."""
    cdef Agent* who = &acd.agents[agent]
    cdef bint idle = who.idle
    cdef int32_t at
    cdef Membership* made = <Membership*>malloc((count + 1) * sizeof(Membership))
    if made == NULL:
        return -1
    for at in range(count):
        made[at] = wanted[at]
        made[at].bucket = bucket_of_agents(acd, wanted[at].queue, skills, wanted[at].penalty)
        if made[at].bucket < 0 or (
            acd.free_agent_node == 0
            and grow_nodes(&acd.agent_nodes, &acd.agent_node_capacity, &acd.free_agent_node) != 0
        ):
            free_memberships(acd, made, at)
            return -1
        made[at].node = take_node(acd.agent_nodes, &acd.free_agent_node)
    leave_trees(acd, agent)
    free_memberships(acd, who.memberships, who.count)
    who.memberships = made
    who.count = count
    who.skills = skills
    who.weight = weight
    if idle:
        enter_trees(acd, agent)
    return 0
