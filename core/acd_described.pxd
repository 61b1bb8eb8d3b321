"""What the distributor knows of a caller, as Python objects; the deciding thread only. Numbers mean what the .pyi says."""

from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint64_t

from core.acd_choice cimport decision_of, last_decision
from core.acd_line cimport next_moment
from core.acd_state cimport Acd, Alternative, Caller, Decision, Entry
from core.base.ordered cimport tree_rank


cdef inline int32_t position_in(const Acd* acd, const Entry* entry) noexcept:
    return 1 + tree_rank(acd.caller_nodes, acd.queues[entry.queue].line, entry.line_node)


cdef inline list offered_to(const Acd* acd, int32_t slot):
    cdef list agents = []
    cdef int32_t agent = acd.callers[slot].first_offer
    while agent >= 0:
        agents.append(agent)
        agent = acd.agents[agent].next_offer
    return agents


cdef inline dict described_caller(const Acd* acd, int32_t slot):
    cdef const Caller* who = &acd.callers[slot]
    cdef int64_t due = next_moment(acd, who)
    return {
        "waiting": True,
        "since_ns": who.since,
        "rank_ns": who.rank,
        "requirement": who.requirement,
        "step": who.next_step,
        "next_due_ns": None if due == INT64_MAX else due,
        "preferred": who.preferred,
        "until_ns": who.until,
        "queues": [(who.entries[at].queue, position_in(acd, &who.entries[at])) for at in range(who.entry_count)],
        "offered": offered_to(acd, slot),
    }


cdef inline dict described_agent(const Alternative* agent):
    return {
        "agent": agent.agent,
        "penalty": agent.penalty,
        "level": agent.level,
        "behind": agent.behind != 0,
        "order": agent.order,
    }


cdef inline dict described_decision(const Decision* decision):
    return {
        "at_ns": decision.at,
        "since_ns": decision.since,
        "rank_ns": decision.rank,
        "queue": decision.queue,
        "home": decision.home,
        "requirement": decision.requirement,
        "step": decision.step,
        "position": decision.position,
        "preferred": decision.preferred != 0,
        "outcome": decision.outcome,
        "free": decision.free,
        "unfit": decision.unfit,
        "chosen": described_agent(&decision.chosen),
        "others": [described_agent(&decision.others[at]) for at in range(decision.count)],
    }


cdef inline list decisions_about(const Acd* acd, uint64_t caller):
    """The remembered ones, in the order in which they were made."""
    cdef list found = []
    cdef const Decision* decision = decision_of(acd, last_decision(acd, caller))
    while decision != NULL and decision.caller == caller:
        found.append(described_decision(decision))
        decision = decision_of(acd, decision.previous)
    return found[::-1]
