"""The distributor's state: queues, callers, agents, and the buckets in which a queue's callers and free agents lie.

A bucket holds what is alike for a match: callers of one queue with the same requirement, free agents of one queue with the
same skills and penalty. A match compares the fronts of buckets, never single callers, so that it stays O(log n) in callers
and agents and linear only in how many kinds of them a queue has.

Everything except `inbox` is owned by one thread, the one that decides. Times are nanoseconds of one monotonic clock.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from core.base.inbox cimport Inbox, inbox_close, inbox_init
from core.base.keymap cimport KeyMap, keymap_close, keymap_init
from core.base.ordered cimport Node, grow_nodes


cdef enum Strategy:
    STRATEGY_LONGEST_IDLE = 0  # the agent who is free for the longest time
    STRATEGY_RING_ALL = 1  # every free agent at once; the first answer wins
    STRATEGY_LEAST_TALK = 2  # the agent who has talked least, by weight
    STRATEGY_FEWEST_CALLS = 3  # the agent with the fewest calls, by weight
    STRATEGY_ROUND_ROBIN = 4  # the next one after the agent who was offered last
    STRATEGY_LINEAR = 5  # the first one in the queue's list
    STRATEGY_WEIGHTED_RANDOM = 6  # by chance, in proportion to the agents' weights
    STRATEGY_SKILLS = 7  # the highest levels in what the caller needs; then the longest idle
    STRATEGY_COUNT = 8


cdef enum RecordKind:
    RECORD_ARRIVE = 1  # index: queue; since, rank, until; key; plan; agent: preferred or -1
    RECORD_LEAVE = 2  # key
    RECORD_IDLE = 3  # index: agent; since: free from then on; key: calls; rank: ns talked
    RECORD_AWAY = 4  # index: agent
    RECORD_FORGO = 5  # index: agent; whoever waits for this one alone waits for everybody now
    RECORD_RANK = 6  # key; rank


cdef enum StepKind:
    STEP_REQUIRE = 0  # value: the requirement from then on
    STEP_OVERFLOW = 1  # value: a further queue


cdef enum Limits:
    MAX_SKILLS = 128
    MAX_NEEDS = 8  # skills of one requirement
    MAX_STEPS = 16  # of one plan
    MAX_ENTRIES = 4  # queues in which one caller waits
    ALTERNATIVES = 4  # free agents that a decision remembers beside the chosen one
    UNKNOWN = -1
    WEIGHT_ONE = 100  # the weight of a queue or an agent that has none of its own


cdef struct Need:
    uint8_t skill
    uint8_t level  # at least; 1..


cdef struct Requirement:
    int32_t count
    Need needs[MAX_NEEDS]


cdef struct Skills:
    uint8_t levels[MAX_SKILLS]  # 0: does not have it


cdef struct Step:
    int64_t after  # ns of waiting
    int32_t kind
    int32_t value


cdef struct Plan:  # what becomes of a caller with time
    int32_t queue  # the home
    int32_t requirement  # at first
    int32_t count
    int32_t overflows  # how many of the steps
    Step steps[MAX_STEPS]  # by `after`


cdef struct CallerBucket:
    int32_t queue
    int32_t requirement
    int32_t wanted  # the only agent who will do, -1: everybody who fulfils the requirement
    int32_t root  # in Acd.caller_nodes; ready: nobody rings for them
    int32_t front  # the node that is offered next, 0: nobody can be, UNKNOWN: to be looked for
    int32_t place  # in the queue's list of buckets that hold somebody, -1: empty
    bint dirty  # listed in Acd.dirty: a match may be possible


cdef struct AgentBucket:
    int32_t queue
    int32_t skills
    int32_t penalty
    int32_t root  # in Acd.agent_nodes
    int32_t place  # in the queue's list of buckets that hold somebody, -1: empty


cdef struct Queue:
    int32_t line  # root in Acd.caller_nodes: everybody who waits here, guests from other queues too
    int32_t at_home  # callers whose own queue this is
    int32_t free  # agents
    int32_t strategy
    int32_t weight  # of its callers' waiting, against other queues'
    int32_t cursor  # round robin: the position that was offered last
    int64_t race  # weighted random: how far the race has come
    int32_t* callers  # buckets that hold somebody; room for all of the queue's
    int32_t caller_count
    int32_t caller_room
    int32_t caller_buckets  # of this queue, empty ones too
    int32_t* agents
    int32_t agent_count
    int32_t agent_room
    int32_t agent_buckets


cdef struct Entry:  # a caller in one queue
    int32_t queue
    int32_t bucket
    int32_t line_node
    int32_t bucket_node


cdef struct Caller:
    uint64_t key  # 0: the slot is free
    int64_t since  # ns; steps count from here
    int64_t rank  # ns; the order of the line: since, less what priority is worth
    int64_t until  # ns; waits for the preferred agent alone until then, 0: no longer
    int32_t plan
    int32_t next_step
    int32_t requirement
    int32_t preferred  # agent, -1: nobody
    int32_t first_offer  # agent, -1 for none; the offers of a caller are linked through the agents
    int32_t due_node  # in the tree Acd.due; 0 after the last step
    int32_t reserved_due  # the node for it
    int32_t entry_count
    int32_t entry_room  # entries with nodes
    int32_t next_free
    Entry entries[MAX_ENTRIES]


cdef struct Membership:
    int32_t queue
    int32_t node  # in Acd.agent_nodes
    int32_t bucket
    int32_t position  # in the queue's list; round robin and linear
    int32_t penalty  # agents with more of it are asked when no other is free


cdef struct Agent:
    int64_t since  # ns, free from then on
    int64_t talked  # ns
    int64_t calls
    uint64_t token  # of the present reservation, 0: none
    uint64_t decision  # its number
    int32_t caller  # slot of the caller this agent is reserved for
    int32_t offer_queue  # the queue that reserved
    int32_t next_offer  # agent, -1: the end
    int32_t previous_offer  # agent, -1: the caller's first
    int32_t weight
    int32_t skills
    int32_t wanted_by  # callers who wait for this agent alone
    bint idle  # in the trees of its queues
    int32_t count
    Membership* memberships


cdef struct Offer:
    uint64_t caller
    uint64_t token
    int32_t agent
    int32_t queue


cdef struct Change:  # what time did to a caller
    uint64_t caller
    int32_t kind  # StepKind, or -1: the preferred agent is no longer waited for
    int32_t value


cdef struct Alternative:
    int32_t agent
    int32_t penalty
    int32_t level  # sum in what the caller needs
    int32_t behind  # round robin: 1 when the turn had passed this agent
    int64_t order  # what the strategy compares


cdef struct Decision:
    uint64_t caller  # 0: never used
    uint64_t number  # running, from 1
    uint64_t previous  # of the same caller, 0: the first
    int64_t at
    int64_t since
    int64_t rank
    int32_t queue
    int32_t home
    int32_t requirement
    int32_t step  # how many of the plan were over
    int32_t position  # in the line of the queue
    int32_t preferred  # 1: chosen because the caller prefers this agent
    int32_t outcome  # 0 open, 1 accepted, 2 ended otherwise
    int32_t free  # agents of the queue who were free, the chosen one too
    int32_t unfit  # of them without the skills
    int32_t count  # alternatives
    Alternative chosen
    Alternative others[ALTERNATIVES]


cdef struct Front:  # of a bucket in which a match may be possible
    int64_t weighed  # waiting in us times the queue's weight; the more, the further in front
    int64_t rank
    uint64_t key
    int32_t guest  # 0 at home
    int32_t queue
    int32_t bucket
    int32_t slot


cdef struct Acd:
    Inbox inbox
    uint64_t next_key  # atomic
    uint64_t next_token
    uint32_t random  # of the trees
    uint64_t seed  # of weighted random
    KeyMap slots  # caller key to slot
    KeyMap buckets  # (queue, requirement) or (queue, wanted agent) to caller bucket
    KeyMap agent_kinds  # (queue, skills, penalty) to agent bucket
    KeyMap remembered  # caller key to the place of its last decision
    Node* caller_nodes
    int32_t caller_node_capacity
    int32_t free_caller_node
    Caller* callers
    int32_t caller_capacity
    int32_t free_caller
    int32_t due  # root in caller_nodes: callers by the time of their next step
    Node* agent_nodes
    int32_t agent_node_capacity
    int32_t free_agent_node
    Queue* queues
    int32_t queue_count
    CallerBucket* caller_buckets
    int32_t caller_bucket_count
    int32_t caller_bucket_room
    AgentBucket* agent_bucket_list
    int32_t agent_bucket_count
    int32_t agent_bucket_room
    Requirement* requirements
    int32_t requirement_count
    Skills* skills
    int32_t skills_count
    Plan* plans
    int32_t plan_count
    int32_t* dirty  # caller buckets; room for all
    int32_t dirty_count
    Front* fronts  # heap of acd_match; room for all caller buckets
    int32_t front_count
    Agent* agents
    int32_t agent_count
    Offer* offers  # of the last acd_match; room for one per agent
    Change* changes  # since the last look
    int32_t change_count
    int32_t change_room
    Decision* decisions  # a ring
    uint64_t decision_mask
    uint64_t decision_count
    uint64_t ignored  # records that did not apply: a caller gone already, an agent idle while reserved
    uint64_t unreported  # changes for which there was no memory


cdef inline uint32_t next_random(Acd* acd) noexcept nogil:
    acd.random ^= acd.random << 13
    acd.random ^= acd.random >> 17
    acd.random ^= acd.random << 5
    return acd.random


cdef inline int enlarge(void** table, int32_t* room, size_t size) noexcept nogil:
    """Doubles the room of a table. Returns -1 when out of memory."""
    cdef int32_t wanted = room[0] * 2 if room[0] else 16
    cdef void* larger = realloc(table[0], wanted * size)
    if larger == NULL:
        return -1
    table[0] = larger
    room[0] = wanted
    return 0


cdef inline int append_row(void** table, int32_t count, size_t size) noexcept nogil:
    """Makes room for row `count` in a table that grows rarely and zeroes it. Returns -1 when out of memory."""
    cdef void* larger = realloc(table[0], (count + 1) * size)
    if larger == NULL:
        return -1
    table[0] = larger
    memset(<char*>larger + count * size, 0, size)
    return 0


cdef inline int acd_init(Acd* acd, uint64_t inbox, uint64_t memory, uint64_t seed) noexcept nogil:
    """`memory`: how many decisions are remembered, a power of two. Returns -1 when out of memory."""
    memset(acd, 0, sizeof(Acd))
    acd.next_key = 1
    acd.next_token = 1
    acd.random = 0x9E3779B9
    acd.seed = seed
    acd.decision_mask = memory - 1
    if inbox_init(&acd.inbox, inbox) != 0 or keymap_init(&acd.slots, 256) != 0 or keymap_init(&acd.buckets, 256) != 0:
        return -1
    if keymap_init(&acd.agent_kinds, 256) != 0 or keymap_init(&acd.remembered, memory * 2) != 0:
        return -1
    acd.decisions = <Decision*>realloc(NULL, memory * sizeof(Decision))
    if acd.decisions == NULL:
        return -1
    memset(acd.decisions, 0, memory * sizeof(Decision))
    if grow_nodes(&acd.caller_nodes, &acd.caller_node_capacity, &acd.free_caller_node) != 0:
        return -1
    return grow_nodes(&acd.agent_nodes, &acd.agent_node_capacity, &acd.free_agent_node)


cdef inline void acd_close(Acd* acd) noexcept nogil:
    cdef int32_t at
    for at in range(acd.agent_count):
        free(acd.agents[at].memberships)
    for at in range(acd.queue_count):
        free(acd.queues[at].callers)
        free(acd.queues[at].agents)
    inbox_close(&acd.inbox)
    keymap_close(&acd.slots)
    keymap_close(&acd.buckets)
    keymap_close(&acd.agent_kinds)
    keymap_close(&acd.remembered)
    free(acd.caller_nodes)
    free(acd.callers)
    free(acd.agent_nodes)
    free(acd.queues)
    free(acd.caller_buckets)
    free(acd.agent_bucket_list)
    free(acd.requirements)
    free(acd.skills)
    free(acd.plans)
    free(acd.dirty)
    free(acd.fronts)
    free(acd.agents)
    free(acd.offers)
    free(acd.changes)
    free(acd.decisions)


cdef inline int32_t acd_add_queue(Acd* acd, int32_t strategy, int32_t weight) noexcept nogil:
    """The new queue's index, or -1 when out of memory."""
    cdef int32_t queue = acd.queue_count
    if append_row(<void**>&acd.queues, queue, sizeof(Queue)) != 0:
        return -1
    acd.queues[queue].strategy = strategy
    acd.queues[queue].weight = weight
    acd.queues[queue].cursor = -1
    acd.queue_count += 1
    return queue


cdef inline int32_t acd_add_agent(Acd* acd) noexcept nogil:
    """The new agent's index, or -1 when out of memory."""
    cdef int32_t agent = acd.agent_count
    if append_row(<void**>&acd.agents, agent, sizeof(Agent)) != 0:
        return -1
    if append_row(<void**>&acd.offers, agent, sizeof(Offer)) != 0:
        return -1
    acd.agents[agent].next_offer = -1
    acd.agents[agent].previous_offer = -1
    acd.agents[agent].weight = WEIGHT_ONE
    acd.agent_count += 1
    return agent
