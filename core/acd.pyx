"""The distributor: a lock-free inbox of arrivals and agent states, and the decision who rings for whom."""

from cpython.pythread cimport PyThread_get_thread_ident
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from core.acd_agents cimport acd_set_member, acd_set_queue
from core.acd_arguments cimport add_step, check_kind, check_range, in_time, memberships_in
from core.acd_described cimport decisions_about, described_caller, position_in
from core.acd_kinds cimport acd_add_plan, acd_add_requirement, acd_add_skills, fulfils
from core.acd_match cimport TOKEN_AGENT_MASK, acd_accept, acd_decline, acd_match, acd_reserved
from core.acd_state cimport (
    MAX_ENTRIES,
    MAX_NEEDS,
    MAX_SKILLS,
    MAX_STEPS,
    RECORD_ARRIVE,
    RECORD_AWAY,
    RECORD_FORGO,
    RECORD_IDLE,
    RECORD_LEAVE,
    RECORD_RANK,
    STEP_OVERFLOW,
    STEP_REQUIRE,
    STRATEGY_FEWEST_CALLS,
    STRATEGY_LEAST_TALK,
    STRATEGY_LINEAR,
    STRATEGY_LONGEST_IDLE,
    STRATEGY_RING_ALL,
    STRATEGY_ROUND_ROBIN,
    STRATEGY_SKILLS,
    STRATEGY_WEIGHTED_RANDOM,
    WEIGHT_ONE,
    Caller,
    Membership,
    Need,
    Plan,
    Skills,
    acd_add_agent,
    acd_add_queue,
    acd_close,
    acd_init,
)
from core.base.inbox cimport Record, inbox_next
from core.base.keymap cimport keymap_get
from core.base.ordered cimport tree_first

LONGEST_IDLE = STRATEGY_LONGEST_IDLE
RING_ALL = STRATEGY_RING_ALL
LEAST_TALK = STRATEGY_LEAST_TALK
FEWEST_CALLS = STRATEGY_FEWEST_CALLS
ROUND_ROBIN = STRATEGY_ROUND_ROBIN
LINEAR = STRATEGY_LINEAR
WEIGHTED_RANDOM = STRATEGY_WEIGHTED_RANDOM
SKILLS = STRATEGY_SKILLS
STRATEGIES = {
    **{"longest-idle": LONGEST_IDLE, "ring-all": RING_ALL, "least-talk": LEAST_TALK, "fewest-calls": FEWEST_CALLS},
    **{"round-robin": ROUND_ROBIN, "linear": LINEAR, "weighted-random": WEIGHTED_RANDOM, "skills": SKILLS},
}
REQUIRE = STEP_REQUIRE
OVERFLOW = STEP_OVERFLOW
FORGO = -1
SKILL_LIMIT = MAX_SKILLS
NEED_LIMIT = MAX_NEEDS
STEP_LIMIT = MAX_STEPS
OVERFLOW_LIMIT = MAX_ENTRIES - 1
LEVEL_LIMIT = 255
WEIGHT_LIMIT = 10_000
PENALTY_LIMIT = 1 << 20
KIND_LIMIT = 1 << 16
QUEUE_LIMIT = 1 << 19


class InboxFull(RuntimeError):
    """Another thread posts faster than the deciding thread takes; nothing was posted."""


cdef class Distributor:
    """Who waits, who is free, and who is offered to whom. See the .pyi for the contract."""

    def __cinit__(self, int inbox=4096, int memory=4096, uint64_t seed=1):
        for name, size in (("inbox", inbox), ("memory", memory)):
            if size < 2 or size & (size - 1):
                raise ValueError(f"the {name} size must be a power of two, got {size}")
        cdef Skills none
        self.owner = PyThread_get_thread_ident()
        self.plain = []
        memset(&none, 0, sizeof(Skills))
        failed = acd_init(&self.acd, inbox, memory, seed) != 0
        if failed or acd_add_requirement(&self.acd, NULL, 0) != 0 or acd_add_skills(&self.acd, &none) != 0:
            raise MemoryError("no memory for the distributor")

    def __dealloc__(self):
        acd_close(&self.acd)

    cdef int post(self, const Record* record) except -1:
        while acd_post(&self.acd, record) != 0:
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

    cdef int check_requirement(self, int requirement) except -1:
        if not 0 <= requirement < self.acd.requirement_count:
            raise IndexError(f"no requirement {requirement}; there are {self.acd.requirement_count}")
        return 0

    cdef int32_t slot_of(self, uint64_t caller) except -2:
        self.drain()
        return keymap_get(&self.acd.slots, caller)

    # -- kinds -----------------------------------------------------------------------------------------------------

    def add_queue(self, int strategy=STRATEGY_LONGEST_IDLE, int weight=WEIGHT_ONE, int turn=-1):
        check_kind(strategy, weight, turn)
        check_range("queues", self.acd.queue_count, 0, QUEUE_LIMIT - 1)
        cdef int32_t queue = acd_add_queue(&self.acd, strategy, weight)
        cdef Plan plan
        memset(&plan, 0, sizeof(Plan))  # the queue's own: callers without needs, to whom time does nothing
        plan.queue = queue
        if queue < 0 or acd_add_plan(&self.acd, &plan) < 0:
            raise MemoryError("no memory for one more queue")
        self.acd.queues[queue].cursor = turn
        self.plain.append(self.acd.plan_count - 1)
        return queue

    def set_queue(self, int queue, int strategy, int weight=WEIGHT_ONE, int turn=-1):
        self.check_queue(queue)
        check_kind(strategy, weight, turn)
        self.drain()
        acd_set_queue(&self.acd, queue, strategy, weight, turn)

    def add_requirement(self, needs):
        cdef Need made[MAX_NEEDS]
        wanted = sorted(dict(needs).items())
        check_range("the number of needed skills", len(wanted), 0, MAX_NEEDS)
        check_range("the number of requirements", self.acd.requirement_count, 0, KIND_LIMIT - 1)
        for at, (skill, level) in enumerate(wanted):
            check_range("a skill", skill, 0, MAX_SKILLS - 1)
            check_range("a level", level, 1, LEVEL_LIMIT)
            made[at].skill = skill
            made[at].level = level
        cdef int32_t requirement = acd_add_requirement(&self.acd, made, <int32_t>len(wanted))
        if requirement < 0:
            raise MemoryError("no memory for one more requirement")
        return requirement

    def add_skills(self, levels):
        cdef Skills made
        memset(&made, 0, sizeof(Skills))
        check_range("the number of skill sets", self.acd.skills_count, 0, KIND_LIMIT - 1)
        for skill, level in dict(levels).items():
            check_range("a skill", skill, 0, MAX_SKILLS - 1)
            check_range("a level", level, 0, LEVEL_LIMIT)
            made.levels[<int>skill] = level
        cdef int32_t skills = acd_add_skills(&self.acd, &made)
        if skills < 0:
            raise MemoryError("no memory for one more set of skills")
        return skills

    def add_plan(self, int queue, int requirement=0, steps=()):
        cdef Plan plan
        self.check_queue(queue)
        self.check_requirement(requirement)
        check_range("the number of steps", len(steps), 0, MAX_STEPS)
        check_range("the number of plans", self.acd.plan_count, 0, KIND_LIMIT - 1)
        memset(&plan, 0, sizeof(Plan))
        plan.queue = queue
        plan.requirement = requirement
        for after_ns, kind, value in in_time(steps):
            if kind == STEP_OVERFLOW:
                self.check_queue(value)
            else:
                self.check_requirement(value)
            add_step(&plan, after_ns, kind, value)
        cdef int32_t index = acd_add_plan(&self.acd, &plan)
        if index < 0:
            raise MemoryError("no memory for one more plan")
        return index

    def add_agent(self, queues=(), int skills=0, int weight=WEIGHT_ONE):
        check_range("the number of agents", self.acd.agent_count, 0, TOKEN_AGENT_MASK)
        for entry in queues:
            self.check_queue(entry[0] if isinstance(entry, tuple) else entry)
        cdef int32_t agent = acd_add_agent(&self.acd)
        if agent < 0:
            raise MemoryError("no memory for one more agent")
        self.set_queues(agent, queues, skills, weight)
        return agent

    def set_queues(self, int agent, queues, int skills=0, int weight=WEIGHT_ONE):
        self.check_agent(agent)
        check_range("a weight", weight, 1, WEIGHT_LIMIT)
        if not 0 <= skills < self.acd.skills_count:
            raise IndexError(f"no skills {skills}; there are {self.acd.skills_count}")
        wanted = memberships_in(queues, agent)
        for queue, _, penalty in wanted:
            self.check_queue(queue)
            check_range("a penalty", penalty, 0, PENALTY_LIMIT - 1)
        self.drain()
        cdef int32_t count = <int32_t>len(wanted)
        cdef Membership* made = <Membership*>malloc((count + 1) * sizeof(Membership))
        if made == NULL:
            raise MemoryError("no memory for an agent's queues")
        for at, (queue, position, penalty) in enumerate(wanted):
            made[<int>at].queue = queue
            made[<int>at].position = position
            made[<int>at].penalty = penalty
        cdef int failed = acd_set_member(&self.acd, agent, made, count, skills, weight)
        free(made)
        if failed:
            raise MemoryError("no memory for an agent's queues")

    # -- posts, from any thread ------------------------------------------------------------------------------------

    def arrive(self, int queue, int64_t since_ns, *, rank_ns=None, plan=None, int preferred=-1, int64_t until_ns=0):
        cdef Record record
        self.check_queue(queue)
        record.kind = RECORD_ARRIVE
        record.index = queue
        record.since = since_ns
        record.rank = since_ns if rank_ns is None else rank_ns
        record.plan = self.plain[queue] if plan is None else plan
        if not 0 <= record.plan < self.acd.plan_count or self.acd.plans[record.plan].queue != queue:
            raise IndexError(f"no plan {plan} of queue {queue}")
        if preferred != -1:
            self.check_agent(preferred)
        record.agent = preferred
        record.until = until_ns
        record.key = inbox_next(&self.acd.next_key)
        self.post(&record)
        return record.key

    def leave(self, uint64_t caller):
        cdef Record record
        memset(&record, 0, sizeof(Record))
        record.kind = RECORD_LEAVE
        record.key = caller
        self.post(&record)

    def rank(self, uint64_t caller, int64_t rank_ns):
        cdef Record record
        memset(&record, 0, sizeof(Record))
        record.kind = RECORD_RANK
        record.key = caller
        record.rank = rank_ns
        self.post(&record)

    def idle(self, int agent, int64_t since_ns, int64_t calls=0, int64_t talked_ns=0):
        cdef Record record
        self.check_agent(agent)
        memset(&record, 0, sizeof(Record))
        record.kind = RECORD_IDLE
        record.index = agent
        record.since = since_ns
        record.key = <uint64_t>calls
        record.rank = talked_ns
        self.post(&record)

    def away(self, int agent):
        post_agent(self, RECORD_AWAY, agent)

    def forgo(self, int agent):
        post_agent(self, RECORD_FORGO, agent)

    # -- decisions -------------------------------------------------------------------------------------------------

    def match(self, int64_t now_ns=0):
        self.drain()
        cdef int32_t made = acd_match(&self.acd, now_ns)
        cdef list offers = []
        cdef int32_t at
        for at in range(made):
            offers.append((
                self.acd.offers[at].caller, self.acd.offers[at].agent, self.acd.offers[at].token, self.acd.offers[at].queue
            ))
        return offers

    def next_due(self):
        self.drain()
        cdef int32_t first = tree_first(self.acd.caller_nodes, self.acd.due)
        return self.acd.caller_nodes[first].since if first else None

    def changes(self):
        if self.acd.change_count == 0:
            return []
        found = [
            (self.acd.changes[at].caller, self.acd.changes[at].kind, self.acd.changes[at].value)
            for at in range(self.acd.change_count)
        ]
        self.acd.change_count = 0
        return found

    def accept(self, uint64_t token):
        self.drain()
        cdef int32_t agent = acd_reserved(&self.acd, token)
        if agent < 0:
            return None
        cdef int32_t other = self.acd.callers[self.acd.agents[agent].caller].first_offer
        cdef list losers = []
        while other >= 0:
            if other != agent:
                losers.append(other)
            other = self.acd.agents[other].next_offer
        acd_accept(&self.acd, agent)
        return losers

    def decline(self, uint64_t token):
        self.drain()
        return acd_decline(&self.acd, token) != 0

    def reserved(self, uint64_t token):
        self.drain()
        return acd_reserved(&self.acd, token) >= 0

    # -- looking ---------------------------------------------------------------------------------------------------

    def position(self, uint64_t caller, int queue=-1):
        cdef int32_t slot = self.slot_of(caller)
        cdef Caller* who
        if slot < 0:
            return 0
        who = &self.acd.callers[slot]
        for at in range(who.entry_count):
            if at == 0 and queue == -1 or who.entries[at].queue == queue:
                return position_in(&self.acd, &who.entries[at])
        return 0

    def waiting(self, int queue):
        self.check_queue(queue)
        self.drain()
        return self.acd.queues[queue].at_home

    def in_line(self, int queue):
        self.check_queue(queue)
        self.drain()
        return self.acd.caller_nodes[self.acd.queues[queue].line].size if self.acd.queues[queue].line else 0

    def free_agents(self, int queue, int requirement=0):
        cdef int32_t at, bucket
        cdef int32_t total = 0
        self.check_queue(queue)
        self.check_requirement(requirement)
        self.drain()
        for at in range(self.acd.queues[queue].agent_count):
            bucket = self.acd.queues[queue].agents[at]
            if fulfils(&self.acd, self.acd.agent_bucket_list[bucket].skills, requirement):
                total += self.acd.agent_nodes[self.acd.agent_bucket_list[bucket].root].size
        return total

    def oldest_since(self, int queue):
        self.check_queue(queue)
        self.drain()
        cdef int32_t first = tree_first(self.acd.caller_nodes, self.acd.queues[queue].line)
        return self.acd.callers[self.acd.caller_nodes[first].owner].since if first else None

    def fits(self, int agent, int requirement):
        self.check_agent(agent)
        self.check_requirement(requirement)
        return fulfils(&self.acd, self.acd.agents[agent].skills, requirement)

    def explain(self, uint64_t caller):
        cdef int32_t slot = self.slot_of(caller)
        cdef list decisions = decisions_about(&self.acd, caller)
        if slot < 0:
            return {"waiting": False, "decisions": decisions} if decisions else None
        return {**described_caller(&self.acd, slot), "decisions": decisions}

    @property
    def ignored(self):
        return self.acd.ignored


cdef int post_agent(Distributor distributor, int32_t kind, int agent) except -1:
    cdef Record record
    distributor.check_agent(agent)
    memset(&record, 0, sizeof(Record))
    record.kind = kind
    record.index = agent
    return distributor.post(&record)
