"""Which visit a call comes from, how likely, and which call of its caller it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pbx.call.setup import Setup
from pbx.tracking.likelihood import ALIVE_S, Candidate, shares
from tests.pbx.tracking.support import T0, Bench, config

ADS = "https://shop.example/lp?utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=Cj0abc"
HOUR = 3600.0
STEADY = {"memory_s": HOUR, "stray": 0.02}


def call(bench: Bench, did: str, caller: str = "+48600100200", **more: Any) -> dict[str, Any]:
    setup = Setup(caller, did, did=did, direction="inbound", **more)
    found = bench.attributor.attribute(setup, bench.now)
    bench.callers.rang(caller, bench.now)
    bench.attributor.learn(caller, found)
    return found.data()


# The table of decision 0232: seconds since the last sign -> probability of an only holder.
ALONE = ((0.0, 0.9804), (ALIVE_S, 0.9804), (ALIVE_S + HOUR, 0.9615), (ALIVE_S + 4 * HOUR, 0.7576), (24 * HOUR, 3e-6))


@pytest.mark.parametrize(("idle_s", "expected"), ALONE)
def test_an_only_holder(idle_s: float, expected: float) -> None:
    assert shares([Candidate("a", T0)], T0 + idle_s, memory_s=HOUR, stray=0.02) == [pytest.approx(expected, abs=1e-4)]


def test_two_holders_share_and_a_tap_decides() -> None:
    both = [Candidate("a", T0), Candidate("b", T0)]
    assert shares(both, T0, memory_s=HOUR, stray=0.02) == [pytest.approx(1 / 2.02)] * 2
    tapped = [Candidate("a", T0, T0 - 20), Candidate("b", T0)]
    assert shares(tapped, T0, memory_s=HOUR, stray=0.02) == [pytest.approx(20 / 21.02), pytest.approx(1 / 21.02)]
    assert sum(shares(both * 50, T0, memory_s=HOUR, stray=0.02)) < 1


def test_a_script_does_not_outvote_the_visitors() -> None:
    """A network weighs at most as five visits that go on, and never less than the weightiest of it."""
    script = [Candidate(f"s{index}", T0, place="192.0.2.0/24") for index in range(500)]
    people = [Candidate(f"p{index}", T0, place=f"198.51.{index}.0/24") for index in range(10)]
    weights = shares([*script, *people], T0, memory_s=HOUR, stray=0.02)
    assert sum(weights[:500]) == pytest.approx(5 / 15.02)
    assert weights[500] == pytest.approx(1 / 15.02)
    office = [Candidate(f"o{index}", T0, T0 - 20 if index == 0 else 0.0, "203.0.113.0/24") for index in range(9)]
    tapped = shares(office, T0, memory_s=HOUR, stray=0.02)
    assert tapped[0] == pytest.approx(20 / 28 * 20 / 20.02)
    unknown = [Candidate(f"u{index}", T0) for index in range(9)]
    assert shares(unknown, T0, memory_s=HOUR, stray=0.0) == [pytest.approx(1 / 9)] * 9, "after a restart"


def test_the_holder_of_the_number_calls(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(tracking=STEADY))
    answer = bench.view(ADS, consent=True, ga_client="123.456", ga_session="1700000000")
    bench.now += 30
    told = call(bench, "+48221110001")
    assert told["method"] == "session"
    assert told["probability"] == pytest.approx(0.9804, abs=1e-4)
    expected = {
        "visit": answer["visit"], "visitor": answer["visitor"], "source": "google", "medium": "cpc",
        "campaign": "spring", "click_id": "Cj0abc", "click_kind": "gclid", "channel": "paid_search", "site": "shop",
        "number": "+48221110001", "ga_client": "123.456", "ga_session": "1700000000", "device": "desktop",
        "landing": "https://shop.example/lp?utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=Cj0abc",
    }  # fmt: skip
    assert {name: told[name] for name in expected} == expected


@pytest.mark.parametrize("did", ["+48221110001", "48221110001", "221110001", "0048221110001"])
def test_carriers_write_the_number_as_they_like(tmp_path: Path, did: str) -> None:
    bench = Bench(tmp_path)
    answer = bench.view(ADS)
    assert call(bench, did)["visit"] == answer["visit"]


def test_a_call_after_the_number_went_to_another(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(pool=1, tracking={**STEADY, "hold_s": 600, "quarantine_s": 60}))
    first = bench.view(ADS)
    bench.now += 700
    bench.sessions.expire(bench.now)
    late = call(bench, "+48221110001", "+48600100299")
    assert (late["method"], late["visit"]) == ("pool", first["visit"]), "in quarantine it is nobody else's"
    second = bench.view("https://shop.example/?utm_source=news&utm_medium=email")
    told = call(bench, "+48221110001", "+48600100201")
    assert told["source"] == "news"
    assert 0.5 < told["probability"] < 0.6
    assert [entry["visit"] for entry in told["candidates"]] == [second["visit"], first["visit"]]
    assert sum(entry["probability"] for entry in told["candidates"]) <= 1.0


def test_who_rang_the_number_before_means_whom_he_meant_then(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(pool=1, tracking={**STEADY, "hold_s": 600, "quarantine_s": 60}))
    first = bench.view(ADS)
    assert call(bench, "+48221110001")["visit"] == first["visit"]
    bench.now += 700
    bench.view("https://shop.example/?utm_source=news&utm_medium=email")
    told = call(bench, "+48221110001")
    assert (told["source"], told["method"]) == ("google", "pool")
    assert told["probability"] > 0.95
    assert call(bench, "+48221110001", "+48600100999")["source"] == "news"


def test_after_a_shortage_the_visitors_of_the_channel_share(tmp_path: Path) -> None:
    rules = [{"name": "ads", "channel": ["paid_search"], "number": "+48221230009", "pool": "main"}]
    bench = Bench(tmp_path, config(pool=1, source_rule=rules, tracking=STEADY))
    bench.view(ADS)
    shared = [bench.view(ADS.replace("spring", name)) for name in ("spring", "summer")]
    assert [bench.kind(answer) for answer in shared] == ["channel", "channel"]
    told = call(bench, "+48221230009")
    assert told["method"] == "pool"
    assert told["probability"] == pytest.approx(1 / 2.02, abs=1e-3)
    assert "visit" not in told
    assert len(told["candidates"]) == 2
    visit = bench.sessions.find(shared[1]["visit"])
    assert visit is not None
    visit.tapped = bench.now
    tapped = call(bench, "+48221230009", "+48600100777")
    assert (tapped["visit"], tapped["campaign"]) == (visit.id, "summer")
    assert tapped["probability"] > 0.9


def test_static_numbers_the_app_and_numbers_that_say_nothing(tmp_path: Path) -> None:
    rules = [{"name": "partner", "referrer": ["partner.example"], "number": "+48221230008", "source": "partner"}]
    bench = Bench(tmp_path, config(source_rule=rules))
    static = call(bench, "+48221230008")
    assert (static["method"], static["source"], static["probability"]) == ("static", "partner", 1.0)
    board = call(bench, "+48221239999", tag="a4-north", medium="billboard", campaign="autumn")
    assert (board["method"], board["source"], board["medium"], board["channel"]) == (
        "static", "a4-north", "billboard", "offline",
    )  # fmt: skip
    app = call(bench, "+48221239998", medium="app", tag="app")
    assert (app["method"], app["probability"]) == ("app", 1.0)
    assert call(bench, "+48221230000") == {
        "method": "number",
        "probability": 0.0,
        "number": "+48221230000",
        "site": "shop",
    }
    assert call(bench, "+48229999999") == {"method": "none", "probability": 0.0, "number": "+48229999999"}


def test_a_pool_s_number_that_nobody_was_shown_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert call(bench, "+48221110002") == {"method": "pool", "probability": 0.0, "number": "+48221110002"}


def test_unique_and_repeat_callers(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(tracking={"unique_days": 30}))
    rang = bench.callers.rang
    assert [rang("+48600100200", T0 + day * 86_400) for day in (0, 1, 30)] == [1, 2, 3]
    assert rang("+48600100200", T0 + 61 * 86_400) == 1, "a month without a call: a new caller"
    assert rang("anonymous", T0) == 0
    assert rang("", T0) == 0
    bench.callers.unring("+48600100200")
    assert rang("+48600100200", T0 + 61 * 86_400) == 1, "a test call does not count"


def test_the_latest_callers_are_kept() -> None:
    from pbx.tracking.callers import Callers

    callers = Callers(86_400, 3)
    for at in range(5):
        callers.rang(f"+4860010020{at}", T0 + at)
    assert (len(callers), callers.dropped) == (3, 2)
    assert callers.rang("+48600100204", T0 + 9) == 2
