"""Calls to overflow partners: caps, hours, what a call is worth, whispers, and what they cost in the end."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.call.trunks.ledger import Ledger
from pbx.clock import VirtualClock
from pbx.config_overflow import Partner
from pbx.events import Kind
from pbx.flow.partners import Partners
from tests.pbx.flow.equipped import EquippedHouse, said

END = {"kind": "hangup"}
HOURS = {"name": "works", "timezone": "UTC"}


def partner(**more: Any) -> dict[str, Any]:
    return {"name": "centre", "target": "102", "rate_per_minute": 0.6, "currency": "PLN", "max_calls": 2, **more}


def blocks(**settings: Any) -> dict[str, Any]:
    block = {"kind": "overflow", "partner": "centre", "cap": "full", "no_answer": "sorry", "timeout_s": 10, **settings}
    dear = {"dear": {"kind": "say", "text": "Please wait", "next": "end"}} if "not_worth" in settings else {}
    return {
        "over": block,
        "full": {"kind": "say", "text": "Cap {overflow.result}", "next": "end"},
        "sorry": {"kind": "say", "text": "Sorry {overflow.result}", "next": "end"},
        **dear,
        "end": END,
    }


def house(settings: dict[str, Any] | None = None, **more: Any) -> EquippedHouse:
    config = {"partner": [partner(**more)], "hours": [HOURS]}
    return EquippedHouse(blocks(**(settings or {})), config=config, extensions=("101", "102"))


async def test_a_call_is_given_whispered_about_and_paid_for() -> None:
    here = house({"text": "One moment", "whisper": "A call for {call.called}", "queue": "sales"}, value=100.0)
    here.harness.phone("101", answer_after_s=None)
    here.harness.phone("102", answer_after_s=2.0, talk_s=30.0)
    here.queues.queues["sales"].agents.clear()
    caller = await here.run()
    assert said(caller)[0] == "One moment"
    assert here.way() == ["over:answered"]
    (told,) = here.told(Kind.OVERFLOW_TRIED)
    assert (told["result"], told["partner"], told["giving_up"], told["loss"]) == ("answered", "centre", 1.0, 100.0)
    assert 28.0 < told["talk_s"] < 30.0
    assert told["billed_s"] == 30, "the whisper is paid for as well: it began with the answer"
    assert told["cost"] == pytest.approx(0.6 * told["billed_s"] / 60)
    (row,) = here.equipment.partners.rows()
    assert (row["calls"], row["running"]) == (1, 0)
    assert row["today_money"] == pytest.approx(told["cost"])
    await here.close()


async def test_nobody_answers_there_and_nothing_is_paid() -> None:
    here = house()
    here.harness.phone("102", answer_after_s=None)
    assert said(await here.run())[-1] == "Sorry no_answer"
    (told,) = here.told(Kind.OVERFLOW_TRIED)
    assert (told["result"], told["cost"], told["talk_s"]) == ("no_answer", 0.0, 0.0)
    assert here.equipment.partners.rows()[0]["running"] == 0
    await here.close()


async def test_whoever_has_to_press_1_and_does_not_is_hung_up() -> None:
    here = house({"confirm": True})
    here.harness.phone("102", answer_after_s=1.0, talk_s=60.0)
    assert said(await here.run())[-1] == "Sorry no_answer"
    (told,) = here.told(Kind.OVERFLOW_TRIED)
    assert told["result"] == "no_answer"
    assert told["cost"] > 0, "it was answered, so it costs"
    await here.close()


async def test_a_closed_partner_is_passed_by() -> None:
    here = house(hours="works")
    assert said(await here.run()) == ["Cap closed"]
    await here.close()


async def test_waiting_is_cheaper_while_an_agent_is_free() -> None:
    here = house({"queue": "sales", "not_worth": "dear"}, value=100.0)
    here.harness.phone("101", answer_after_s=None)
    assert said(await here.run()) == ["Please wait"]
    (told,) = here.told(Kind.OVERFLOW_TRIED)
    assert (told["result"], told["giving_up"], told["loss"]) == ("not_worth", 0.0, 0.0)
    await here.close()


# -- the book alone ---------------------------------------------------------------------------------------------------


def book(keeper: MemoryKeeper | None = None, clock: VirtualClock | None = None, **more: Any) -> Partners:
    keeper, clock = keeper or MemoryKeeper(), clock or VirtualClock(1_790_000_000.0)
    return Partners([Partner.model_validate(partner(**more))], Ledger(clock, keeper), keeper)


def test_places_are_counted_and_given_back() -> None:
    partners = book()
    state = partners.find("centre")
    assert state is not None
    first, _second = partners.begin(state), partners.begin(state)
    assert partners.judge(state).result == "cap"
    assert partners.end(state, first, 0.0) is None
    assert partners.judge(state).result == ""


@pytest.mark.parametrize(
    ("caps", "result"),
    [
        ({"money_per_day": 0.5}, "cap"),
        ({"money_per_month": 0.5}, "cap"),
        ({"minutes_per_day": 0.9}, "cap"),
        ({"money_per_day": 1.0, "minutes_per_day": 2, "money_per_month": 50}, ""),
    ],
)
def test_what_was_spent_counts_over_a_restart(caps: dict[str, float], result: str) -> None:
    keeper = MemoryKeeper()
    clock = VirtualClock(1_790_000_000.0)
    Ledger(clock, keeper).charge("partner:centre", 60.0, 600_000)
    partners = book(keeper, clock, **caps)
    state = partners.find("centre")
    assert state is not None
    assert partners.judge(state).result == result
    assert partners.rows()[0]["today_money"] == 0.6


@pytest.mark.parametrize(
    ("share", "value", "result"),
    [(0.5, 4.0, ""), (0.5, 3.5, "not_worth"), (0.0, 1e6, "not_worth"), (1.0, 1.81, ""), (1.0, 1.8, "not_worth")],
)
def test_a_call_goes_there_when_the_loss_to_be_expected_is_above_its_price(
    share: float, value: float, result: str
) -> None:
    partners = book(value=value, talk_s=180.0)  # three minutes at 0.60: 1.80
    state = partners.find("centre")
    assert state is not None
    verdict = partners.judge(state, lambda: share)
    assert (verdict.result, verdict.price, verdict.loss) == (result, 1.8, share * value)
    assert partners.judge(state).result == "", "without a queue it is not weighed"


def test_a_new_list_keeps_what_is_known_and_calls_that_run() -> None:
    partners = book()
    state = partners.find("centre")
    assert state is not None
    meter = partners.begin(state)
    partners.reconfigure([Partner.model_validate(partner(max_calls=1))])
    changed = partners.find("centre")
    assert changed is not None
    assert partners.judge(changed).result == "cap"
    partners.end(state, meter, 0.0)
    assert partners.judge(changed).result == ""
    assert math.isclose(changed.talk_s, 180.0)
