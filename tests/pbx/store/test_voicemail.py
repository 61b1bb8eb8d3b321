"""Messages and results of test calls in a real database; calls that were tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pbx.clock import SystemClock
from pbx.config import Config
from pbx.events import CallEvent, EventBus, Kind
from pbx.reporting.redials import redial_figures
from pbx.reporting.reporter import Reporter
from pbx.reporting.request import Request
from pbx.selftest.result import Result, StepResult
from pbx.store.errors import StoreError
from pbx.store.fold import CallFold
from pbx.store.selftest import StoredResults
from pbx.store.store import Store
from pbx.store.voicemail import StoredMessages
from pbx.voicemail.message import Message, MessageState, WrongMessageState

MESSAGE = Message(
    id="a" * 32,
    box="sales",
    caller="+48600100200",
    caller_name="Żółć",
    call_id="b" * 32,
    at=1_790_000_000.25,
    file="voicemail/sales/a.wav",
    language="pl",
    state=MessageState.KEPT,
    duration_s=12.5,
    heard=1_790_000_001.5,
    saved=True,
    deleted=1_790_000_002.0,
    contact="c" * 32,
    recovered=True,
)


def config_of(folder: Path) -> Config:
    return Config.model_validate({"server": {"data_dir": str(folder)}})


async def test_messages_survive_and_go(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    store = Store(config, EventBus(), SystemClock())
    await store.start()
    await store.voicemail.write(replace(MESSAGE, state=MessageState.RECORDING))
    await store.voicemail.write(MESSAGE)
    await store.voicemail.write(replace(MESSAGE, id="d" * 32))
    await store.voicemail.erase("d" * 32)
    await store.stop()
    again = Store(config, EventBus(), SystemClock())
    await again.start()
    assert again.voicemail.load() == [MESSAGE]
    await again.stop()


async def test_results_survive(tmp_path: Path) -> None:
    store = Store(config_of(tmp_path), EventBus(), SystemClock())
    await store.start()
    steps = [
        StepResult("Naciśnij jeden.", True, 0.98, 0.4, "1", None),
        StepResult("Dalej.", False, 0.2, -1.0, "", 80.5),
    ]
    first = Result("a" * 32, "hotline", "carrier", "600", 10.5, 20.5, True, "", 0.2, 0.4, 4.1, 500, 480, 2, steps=steps)
    later = replace(first, id="b" * 32, name="other", started=11.0, passed=False, reason="one-way audio", mos=None)
    for result in (first, later):
        await store.selftests.write(result)
    assert list(await store.selftests.results("", 10)) == [later, first]
    assert list(await store.selftests.results("hotline", 10)) == [first]
    await store.stop()


async def test_before_the_start_nothing_is_promised() -> None:
    with pytest.raises(StoreError):
        await StoredMessages().write(MESSAGE)
    with pytest.raises(StoreError):
        await StoredResults().results("", 1)


def test_a_message_moves_one_way() -> None:
    erased = replace(MESSAGE, state=MessageState.RECORDING).moved(MessageState.KEPT).moved(MessageState.ERASED)
    with pytest.raises(WrongMessageState, match="is erased"):
        erased.moved(MessageState.KEPT)


def test_a_test_call_has_a_record_and_no_visit() -> None:
    fold = CallFold("a" * 32)
    fold.add(Kind.CALL_STARTED, "a", 1, {"direction": "inbound", "caller": "1", "callee": "600"})
    fold.add(Kind.TEST_CALL, "a", 2, {"test": "hotline", "far": True})
    fold.add(Kind.QUEUE_JOINED, "a", 3, {"queue": "sales", "position": 1})
    fold.add(Kind.QUEUE_ABANDONED, "a", 4, {"queue": "sales", "wait_s": 1.0})
    fold.add(Kind.CALL_ENDED, "a", 5, {"cause": "normal", "ended_by": "caller"})
    assert fold.visit_records() == []
    assert (fold.cdr().test, fold.cdr().queue) == ("hotline", "sales")


async def test_figures_of_a_day_leave_tests_out(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    bus = EventBus()
    store = Store(config, bus, SystemClock())
    await store.start()
    now = SystemClock().unix()
    for name, at, test, talks in (("a", 0, True, False), ("b", 0, False, False), ("c", 60, False, True)):
        call = name * 32
        started = {"direction": "inbound", "caller": "+48600100200", "callee": "600"}
        bus.publish(CallEvent(Kind.CALL_STARTED, call, "a", now + at, started))
        if test:
            bus.publish(CallEvent(Kind.TEST_CALL, call, "a", now + at, {"test": "hotline"}))
        if talks:
            bus.publish(CallEvent(Kind.BRIDGE_STARTED, call, "a", now + at + 5, {"with_leg": "b1"}))
        bus.publish(CallEvent(Kind.CALL_ENDED, call, "a", now + at + 10, {"cause": "normal", "ended_by": "caller"}))
    assert await store.stop() == 0
    with Reporter.open(config) as reporter:
        report = reporter.summary(now - 1)
        assert report.calls.calls == 2
        with reporter.connection() as connection:
            figures = redial_figures(connection, Request(report.interval, ZoneInfo("UTC"), 0))
    assert figures.waits_s == {2: [pytest.approx(65.0)]}
    assert figures.gave_up == {}
