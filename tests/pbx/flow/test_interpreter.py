"""Flows with callers, on fakes in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.testing import CallHarness, FakeCaller
from pbx.config import Agent, Config, Flow, Hours, Queue
from pbx.events import Kind
from pbx.flow.interpreter import Flows
from pbx.flow.loader import load_flows
from pbx.queue.service import QueueService

END = {"kind": "hangup"}


class House:
    """Flow "hotline" of the given blocks, a queue "sales" served by 101, opening hours "office"."""

    def __init__(
        self, *, flow: dict[str, Any] | None = None, queue: dict[str, Any] | None = None, **blocks: Any
    ) -> None:
        entry = Flow.model_validate(
            {"name": "hotline", "start": next(iter(blocks), ""), "block": blocks, **(flow or {})}
        )
        quiet = {"announce_position": False, "announce_wait": False, "record": False}
        config = Config(
            agent=[Agent(extension="101", initial_state="available")],
            queue=[Queue(**{"name": "sales", "agents": ["101"], **quiet, **(queue or {})})],
            hours=[Hours(name="office", timezone="Europe/Warsaw", mon=["09:00-17:00"], closed=["2026-09-28"])],
            flow=[entry],
        )
        self.harness = CallHarness(config, extensions=("101", "102"))
        self.queues = QueueService(self.harness.services)
        self.queues.start()
        self.flows = Flows(load_flows(config))
        self.harness.services.applications.register("flow", self.flows.application)

    def call(self, **setup: Any) -> FakeCaller:
        return self.harness.call("flow:hotline", **setup)

    def way(self, caller: FakeCaller | None = None) -> list[tuple[str, str]]:
        """(block, exit) of every block that ran."""
        events = self.harness.journey(caller.call if caller else None, Kind.FLOW_BLOCK)
        return [(event.data["block"], event.data["exit"]) for event in events]

    async def close(self) -> None:
        await self.harness.close()
        self.queues.stop()


def said(caller: FakeCaller) -> list[str]:
    return [text for _, text in caller.heard]


async def test_a_menu_leads_to_the_queue_and_the_trace_shows_the_way() -> None:
    house = House(
        hello={"kind": "say", "text": "Hello", "next": "menu"},
        menu={"kind": "menu", "text": "Press one", "keys": {"1": "sales", "2": "bye"}},
        sales={"kind": "queue", "queue": "sales"},
        bye=END,
    )
    house.harness.phone("101", answer_after_s=1, talk_s=20)
    caller = house.call()
    await house.harness.sleep(0.4)
    assert caller.status == 200
    await house.harness.sleep(0.5)
    caller.press("1")
    await caller.over()
    assert said(caller)[:3] == ["en:Hello", "en:Press one", "music:default"]
    assert house.way() == [("hello", "next"), ("menu", "1"), ("sales", "answered")]
    assert house.harness.journey(None, Kind.QUEUE_ANSWERED)
    assert house.harness.journey(None, Kind.CALL_ENDED)[0].data["ended_by"] == "callee"
    await house.close()


@pytest.mark.parametrize(
    ("known", "way"),
    [
        ({"tag": "Spring", "caller_country": "RU"}, "tags:spring"),
        ({"caller_region": "Санкт-Петербург", "caller_country": "RU"}, "regions:санкт-петербург"),
        ({"caller_region": "Тверская обл.", "caller_country": "RU", "caller_type": "fixed"}, "countries:ru"),
        ({"caller_country": "PL", "caller_type": "mobile"}, "types:mobile"),
        ({"withheld": True}, "types:anonymous"),
        ({"caller_country": "PL"}, "other"),
        ({}, "other"),
    ],
)
async def test_what_is_known_of_the_number_chooses_the_way(known: dict[str, Any], way: str) -> None:
    house = House(
        who={
            "kind": "caller",
            "tags": {"spring": "bye"},
            "regions": {"Санкт-Петербург": "bye"},
            "countries": {"RU": "bye"},
            "types": {"mobile": "bye", "anonymous": "bye"},
            "other": "bye",
        },
        bye=END,
    )
    caller = house.call(**known)
    await caller.over()
    assert house.way()[0] == ("who", way)
    await house.close()


@pytest.mark.parametrize("method", ["rfc4733", "info", "inband"])
async def test_digits_count_however_they_come(method: str) -> None:
    house = House(menu={"kind": "menu", "text": "Press", "keys": {"12": "bye", "#": "bye"}}, bye=END)
    caller = house.call()
    await house.harness.sleep(0.1)
    caller.press("12", method)
    await caller.over()
    assert house.way()[0] == ("menu", "12")
    await house.close()


async def test_a_menu_says_its_text_again_and_then_gives_up() -> None:
    house = House(
        menu={
            "kind": "menu",
            "text": "Press",
            "keys": {"1": "bye"},
            "retries": 1,
            "timeout_s": 3,
            "invalid_text": "Not so",
            "timeout": "late",
            "invalid": "wrong",
        },
        late={"kind": "hangup", "text": "Too late"},
        wrong={"kind": "hangup", "text": "Wrong"},
        bye=END,
    )
    silent = house.call()
    await silent.over()
    assert said(silent) == ["en:Press", "en:Press", "en:Too late"]
    confused = house.call()
    await house.harness.sleep(1)
    confused.press("9")
    await house.harness.sleep(1.2)
    confused.press("8")
    await confused.over()
    assert said(confused) == ["en:Press", "en:Not so", "en:Press", "en:Wrong"]
    assert house.way(confused) == [("menu", "invalid"), ("wrong", "end")]
    await house.close()


async def test_a_digit_that_ends_an_announcement_is_the_menus_first() -> None:
    house = House(
        long={"kind": "say", "text": "x" * 150, "interruptible": True, "next": "menu"},
        menu={"kind": "menu", "text": "Press", "keys": {"2": "bye"}},
        bye=END,
    )
    caller = house.call()
    await house.harness.sleep(2)
    caller.press("2")
    await caller.over()
    assert house.way() == [("long", "next"), ("menu", "2"), ("bye", "end")]
    assert "en:Press" not in said(caller)
    await house.close()


@pytest.mark.parametrize(
    ("unix", "exit_name"),
    [
        (1_789_974_000, "open"),  # Monday 2026-09-21 09:00 in Warsaw
        (1_789_973_940, "closed"),  # 08:59
        (1_790_002_800, "closed"),  # 17:00
        (1_790_578_800, "holiday"),  # the next Monday, listed as closed
    ],
)
async def test_opening_hours_choose_the_way(unix: float, exit_name: str) -> None:
    house = House(
        when={"kind": "hours", "hours": "office", "open": "day", "closed": "night"},
        day={"kind": "say", "text": "Day", "next": "night"},
        night={"kind": "hangup", "text": "Night"},
    )
    house.harness.clock._epoch = unix - house.harness.clock.monotonic()  # type: ignore[attr-defined]
    caller = house.call()
    await caller.over()
    assert house.way()[0] == ("when", exit_name)
    assert said(caller)[0] == ("en:Day" if exit_name == "open" else "en:Night")
    await house.close()


async def test_a_caller_who_is_not_served_goes_on_where_the_exit_leads() -> None:
    house = House(
        sales={"kind": "queue", "queue": "sales", "max_wait_s": 5, "timeout": "sorry"},
        sorry={"kind": "hangup", "text": "Sorry"},
    )
    caller = house.call()
    await caller.over()
    assert house.way() == [("sales", "timeout"), ("sorry", "end")]
    assert said(caller)[-1] == "en:Sorry"
    await house.close()


async def test_a_caller_who_is_not_served_is_told_so_when_no_exit_is_wired() -> None:
    house = House(sales={"kind": "queue", "queue": "sales"}, queue={"when_no_agents": "leave"})
    caller = house.call()
    await caller.over()
    assert house.way() == [("sales", "no_agents")]
    assert said(caller)[-1].startswith("en:We cannot take your call")
    await house.close()


async def test_dial_leaves_by_what_became_of_it() -> None:
    house = House(
        first={"kind": "dial", "target": "101", "busy": "second", "timeout_s": 10},
        second={"kind": "dial", "target": "102", "no_answer": "third", "timeout_s": 10},
        third={"kind": "dial", "target": "102", "failed": "bye", "answered": "thanks"},
        thanks={"kind": "hangup", "text": "Thanks"},
        bye=END,
    )
    house.harness.phone("101", answer_after_s=1, refuse=486)
    phone = house.harness.phone("102", answer_after_s=None)
    caller = house.call()
    await house.harness.sleep(12)
    phone.answer_after_s, phone.talk_s = 1, 5
    phone.final(phone.sessions[-1])
    await caller.over()
    assert house.way() == [("first", "busy"), ("second", "no_answer"), ("third", "answered"), ("thanks", "end")]
    await house.close()


async def test_language_changes_what_is_spoken() -> None:
    text = {"pl": "Cześć", "ru": "Привет", "en": "Hello"}
    house = House(
        flow={"language": "pl"},
        one={"kind": "say", "text": text, "next": "two"},
        two={"kind": "language", "language": "ru", "next": "three"},
        three={"kind": "hangup", "text": text},
    )
    caller = house.call()
    await caller.over()
    assert said(caller) == ["pl:Cześć", "ru:Привет"]
    await house.close()


async def test_early_announcements_cost_nothing_and_a_refusal_is_a_status() -> None:
    house = House(
        one={"kind": "say", "text": "Not today", "early": True, "next": "two"}, two={"kind": "hangup", "cause": "busy"}
    )
    caller = house.call()
    await caller.over()
    assert said(caller) == ["en:Not today"]
    assert caller.status == 486
    await house.close()


async def test_answer_rings_first() -> None:
    house = House(one={"kind": "answer", "ring_s": 4, "next": "two"}, two=END)
    caller = house.call()
    await house.harness.sleep(3)
    assert caller.status == 0
    await caller.over()
    assert caller.session.sent[0] == ("progress", 180)
    assert caller.status == 200
    await house.close()


async def test_play_and_echo() -> None:
    house = House(one={"kind": "play", "sound": "jingle", "next": "two"}, two={"kind": "echo"})
    caller = house.call()
    await house.harness.sleep(70)
    assert said(caller) == ["music:jingle"]
    assert caller.media.echoing
    caller.hang_up()
    await caller.over()
    assert house.way() == [("one", "next"), ("two", "hangup")]
    await house.close()


async def test_a_python_flow_uses_the_same_calls() -> None:
    house = House(flow={"python": "tests.pbx.flow.python_flows:greet_and_echo"})
    caller = house.call()
    await caller.over()
    assert said(caller) == ["en:Hello"]
    await house.close()


async def test_a_circle_over_a_full_queue_ends_the_call_and_not_the_process() -> None:
    house = House(one={"kind": "queue", "queue": "sales", "no_agents": "one"}, queue={"when_no_agents": "leave"})
    caller = house.call()
    await caller.over()
    assert house.harness.journey(None, Kind.CALL_ENDED)[0].data["cause"] == "error"
    await house.close()
