"""What Python gives to the distributor, checked: every refusal says what was wrong. The deciding thread only."""

from libc.stdint cimport int32_t, int64_t

from core.acd_state cimport MAX_ENTRIES, STEP_OVERFLOW, STEP_REQUIRE, STRATEGY_COUNT, Plan


cdef inline int check_range(str what, object value, object low, object high) except -1:
    if not low <= value <= high:
        raise ValueError(f"{what} must be {low} to {high}, got {value}")
    return 0


cdef inline list memberships_in(object queues, int agent):
    """(queue, position, penalty) by queue; one that is given as a bare queue stands at the agent's own number."""
    cdef dict found = {}
    for entry in queues:
        queue, position, penalty = entry if isinstance(entry, tuple) else (entry, agent, 0)
        check_range("a position", position, 0, 0x7FFFFFFE)
        found[queue] = (queue, position, penalty)
    return [found[queue] for queue in sorted(found)]


cdef inline list in_time(object steps):
    """Steps by their moments; those of one moment stay in their order."""
    cdef list moments = [step[0] for step in steps]
    return [steps[at] for at in sorted(range(len(moments)), key=moments.__getitem__)]


cdef inline int add_step(Plan* plan, int64_t after_ns, int kind, int32_t value) except -1:
    """The step comes after those that the plan has. `value` exists."""
    cdef int32_t at
    check_range("a step's kind", kind, STEP_REQUIRE, STEP_OVERFLOW)
    if kind == STEP_OVERFLOW:
        for at in range(-1, plan.count):
            if value == (plan.queue if at < 0 else plan.steps[at].value) and (at < 0 or plan.steps[at].kind == STEP_OVERFLOW):
                raise ValueError(f"callers of queue {plan.queue} wait in queue {value} already")
        plan.overflows += 1
        check_range("the number of overflows", plan.overflows, 0, MAX_ENTRIES - 1)
    plan.steps[plan.count].after = after_ns
    plan.steps[plan.count].kind = kind
    plan.steps[plan.count].value = value
    plan.count += 1
    return 0


cdef inline int check_kind(int strategy, int weight, int turn) except -1:
    """What a queue is made of."""
    if not 0 <= strategy < STRATEGY_COUNT:
        raise ValueError(f"unknown strategy {strategy}; use LONGEST_IDLE, RING_ALL or another constant of core.acd")
    check_range("a weight", weight, 1, 10_000)
    check_range("a turn", turn, -1, 1 << 30)
    return 0
