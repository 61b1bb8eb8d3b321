"""Calls of the past go through drafts: what is the same, what is not, and what nobody can know."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.flow.rehearsal.rehearse import rehearse
from pbx.flow.rehearsal.script import Caller
from pbx.flow.replay.past import PastCall, read_past, while_there
from pbx.flow.replay.replay import Replayed, replay
from pbx.flow.replay.summary import summed
from tests.pbx.flow.rehearsal.support import BLOCKS, hotline

ONE = [{"hears": "press one"}, {"press": "1"}]
PEOPLE: dict[str, dict[str, Any]] = {
    "served": {"steps": ONE, "queues": {"sales": {"after_s": 12, "talk_s": 30}}},
    "hangs up in the talk": {"steps": [*ONE, {"connected": "sales"}, {"wait_s": 7}, "hang_up"]},
    "gives up": {"steps": [*ONE, {"wait_s": 20}, "hang_up"], "queues": {"sales": {"after_s": 25}}},
    "times out": {"steps": ONE, "queues": {"sales": {"after_s": 900}}},
    "full": {"steps": ONE, "queues": {"sales": {"outcome": "full"}}},
    "leaves by a key": {"steps": [*ONE, {"wait_s": 5}, {"press": "5"}]},
    "phone": {"steps": [{"press": "2", "after_s": 1}]},
    "phone is busy": {"steps": [{"press": "2", "after_s": 1}], "phones": {"102": {"outcome": "busy"}}},
    "says nothing": {},
    "hangs up in the greeting": {"steps": [{"wait_s": 0.3}, "hang_up"]},
    "hangs up at the menu": {"steps": [{"hears": "press one"}, {"wait_s": 2}, "hang_up"]},
    "at night": {"at": "2026-11-23T20:00"},
}


def past_of(name: str, **blocks: dict[str, Any]) -> PastCall:
    flow, config = hotline(**blocks)
    outcome = rehearse(flow, Caller.model_validate({"name": name, **PEOPLE[name]}), config, {})
    found = read_past("1" * 32, outcome.events, "hotline")
    assert found is not None
    return found


def led(name: str, **draft: dict[str, Any]) -> Replayed:
    flow, config = hotline(**draft)
    return replay(past_of(name), flow, config, {})


@pytest.mark.parametrize("name", PEOPLE)
def test_the_same_flow_is_gone_through_in_the_same_way(name: str) -> None:
    found = led(name)
    assert (found.verdict, found.why) == ("same", "")
    assert found.end_draft == found.end_then


@pytest.mark.parametrize(
    ("name", "draft", "verdict", "end"),
    [
        # a shorter limit of the wait
        ("served", {"sales": {**BLOCKS["sales"], "max_wait_s": 5}}, "another_end", "ended at late"),
        ("gives up", {"sales": {**BLOCKS["sales"], "max_wait_s": 5}}, "another_end", "ended at late"),
        ("gives up", {"sales": {**BLOCKS["sales"], "max_wait_s": 25}}, "same", "gave up waiting in sales"),
        # other keys of the menu
        ("served", {"ask": {**BLOCKS["ask"], "keys": {"1": "phone", "2": "sales", "3": "echo"}}}, "unknown", "unknown"),
        ("at night", {"ask": {**BLOCKS["ask"], "keys": {"1": "phone", "2": "sales", "3": "echo"}}}, "same", None),
        ("served", {"ask": {**BLOCKS["ask"], "keys": {"2": "sales", "3": "phone", "4": "echo"}}}, "unknown", "unknown"),
        # what was not asked
        ("says nothing", {"ask": {**BLOCKS["ask"], "timeout": "sales"}}, "unknown", "unknown"),
        ("says nothing", {"ask": {**BLOCKS["ask"], "timeout": "late"}}, "another_end", "ended at late"),
        # a greeting more
        ("served", {"hello": {**BLOCKS["hello"], "next": "more"}, "more": {**BLOCKS["hello"]}}, "another_way", None),
        # other hours
        ("at night", {"when": {**BLOCKS["when"], "closed": "hello", "holiday": "night"}}, "unknown", "unknown"),
        # another name of the queue's block
        ("phone is busy", {"phone": {**BLOCKS["phone"], "busy": "bye"}}, "another_end", "ended at bye"),
    ],
)
def test_a_draft_leads_elsewhere(name: str, draft: dict[str, Any], verdict: str, end: str | None) -> None:
    found = led(name, **draft)
    assert (found.verdict, found.why if verdict != "unknown" else "") == (verdict, ""), found
    if end is not None:
        assert found.end_draft == end


def test_what_cannot_be_known_is_said_with_the_place() -> None:
    found = led("says nothing", ask={**BLOCKS["ask"], "timeout": "sales"})
    assert found.why == "sales: he never waited in queue 'sales'"
    assert found.draft == [("when", "open"), ("hello", "next"), ("ask", "timeout")]
    gone = led("served", ask={**BLOCKS["ask"], "keys": {"2": "sales", "3": "phone", "4": "echo"}})
    assert gone.why == "ask: menu 'ask' was left by '1', which is no exit now"
    beyond = led("times out", sales={**BLOCKS["sales"], "max_wait_s": 60})
    assert "beyond the limit" in beyond.why
    condition = {"kind": "condition", "when": "queue.sales.waiting > 3", "true": "hello", "false": "hello"}
    lacking = led("served", when={**BLOCKS["when"], "open": "if"}, **{"if": condition})
    assert lacking.why.startswith("a value was not known")


def test_a_queue_is_known_by_its_own_name_too() -> None:
    draft = {"ask": {**BLOCKS["ask"], "keys": {"1": "buy", "2": "phone", "3": "echo"}}, "buy": BLOCKS["sales"]}
    flow, config = hotline(**draft, sales={"kind": "hangup"}, echo={"kind": "say", "text": "x", "next": "sales"})
    found = replay(past_of("served"), flow, config, {})
    assert (found.verdict, found.end_draft) == ("another_way", "served by an agent")


def test_the_sum_of_many_calls() -> None:
    draft = {**BLOCKS["sales"], "max_wait_s": 5}
    found = summed("hotline", [led(name, sales=draft) for name in PEOPLE])
    assert found["calls"] == len(PEOPLE)
    assert sum(found["verdicts"].values()) == len(PEOPLE)
    assert found["verdicts"]["another_end"] >= 3
    timeouts = next(row for row in found["exits"] if (row["block"], row["exit"]) == ("sales", "timeout"))
    assert timeouts["draft"] > timeouts["then"]
    assert {diff["verdict"] for diff in found["diffs"]} <= {"another_end", "another_way", "unknown"}
    assert {row["end"] for row in found["ends"]} >= {"served by an agent", "ended at late"}


def test_a_call_without_the_flow_is_none() -> None:
    flow, config = hotline()
    outcome = rehearse(flow, Caller(name="x"), config, {})
    assert read_past("1", outcome.events, "other") is None


def test_steps_after_a_hang_up_are_nobodys_way() -> None:
    assert while_there([("say", "next"), ("menu", "hangup"), ("sms", "sent")]) == 2
    assert while_there([("menu", "hangup"), ("flow", "hangup"), ("flow", "hangup"), ("sms", "sent")]) == 3
    assert while_there([("say", "next")]) == 1
