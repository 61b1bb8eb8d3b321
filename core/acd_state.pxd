"""The distributor's state: queues, callers and agents, and how agents enter and leave the trees of their queues.

Everything except `inbox` is owned by one thread, the one that decides. Times are nanoseconds of one monotonic clock.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memset

from core.base.inbox cimport Inbox, inbox_close, inbox_init
from core.base.keymap cimport KeyMap, keymap_close, keymap_init
from core.base.ordered cimport (
    Node,
    give_node,
    grow_nodes,
    take_node,
    tree_insert,
    tree_remove,
)


cdef enum Strategy:
    STRATEGY_LONGEST_IDLE = 0  # the oldest caller to the one agent that is free for the longest time
    STRATEGY_RING_ALL = 1  # the oldest caller to every free agent at once; the first answer wins


cdef enum RecordKind:
    RECORD_ARRIVE = 1  # index: queue; since: the caller's age; key
    RECORD_LEAVE = 2  # key
    RECORD_IDLE = 3  # index: agent; since: free from then on
    RECORD_AWAY = 4  # index: agent


cdef struct Queue:
    int32_t callers  # root in Acd.callers_nodes: everybody who waits; ready: nobody is ringing for them
    int32_t agents  # root in Acd.agent_nodes: the free agents
    int32_t strategy
    bint dirty  # listed in Acd.dirty: a match may be possible


cdef struct Caller:  # slot = index of its node
    uint64_t key
    int32_t queue
    int32_t first_offer  # agent, -1 for none; the offers of a caller are linked through the agents


cdef struct Agent:
    int64_t since  # ns, free from then on
    uint64_t token  # of the present reservation, 0: none
    int32_t caller  # slot of the caller this agent is reserved for
    int32_t offer_queue  # the queue that reserved
    int32_t next_offer  # agent, -1: the end
    int32_t previous_offer  # agent, -1: the caller's first
    bint idle  # in the trees of its queues
    int32_t memberships
    int32_t* queues
    int32_t* nodes  # one per queue, reserved when the membership is made


cdef struct Offer:
    uint64_t caller
    uint64_t token
    int32_t agent
    int32_t queue


cdef struct Acd:
    Inbox inbox
    uint64_t next_key  # atomic
    uint64_t next_token
    uint32_t random
    KeyMap slots  # caller key to slot
    Node* caller_nodes
    Caller* callers
    int32_t caller_capacity
    int32_t free_caller
    Node* agent_nodes
    int32_t agent_node_capacity
    int32_t free_agent_node
    Queue* queues
    int32_t queue_count
    int32_t* dirty
    int32_t dirty_count
    Agent* agents
    int32_t agent_count
    Offer* offers  # of the last acd_match; room for one per agent
    uint64_t ignored  # records that did not apply: a caller gone already, an agent idle while reserved


cdef inline uint32_t next_random(Acd* acd) noexcept nogil:
    acd.random ^= acd.random << 13
    acd.random ^= acd.random >> 17
    acd.random ^= acd.random << 5
    return acd.random


cdef inline int acd_init(Acd* acd, uint64_t inbox) noexcept nogil:
    memset(acd, 0, sizeof(Acd))
    acd.next_key = 1
    acd.next_token = 1
    acd.random = 0x9E3779B9
    if inbox_init(&acd.inbox, inbox) != 0 or keymap_init(&acd.slots, 256) != 0:
        return -1
    return grow_nodes(&acd.agent_nodes, &acd.agent_node_capacity, &acd.free_agent_node)


cdef inline void acd_close(Acd* acd) noexcept nogil:
    cdef int32_t agent
    for agent in range(acd.agent_count):
        free(acd.agents[agent].queues)
        free(acd.agents[agent].nodes)
    inbox_close(&acd.inbox)
    keymap_close(&acd.slots)
    free(acd.caller_nodes)
    free(acd.callers)
    free(acd.agent_nodes)
    free(acd.queues)
    free(acd.dirty)
    free(acd.agents)
    free(acd.offers)


cdef inline int32_t acd_add_queue(Acd* acd, int32_t strategy) noexcept nogil:
    """The new queue's index, or -1 when out of memory."""
    cdef int32_t count = acd.queue_count + 1
    cdef Queue* queues = <Queue*>realloc(acd.queues, count * sizeof(Queue))
    cdef int32_t* dirty
    if queues == NULL:
        return -1
    acd.queues = queues
    dirty = <int32_t*>realloc(acd.dirty, count * sizeof(int32_t))
    if dirty == NULL:
        return -1
    acd.dirty = dirty
    memset(&queues[count - 1], 0, sizeof(Queue))
    queues[count - 1].strategy = strategy
    acd.queue_count = count
    return count - 1


cdef inline int32_t acd_add_agent(Acd* acd) noexcept nogil:
    """The new agent's index, or -1 when out of memory."""
    cdef int32_t count = acd.agent_count + 1
    cdef Agent* agents = <Agent*>realloc(acd.agents, count * sizeof(Agent))
    cdef Offer* offers
    if agents == NULL:
        return -1
    acd.agents = agents
    offers = <Offer*>realloc(acd.offers, count * sizeof(Offer))
    if offers == NULL:
        return -1
    acd.offers = offers
    memset(&agents[count - 1], 0, sizeof(Agent))
    agents[count - 1].next_offer = -1
    agents[count - 1].previous_offer = -1
    acd.agent_count = count
    return count - 1


cdef inline void mark_dirty(Acd* acd, int32_t queue) noexcept nogil:
    if not acd.queues[queue].dirty:
        acd.queues[queue].dirty = True
        acd.dirty[acd.dirty_count] = queue
        acd.dirty_count += 1


cdef inline void enter_trees(Acd* acd, int32_t agent, int64_t since) noexcept nogil:
    cdef Agent* who = &acd.agents[agent]
    cdef Node* node
    cdef int32_t at
    who.since = since
    who.idle = True
    for at in range(who.memberships):
        node = &acd.agent_nodes[who.nodes[at]]
        node.since = since
        node.sequence = agent
        node.is_ready = 1
        node.priority = next_random(acd)
        node.owner = agent
        tree_insert(acd.agent_nodes, &acd.queues[who.queues[at]].agents, who.nodes[at])
        mark_dirty(acd, who.queues[at])


cdef inline void leave_trees(Acd* acd, int32_t agent) noexcept nogil:
    cdef Agent* who = &acd.agents[agent]
    cdef int32_t at
    if not who.idle:
        return
    who.idle = False
    for at in range(who.memberships):
        tree_remove(acd.agent_nodes, &acd.queues[who.queues[at]].agents, who.nodes[at])


cdef inline void free_membership(Acd* acd, int32_t* queues, int32_t* nodes, int32_t count) noexcept nogil:
    cdef int32_t at
    for at in range(count):
        give_node(acd.agent_nodes, &acd.free_agent_node, nodes[at])
    free(queues)
    free(nodes)


cdef inline int acd_set_queues(Acd* acd, int32_t agent, const int32_t* queues, int32_t count) noexcept nogil:
    """Makes `agent` a member of exactly these queues. Returns -1 when out of memory; nothing has changed then."""
    cdef Agent* who = &acd.agents[agent]
    cdef bint idle = who.idle
    cdef int32_t at
    cdef int32_t* new_queues = <int32_t*>malloc((count + 1) * sizeof(int32_t))
    cdef int32_t* new_nodes = <int32_t*>calloc(count + 1, sizeof(int32_t))
    if new_queues == NULL or new_nodes == NULL:
        free(new_queues)
        free(new_nodes)
        return -1
    for at in range(count):
        new_queues[at] = queues[at]
        if acd.free_agent_node == 0 and grow_nodes(&acd.agent_nodes, &acd.agent_node_capacity, &acd.free_agent_node) != 0:
            free_membership(acd, new_queues, new_nodes, at)
            return -1
        new_nodes[at] = take_node(acd.agent_nodes, &acd.free_agent_node)
    leave_trees(acd, agent)
    free_membership(acd, who.queues, who.nodes, who.memberships)
    who.queues = new_queues
    who.nodes = new_nodes
    who.memberships = count
    if idle:
        enter_trees(acd, agent, who.since)
    return 0
