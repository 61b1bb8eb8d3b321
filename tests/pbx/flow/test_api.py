"""Flows in plain Python: the same blocks, the same journey, and scopes that end with the caller."""

from __future__ import annotations

import pkgutil
from typing import Any

import pytest

import pbx.flow
from pbx import flow
from pbx.events import Kind
from pbx.flow import api
from tests.pbx.flow import python_flows
from tests.pbx.flow.test_interpreter import House, said

PYTHON = "tests.pbx.flow.python_flows"


def house(coroutine: str, **settings: Any) -> House:
    return House(flow={"python": f"{PYTHON}:{coroutine}"}, **settings)


def test_every_name_is_there_and_none_is_hidden_by_a_module() -> None:
    modules = {module.name for module in pkgutil.iter_modules(pbx.flow.__path__)}
    assert not modules & set(api.__all__)
    assert [name for name in api.__all__ if getattr(flow, name) is not getattr(api, name)] == []
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        flow.nothing  # noqa: B018


async def test_a_python_flow_leaves_the_journey_of_a_drawn_one() -> None:
    office = house("whole_hotline", queue={"when_no_agents": "wait", "max_wait_s": 60})
    caller = office.call()
    await office.harness.sleep(0.1)
    caller.press("1")
    await caller.over()
    assert office.way() == [("say", "next"), ("what", "1"), ("queue", "timeout"), ("hangup", "end")]
    steps = [event.data for event in office.harness.journey(None, Kind.FLOW_BLOCK)]
    assert [(step["kind"], step["from"]) for step in steps] == [
        ("say", ""),
        ("menu", "say"),
        ("queue", "what"),
        ("hangup", "queue"),
    ]
    assert {step["flow"] for step in steps} == {"hotline"}
    assert steps[2]["duration_s"] == pytest.approx(5, abs=0.01)
    assert said(caller)[-1] == "en:Sorry: timeout"
    await office.close()


@pytest.mark.parametrize(
    ("key", "way"),
    [
        ("2", [("say", "next"), ("what", "2"), ("dial", "answered")]),
        ("3", [("say", "next"), ("what", "3"), ("hangup", "end")]),
        ("", [("say", "next"), ("what", "timeout"), ("hours", "closed")]),
    ],
)
async def test_keys_phones_and_hours(key: str, way: list[tuple[str, str]]) -> None:
    office = house("whole_hotline")
    office.harness.phone("102", answer_after_s=1, talk_s=5)
    office.harness.clock._epoch = 1_790_002_800 - office.harness.clock.monotonic()  # type: ignore[attr-defined]
    caller = office.call()
    await office.harness.sleep(0.5)
    caller.press(key)
    await caller.over()
    assert office.way() == way
    await office.close()


async def test_a_wrong_setting_is_named(caplog: pytest.LogCaptureFixture) -> None:
    office = house("whole_hotline")
    caller = office.call()
    await office.harness.sleep(0.5)
    caller.press("9")
    await caller.over()
    assert "block 'say': tetx: Extra inputs are not permitted" in caplog.text or "block 'say': text" in caplog.text
    assert office.harness.journey(None, Kind.CALL_ENDED)[0].data["cause"] == "error"
    await office.close()


async def test_a_kind_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no kind of block 'mneu'; use one of answer, "):
        api._made("mneu", {})


async def test_a_call_that_is_in_no_python_flow_is_told_so() -> None:
    office = House(one={"kind": "echo"})
    caller = office.call()
    with pytest.raises(RuntimeError, match="is in no flow in Python"):
        await flow.say(caller.call, "x")
    await office.close()


async def test_the_scope_ends_with_the_caller_and_what_follows_has_a_limit() -> None:
    python_flows.AFTERWARDS.clear()
    office = house("afterwards")
    caller = office.call()
    await office.harness.sleep(1)
    caller.hang_up()
    await caller.over()
    assert office.way() == [("menu", "hangup")]
    assert [caller.call.caller] * 2 == python_flows.AFTERWARDS, "the third was after the limit of 10 s"
    assert office.harness.journey(None, Kind.CALL_ENDED)[0].data["ended_by"] == "caller"
    await office.close()


async def test_a_caller_who_stays_goes_on_after_the_scope() -> None:
    python_flows.AFTERWARDS.clear()
    office = house("afterwards")
    caller = office.call()
    await office.harness.sleep(1)
    caller.press("1")
    await caller.over()
    assert office.way() == [("menu", "1"), ("language", "next")]
    assert python_flows.AFTERWARDS == []
    await office.close()


async def test_a_shutdown_ends_the_scope_and_what_follows_it() -> None:
    python_flows.AFTERWARDS.clear()
    office = house("afterwards")
    caller = office.call()
    await office.harness.sleep(1)
    caller.call.terminate()
    await caller.over()
    assert python_flows.AFTERWARDS == []
    assert office.way() == [("menu", "hangup")]
    await office.close()


@pytest.mark.parametrize(("typed", "kept"), [("1234#", "1234"), ("12#", "")])
async def test_digits_recordings_and_messages(typed: str, kept: str) -> None:
    python_flows.AFTERWARDS.clear()
    office = house("collects_and_writes")
    caller = office.call()
    await office.harness.sleep(0.5)
    caller.press(typed)
    await caller.over()
    assert [block for block, _ in office.way()] == ["collect", "record", "record", "sms"]
    assert office.way()[-1] == ("sms", "failed"), "messages are not enabled here"
    assert [kept] == python_flows.AFTERWARDS
    await office.close()
