"""Who is on duty, and how they are rung; hours with exceptions that have a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pbx.calendars.book import Days
from pbx.calendars.reader import Event
from pbx.call.hours import OpeningHours
from pbx.config import Hours
from pbx.config_blocks import Rota
from pbx.events import Kind
from pbx.flow.duty import Duty
from tests.pbx.flow.equipped import EquippedHouse, said

WARSAW = ZoneInfo("Europe/Warsaw")
PEOPLE = [{"name": name, "targets": [target]} for name, target in (("Ola", "101"), ("Jan", "102"), ("Ewa", "103"))]
END = {"kind": "hangup"}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW).timestamp()


def duty(events: dict[float, list[str]] | None = None, **rota: Any) -> Duty:
    told = events or {}
    config = Rota.model_validate({"name": "night", "person": PEOPLE, "timezone": "Europe/Warsaw", **rota})
    return Duty(config, "UTC", lambda _names, unix: told.get(unix, []))


@pytest.mark.parametrize(
    ("moment", "people"),
    [
        ("2026-11-23T19:00", ["Ola", "Ewa"]),  # a Monday
        ("2026-11-24T07:59", ["Ola", "Ewa"]),
        ("2026-11-24T08:00", ["Ewa"]),
        ("2026-11-28T12:00", ["Jan", "Ewa"]),  # a Saturday
        ("2026-11-29T00:00", ["Ewa"]),
    ],
)
def test_shifts_go_over_midnight(moment: str, people: list[str]) -> None:
    shifts = [
        {"days": ["mon"], "start": "18:00", "end": "08:00", "people": ["Ola"]},
        {"days": ["sat"], "people": ["Jan"]},
    ]
    assert duty(shifts=shifts, fallback=["Ewa"]).people(at(moment)) == people


@pytest.mark.parametrize(
    ("moment", "person"),
    [
        ("2026-01-05T08:59", "Jan"),
        ("2026-01-05T09:00", "Ola"),
        ("2026-01-12T08:59", "Ola"),
        ("2026-01-12T09:00", "Jan"),
        ("2026-01-19T09:00", "Ola"),
        ("2026-03-30T09:00", "Ola"),  # the day after the clocks were put forward: the twelfth week
        ("2025-12-29T09:00", "Jan"),  # before the first turn
    ],
)
def test_turns_by_the_week_on_the_wall_clock(moment: str, person: str) -> None:
    rota = duty(turns=["Ola", "Jan"], turns_from="2026-01-05", turn_hour=9)
    assert rota.people(at(moment)) == [person]


def test_a_calendar_goes_before_the_rest_and_knows_people_by_name() -> None:
    moment = at("2026-11-23T19:00")
    rota = duty({moment: ["Holiday", "EWA"]}, calendar="oncall", turns=["Ola"], turns_from="2026-01-05")
    assert rota.people(moment) == ["Ewa"]
    assert rota.people(moment + 1) == ["Ola"]
    assert duty().people(moment) == []


def ringing(**settings: Any) -> dict[str, Any]:
    block = {"kind": "on_duty", "rota": "night", "ring_s": 5, "no_answer": "sorry", "nobody": "none", **settings}
    return {
        "ring": block,
        "sorry": {"kind": "say", "text": "Sorry {on_duty.person}", "next": "end"},
        "none": {"kind": "say", "text": "Nobody", "next": "end"},
        "end": END,
    }


def on_duty(**rota: Any) -> dict[str, Any]:
    return {"rota": [{"name": "night", "person": PEOPLE, **rota}]}


async def test_one_after_the_other_is_rung_until_somebody_answers() -> None:
    house = EquippedHouse(
        ringing(text="Please hold"), config=on_duty(fallback=["Ola", "Jan"]), extensions=("101", "102", "103")
    )
    house.harness.phone("101", answer_after_s=None)
    house.harness.phone("102", answer_after_s=1.0, talk_s=2.0)
    caller = await house.run()
    assert said(caller)[0] == "Please hold"
    assert house.way() == ["ring:answered"]
    told = [(event["person"], event["target"], event["try"], event["result"]) for event in house.told(Kind.DUTY_CALLED)]
    assert told == [("Ola", "101", 1, "no_answer"), ("Jan", "102", 2, "answered")]
    await house.close()


async def test_rounds_end_and_nobody_on_duty_is_another_exit() -> None:
    house = EquippedHouse(ringing(rounds=2), config=on_duty(fallback=["Ola"]), extensions=("101", "102", "103"))
    house.harness.phone("101", answer_after_s=None)
    assert said(await house.run())[-1] == "Sorry Ola"
    assert [event["try"] for event in house.told(Kind.DUTY_CALLED)] == [1, 2]
    await house.close()
    house = EquippedHouse(
        ringing(),
        config=on_duty(shifts=[{"days": ["mon"], "start": "00:00", "end": "00:01", "people": ["Ola"]}]),
        extensions=("101", "102", "103"),
    )
    assert said(await house.run()) == ["Nobody"]
    await house.close()


OFFICE = Hours(
    name="office",
    timezone="Europe/Warsaw",
    mon=["09:00-17:00"],
    exceptions={"2026-12-28": ["10:00-11:00"]},
    named={"inventory": ["2026-12-21 12:00-15:00", "2026-12-28"]},
    calendars=["company"],
)


def test_exceptions_with_a_name_hold_for_their_hours_and_dates_go_before_them() -> None:
    hours = OpeningHours.of(OFFICE, "UTC")
    noon = at("2026-12-21T12:00")
    assert (hours.state(noon), hours.exception(noon)) == ("holiday", "inventory")
    assert (hours.state(noon - 60), hours.exception(noon - 60)) == ("open", "")
    dated = at("2026-12-28T10:30")
    assert (hours.state(dated, ["Works"]), hours.exception(dated, ["Works"])) == ("open", "")
    works = at("2026-12-14T10:00")
    assert (hours.state(works, ["Works"]), hours.exception(works, ["Works"])) == ("holiday", "Works")
    assert "Works" in hours.explain(works, ["Works"])[1]
    assert hours.state(works) == "open"


async def test_a_flow_leads_on_by_the_name_of_an_event() -> None:
    blocks = {
        "hours": {"kind": "hours", "hours": "office", "open": "end", "closed": "end", "named": {"Works": "works"}},
        "works": {"kind": "say", "text": "We rebuild", "next": "end"},
        "end": END,
    }
    config = {
        "hours": [{"name": "office", "calendars": ["company"]}],
        "calendar": [{"name": "company", "source": "/nowhere.ics"}],
    }
    house = EquippedHouse(blocks, config=config)
    now = house.harness.clock.unix()
    house.equipment.calendars._days["company"] = Days([Event(now - 60, now + 60, "works")])
    assert said(await house.run()) == ["We rebuild"]
    await house.harness.sleep(120)
    assert said(await house.run()) == []
    assert house.way()[-2] == "hours:closed"
    await house.close()
