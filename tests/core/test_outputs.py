"""Outputs are done in order, those that come meanwhile too; a listener that fails costs the rest nothing."""

from __future__ import annotations

import gc
import heapq
import random
import sys
import weakref
from collections import deque
from typing import Any

import pytest

from core.outputs import ClearTimer, Pump, Send, SetTimer, Terminated, ToUser
from core.timers import TimerQueue

NEVER = float("inf")


class Owner:
    def __init__(self) -> None:
        self.timer_id = 0
        self.told: list[object] = []

    def forget(self) -> None:
        self.told.append("forgotten")


def nobody(output: object) -> None:
    raise AssertionError(output)


def execute(
    out: deque[Any], timers: TimerQueue, send: Any, failed: Any, now: float = 100.0, wake_at: float = NEVER
) -> list[float]:
    """What the loop is asked to wake up at."""
    woken: list[float] = []
    pump = Pump(out, timers, {}, send, failed, woken.append)
    pump.wake_at = wake_at
    pump()
    assert not woken  # not started yet
    pump.clock = lambda: now
    pump()
    return woken


def test_everything_is_done_in_order_and_the_earliest_deadline_told() -> None:
    out: deque[Any] = deque()
    timers, owner, other, done = TimerQueue(), Owner(), Owner(), []

    def again(first: int, second: str) -> None:
        done.append((first, second))
        out.append(Send(b"later", "there"))

    out.extend((Send(b"now", "here", owner), ToUser(again, 1, "two"), SetTimer(owner, 5.0), SetTimer(other, 2.5)))
    out.extend((ClearTimer(owner), Terminated(owner)))
    assert execute(out, timers, done.append, nobody) == [102.5]
    assert [getattr(entry, "data", entry) for entry in done] == [b"now", (1, "two"), b"later"]
    assert (done[0].destination, done[0].owner, done[2].owner) == ("here", owner, None)
    assert owner.told == ["forgotten"]
    assert (timers.armed, timers.next_deadline(), not out) == (1, 102.5, True)
    out.append(SetTimer(owner, 1.0))
    assert execute(out, timers, nobody, nobody, wake_at=50.0) == []


def test_a_listener_that_raises_is_reported_and_the_rest_goes_on() -> None:
    out: deque[Any] = deque()
    failed, sent = [], []

    def report(output: ToUser) -> None:
        failed.append((output, sys.exc_info()[1]))

    out.extend((ToUser(nobody, "x"), Send(b"after", None)))
    execute(out, TimerQueue(), sent.append, report)
    assert isinstance(failed[0][1], AssertionError)
    assert failed[0][0].arguments == ("x",)
    assert [output.data for output in sent] == [b"after"]


def test_within_itself_it_does_nothing() -> None:
    out: deque[Any] = deque()
    done: list[str] = []
    pump = Pump(out, TimerQueue(), {}, nobody, nobody, nobody)
    pump.clock = lambda: 0.0

    def inner() -> None:
        out.append(ToUser(done.append, "second"))
        pump()
        done.append("first")

    out.append(ToUser(inner))
    pump()
    assert done == ["first", "second"]


def test_what_sending_raises_comes_through_and_the_rest_waits() -> None:
    out: deque[Any] = deque((Send(b"a", None), Send(b"b", None)))
    with pytest.raises(AssertionError):
        execute(out, TimerQueue(), nobody, nobody)
    assert [output.data for output in out] == [b"b"]


def test_something_else_is_refused() -> None:
    with pytest.raises(TypeError):
        execute(deque(["?"]), TimerQueue(), nobody, nobody)
    with pytest.raises(TypeError):
        Send("text", None)  # type: ignore[arg-type]


def test_thousands_of_timers_come_up_in_the_order_of_a_plain_heap() -> None:
    chance, queue = random.Random(51), TimerQueue()
    model: list[tuple[float, int]] = []
    owners: list[Owner] = []
    for number in range(5000):
        owners.append(Owner())
        deadline = chance.choice((0.5, 4.0, 5.0, 32.0)) + chance.randrange(100) / 10
        queue.arm(owners[-1], deadline)
        if chance.random() < 0.7:
            queue.clear(owners[-1])
        else:
            heapq.heappush(model, (deadline, number))
    assert queue.armed == len(model)
    while model:
        deadline, number = heapq.heappop(model)
        assert queue.next_deadline() == deadline
        assert queue.pop_due(deadline) is owners[number]
    assert queue.pop_due(NEVER) is None
    assert (len(queue), queue.armed) == (0, 0)


def test_a_queue_in_a_cycle_with_its_owners_is_collected() -> None:
    queue, owner = TimerQueue(), Owner()
    owner.told.append(queue)
    queue.arm(owner, 5.0)
    gone = weakref.ref(owner)
    del queue, owner
    gc.collect()
    assert gone() is None
