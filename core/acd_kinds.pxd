"""Kinds of callers and agents: requirements, skills, plans, and the buckets of a queue. Made by the deciding thread only.

Nothing of it is ever given back: kinds come from the configuration and are few, and the maker of requirements caps them.
"""

from libc.stdint cimport int32_t, uint64_t

from core.acd_state cimport (
    STEP_OVERFLOW,
    STEP_REQUIRE,
    Acd,
    AgentBucket,
    CallerBucket,
    Front,
    Need,
    Plan,
    Queue,
    Requirement,
    Skills,
    append_row,
    enlarge,
)
from core.base.keymap cimport keymap_get, keymap_put, keymap_reserve


cdef inline bint fulfils(const Acd* acd, int32_t skills, int32_t requirement) noexcept nogil:
    cdef const Requirement* wanted = &acd.requirements[requirement]
    cdef const Skills* has = &acd.skills[skills]
    cdef int32_t at
    for at in range(wanted.count):
        if has.levels[wanted.needs[at].skill] < wanted.needs[at].level:
            return False
    return True


cdef inline int32_t level_of(const Acd* acd, int32_t skills, int32_t requirement) noexcept nogil:
    """The sum of the levels in what is required."""
    cdef const Requirement* wanted = &acd.requirements[requirement]
    cdef int32_t total = 0
    cdef int32_t at
    for at in range(wanted.count):
        total += acd.skills[skills].levels[wanted.needs[at].skill]
    return total


# Keys of the maps; the bits that vary most stand lowest, where the hash spreads them. Never 0.
cdef inline uint64_t requirement_key(int32_t queue, int32_t requirement) noexcept nogil:
    return <uint64_t>queue | <uint64_t>requirement << 20 | <uint64_t>1 << 62


cdef inline uint64_t wanted_key(int32_t queue, int32_t agent) noexcept nogil:
    return <uint64_t>agent | <uint64_t>queue << 20 | <uint64_t>1 << 61


cdef inline uint64_t agents_key(int32_t queue, int32_t skills, int32_t penalty) noexcept nogil:
    return <uint64_t>skills | <uint64_t>queue << 20 | <uint64_t>penalty << 40 | <uint64_t>1 << 63


cdef inline int32_t new_caller_bucket(Acd* acd, uint64_t key, int32_t queue, int32_t requirement, int32_t wanted) noexcept nogil:
    """The bucket's index, or -1 when out of memory."""
    cdef int32_t room = acd.caller_bucket_room
    cdef Queue* of = &acd.queues[queue]
    cdef CallerBucket* bucket
    if keymap_reserve(&acd.buckets) != 0:
        return -1
    if acd.caller_bucket_count == acd.caller_bucket_room:
        # Three tables of one length; the room grows when all of them have it.
        if enlarge(<void**>&acd.dirty, &room, sizeof(int32_t)) != 0:
            return -1
        room = acd.caller_bucket_room
        if enlarge(<void**>&acd.fronts, &room, sizeof(Front)) != 0:
            return -1
        if enlarge(<void**>&acd.caller_buckets, &acd.caller_bucket_room, sizeof(CallerBucket)) != 0:
            return -1
    if of.caller_buckets == of.caller_room and enlarge(<void**>&of.callers, &of.caller_room, sizeof(int32_t)) != 0:
        return -1
    of.caller_buckets += 1
    bucket = &acd.caller_buckets[acd.caller_bucket_count]
    bucket.queue = queue
    bucket.requirement = requirement
    bucket.wanted = wanted
    bucket.root = 0
    bucket.front = 0
    bucket.place = -1
    bucket.dirty = False
    keymap_put(&acd.buckets, key, acd.caller_bucket_count)
    acd.caller_bucket_count += 1
    return acd.caller_bucket_count - 1


cdef inline int32_t bucket_of(Acd* acd, int32_t queue, int32_t requirement) noexcept nogil:
    """The queue's bucket for this requirement, made at need; -1 when out of memory."""
    cdef uint64_t key = requirement_key(queue, requirement)
    cdef int32_t found = keymap_get(&acd.buckets, key)
    return found if found >= 0 else new_caller_bucket(acd, key, queue, requirement, -1)


cdef inline int32_t bucket_of_wanted(Acd* acd, int32_t queue, int32_t agent) noexcept nogil:
    """The queue's bucket of callers who wait for this agent alone, made at need; -1 when out of memory."""
    cdef uint64_t key = wanted_key(queue, agent)
    cdef int32_t found = keymap_get(&acd.buckets, key)
    return found if found >= 0 else new_caller_bucket(acd, key, queue, 0, agent)


cdef inline int32_t bucket_of_agents(Acd* acd, int32_t queue, int32_t skills, int32_t penalty) noexcept nogil:
    """The queue's bucket for such agents, made at need; -1 when out of memory."""
    cdef uint64_t key = agents_key(queue, skills, penalty)
    cdef int32_t found = keymap_get(&acd.agent_kinds, key)
    cdef Queue* of = &acd.queues[queue]
    cdef AgentBucket* bucket
    if found >= 0:
        return found
    if keymap_reserve(&acd.agent_kinds) != 0:
        return -1
    if acd.agent_bucket_count == acd.agent_bucket_room and (
        enlarge(<void**>&acd.agent_bucket_list, &acd.agent_bucket_room, sizeof(AgentBucket)) != 0
    ):
        return -1
    if of.agent_buckets == of.agent_room and enlarge(<void**>&of.agents, &of.agent_room, sizeof(int32_t)) != 0:
        return -1
    of.agent_buckets += 1
    bucket = &acd.agent_bucket_list[acd.agent_bucket_count]
    bucket.queue = queue
    bucket.skills = skills
    bucket.penalty = penalty
    bucket.root = 0
    bucket.place = -1
    keymap_put(&acd.agent_kinds, key, acd.agent_bucket_count)
    acd.agent_bucket_count += 1
    return acd.agent_bucket_count - 1


cdef inline int32_t acd_add_requirement(Acd* acd, const Need* needs, int32_t count) noexcept nogil:
    """The requirement's index, or -1 when out of memory. The first one that is made, 0, is the empty one."""
    cdef int32_t index = acd.requirement_count
    cdef int32_t at
    if append_row(<void**>&acd.requirements, index, sizeof(Requirement)) != 0:
        return -1
    acd.requirements[index].count = count
    for at in range(count):
        acd.requirements[index].needs[at] = needs[at]
    acd.requirement_count += 1
    return index


cdef inline int32_t acd_add_skills(Acd* acd, const Skills* skills) noexcept nogil:
    """The index of such skills, or -1 when out of memory. The first ones that are made, 0, are none."""
    cdef int32_t index = acd.skills_count
    if append_row(<void**>&acd.skills, index, sizeof(Skills)) != 0:
        return -1
    acd.skills[index] = skills[0]
    acd.skills_count += 1
    return index


cdef inline int32_t acd_add_plan(Acd* acd, const Plan* plan) noexcept nogil:
    """The plan's index, or -1 when out of memory. Makes every bucket that its callers can come into."""
    cdef int32_t index = acd.plan_count
    cdef int32_t at, other
    if append_row(<void**>&acd.plans, index, sizeof(Plan)) != 0:
        return -1
    acd.plans[index] = plan[0]
    for at in range(-1, plan.count):
        if at >= 0 and plan.steps[at].kind != STEP_OVERFLOW:
            continue
        for other in range(-1, plan.count):
            if other >= 0 and plan.steps[other].kind != STEP_REQUIRE:
                continue
            if bucket_of(
                acd,
                plan.queue if at < 0 else plan.steps[at].value,
                plan.requirement if other < 0 else plan.steps[other].value,
            ) < 0:
                return -1
    acd.plan_count += 1
    return index
