"""The distributor: a lock-free inbox of arrivals and agent states, and the decision who rings for whom."""

from cpython.pythread cimport PyThread_get_thread_ident
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc

from core.acd_state cimport (
    RECORD_ARRIVE,
    RECORD_AWAY,
    RECORD_IDLE,
    RECORD_LEAVE,
    STRATEGY_LONGEST_IDLE,
    STRATEGY_RING_ALL,
    acd_add_agent,
    acd_add_queue,
    acd_close,
    acd_init,
    acd_set_queues,
)
from core.base.inbox cimport inbox_next
from core.base.keymap cimport keymap_get
from core.base.ordered cimport tree_first, tree_rank

LONGEST_IDLE = STRATEGY_LONGEST_IDLE
RING_ALL = STRATEGY_RING_ALL


class InboxFull(RuntimeError):
    """Another thread posts faster than the deciding thread takes; nothing was posted."""


cdef class Distributor:
    """Who waits, who is free, and who is offered to whom. See the .pyi for the contract."""

    def __cinit__(self, int inbox=4096):
        if inbox < 2 or inbox & (inbox - 1):
            raise ValueError(f"the inbox size must be a power of two, got {inbox}")
        self.owner = PyThread_get_thread_ident()
        if acd_init(&self.acd, inbox) != 0:
            raise MemoryError("no memory for the distributor")

    def __dealloc__(self):
        acd_close(&self.acd)

    cdef int post(self, int32_t kind, int32_t index, int64_t since, uint64_t key) except -1:
        while acd_post(&self.acd, kind, index, since, key) != 0:
            if PyThread_get_thread_ident() != self.owner:
                raise InboxFull(f"{self.acd.inbox.mask + 1} records wait for the deciding thread; call match() there")
            self.drain()
        return 0

    cdef int drain(self) except -1:
        if acd_drain(&self.acd) != 0:
            raise MemoryError("no memory for one more waiting caller")
        return 0

    cdef int check_queue(self, int queue) except -1:
        if not 0 <= queue < self.acd.queue_count:
            raise IndexError(f"no queue {queue}; there are {self.acd.queue_count}")
        return 0

    cdef int check_agent(self, int agent) except -1:
        if not 0 <= agent < self.acd.agent_count:
            raise IndexError(f"no agent {agent}; there are {self.acd.agent_count}")
        return 0

    def add_queue(self, int strategy=STRATEGY_LONGEST_IDLE):
        if strategy not in (STRATEGY_LONGEST_IDLE, STRATEGY_RING_ALL):
            raise ValueError(f"unknown strategy {strategy}; use LONGEST_IDLE or RING_ALL")
        cdef int32_t queue = acd_add_queue(&self.acd, strategy)
        if queue < 0:
            raise MemoryError("no memory for one more queue")
        return queue

    def add_agent(self, queues=()):
        if self.acd.agent_count > TOKEN_AGENT_MASK:
            raise OverflowError(f"at most {TOKEN_AGENT_MASK + 1} agents")
        for queue in queues:
            self.check_queue(queue)
        cdef int32_t agent = acd_add_agent(&self.acd)
        if agent < 0:
            raise MemoryError("no memory for one more agent")
        self.set_queues(agent, queues)
        return agent

    def set_queues(self, int agent, queues):
        self.check_agent(agent)
        wanted = sorted(set(queues))
        for queue in wanted:
            self.check_queue(queue)
        self.drain()
        cdef int32_t count = <int32_t>len(wanted)
        cdef int32_t* indices = <int32_t*>malloc((count + 1) * sizeof(int32_t))
        if indices == NULL:
            raise MemoryError("no memory for an agent's queues")
        for at in range(count):
            indices[at] = wanted[at]
        cdef int failed = acd_set_queues(&self.acd, agent, indices, count)
        free(indices)
        if failed:
            raise MemoryError("no memory for an agent's queues")

    def arrive(self, int queue, int64_t since_ns):
        self.check_queue(queue)
        cdef uint64_t key = inbox_next(&self.acd.next_key)
        self.post(RECORD_ARRIVE, queue, since_ns, key)
        return key

    def leave(self, uint64_t caller):
        self.post(RECORD_LEAVE, 0, 0, caller)

    def idle(self, int agent, int64_t since_ns):
        self.check_agent(agent)
        self.post(RECORD_IDLE, agent, since_ns, 0)

    def away(self, int agent):
        self.check_agent(agent)
        self.post(RECORD_AWAY, agent, 0, 0)

    def match(self):
        self.drain()
        cdef int32_t made = acd_match(&self.acd)
        cdef list offers = []
        cdef int32_t at
        for at in range(made):
            offers.append((
                self.acd.offers[at].caller, self.acd.offers[at].agent, self.acd.offers[at].token, self.acd.offers[at].queue
            ))
        return offers

    def accept(self, uint64_t token):
        self.drain()
        cdef int32_t agent = acd_reserved(&self.acd, token)
        if agent < 0:
            return None
        cdef int32_t slot = self.acd.agents[agent].caller
        cdef int32_t other = self.acd.callers[slot].first_offer
        cdef list losers = []
        while other >= 0:
            if other != agent:
                losers.append(other)
            other = self.acd.agents[other].next_offer
        acd_remove_caller(&self.acd, slot)
        return losers

    def decline(self, uint64_t token):
        self.drain()
        return acd_decline(&self.acd, token) != 0

    def reserved(self, uint64_t token):
        self.drain()
        return acd_reserved(&self.acd, token) >= 0

    def position(self, uint64_t caller):
        self.drain()
        cdef int32_t slot = keymap_get(&self.acd.slots, caller)
        if slot < 0:
            return 0
        return tree_rank(self.acd.caller_nodes, self.acd.queues[self.acd.callers[slot].queue].callers, slot) + 1

    def waiting(self, int queue):
        self.check_queue(queue)
        self.drain()
        return self.acd.caller_nodes[self.acd.queues[queue].callers].size if self.acd.queues[queue].callers else 0

    def free_agents(self, int queue):
        self.check_queue(queue)
        self.drain()
        return self.acd.agent_nodes[self.acd.queues[queue].agents].size

    def oldest_since(self, int queue):
        self.check_queue(queue)
        self.drain()
        if self.acd.queues[queue].callers == 0:
            return None
        return self.acd.caller_nodes[tree_first(self.acd.caller_nodes, self.acd.queues[queue].callers)].since

    @property
    def ignored(self):
        return self.acd.ignored
