"""The timer queue against a plain model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.timers import TimerQueue, TimerValues


class Owner:
    def __init__(self):
        self.timer_id = 0


steps = st.lists(
    st.one_of(
        st.tuples(st.just("arm"), st.integers(0, 5), st.integers(0, 50)),
        st.tuples(st.just("clear"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("pass"), st.just(0), st.integers(0, 20)),
    ),
    max_size=60,
)


@given(steps)
def test_timers_fire_once_in_order_and_only_while_armed(actions):
    queue, owners, now, model = TimerQueue(), [Owner() for _ in range(6)], 0, {}
    for what, index, value in actions:
        if what == "arm":
            queue.arm(owners[index], now + value)
            model[index] = now + value
        elif what == "clear":
            queue.clear(owners[index])
            model.pop(index, None)
        else:
            now += value
            fired = []
            while (owner := queue.pop_due(now)) is not None:
                fired.append(owners.index(owner))
            due = sorted((at, index) for index, at in model.items() if at <= now)
            assert sorted(fired) == sorted(index for _, index in due)
            assert [model[index] for index in fired] == [at for at, _ in due]
            for index in fired:
                del model[index]
        assert queue.armed == len(model)
        assert queue.next_deadline() == min(model.values(), default=None)


def test_cleared_timers_do_not_pile_up():
    queue = TimerQueue()
    for _ in range(20_000):
        owner = Owner()
        queue.arm(owner, 185.0)
        queue.clear(owner)
    assert len(queue) <= queue.SLACK + 1
    assert queue.armed == 0


def test_all_durations_follow_t1():
    values = TimerValues(0.1)
    assert (values.t2, values.t4, values.timeout) == pytest.approx((0.8, 1.0, 6.4))
    with pytest.raises(ValueError, match="T1"):
        TimerValues(0)
