"""Tracking with calls: what is said in the turn in which a call begins, callbacks, changes of the settings."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pbx.call.setup import Setup
from pbx.call.testing import CallHarness
from pbx.configfile.change import ConfigChange
from pbx.events import Alarm, CallEvent, Kind
from pbx.tracking.asking import read_page_ask
from pbx.tracking.service import Tracking
from tests.pbx.tracking.support import BROWSER, KEY, MemoryStore, config
from tests.support.virtual_loop import pytest_asyncio_loop_factories  # noqa: F401

ADS = "https://shop.example/?utm_source=google&utm_medium=cpc"


def made(folder: Path, **settings: Any) -> tuple[CallHarness, Tracking]:
    harness = CallHarness(config=config(**settings))
    return harness, Tracking(harness.services, MemoryStore(), folder, KEY)


def view(tracking: Tracking, page: str = ADS) -> dict[str, Any]:
    site = next(iter(tracking.sites.values()))
    return tracking.visit(site, read_page_ask({"page": page}, consent_given=False), BROWSER)


async def test_a_call_knows_its_source_before_its_application_runs(tmp_path: Path) -> None:
    harness, tracking = made(tmp_path)
    await tracking.start()
    answer = view(tracking)
    seen: list[Any] = []

    async def application(call: Any) -> None:
        seen.append(call.setup.origin)

    caller = harness.call(application, callee="+48221110001", did="+48221110001", trunk="carrier")
    kinds = [event.kind for event in harness.events if isinstance(event, CallEvent)]
    assert kinds[:2] == [Kind.CALL_STARTED, Kind.CALL_ATTRIBUTED], "within the turn of the call's beginning"
    await caller.over()
    assert (seen[0]["source"], seen[0]["visit"], seen[0]["unique"]) == ("google", answer["visit"], True)
    await tracking.stop()


async def test_a_call_goes_on_when_nobody_can_say_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    harness, tracking = made(tmp_path)
    await tracking.start()
    monkeypatch.setattr(tracking.attributor, "attribute", None)
    ran: list[bool] = []

    async def application(call: Any) -> None:
        ran.append(call.setup.origin is None)

    await harness.call(application, did="+48221110001", trunk="carrier").over()
    assert ran == [True]
    assert "nobody knows where call" in caplog.text
    await tracking.stop()


async def test_a_callback_is_of_the_visit_that_asked_for_it(tmp_path: Path) -> None:
    harness, tracking = made(tmp_path)
    await tracking.start()
    answer = view(tracking)
    items = {"item": SimpleNamespace(source={"visit": answer["visit"]}), "plain": SimpleNamespace(source={})}
    harness.services.contacts = SimpleNamespace(peek=items.get)
    for contact in ("item", "plain", "gone"):
        setup = Setup("+48221230000", "+48600100200", direction="outbound", contact=contact)
        tracking.started("c" * 32, setup, 0.0)
    told = [event.data for event in harness.events if getattr(event, "kind", None) is Kind.CALL_ATTRIBUTED]
    assert [(data["method"], data["probability"], data["visit"]) for data in told] == [("widget", 1.0, answer["visit"])]
    await tracking.stop()


async def test_calls_of_a_company_without_sites_are_asked_nothing(tmp_path: Path) -> None:
    empty = {"site_web": [], "number_pool": []}
    harness, tracking = made(tmp_path, **empty)
    await tracking.start()
    assert harness.services.attribute is None
    number = {"number": "+48221239999", "application": "echo", "trunks": ["carrier"], "medium": "billboard"}
    change = ConfigChange(harness.config, config(**empty, number=[number]))
    tracking.follow(change)
    assert harness.services.attribute is not None
    await tracking.stop()
    assert harness.services.attribute is None


async def test_a_site_that_is_added_is_answered_at_once(tmp_path: Path) -> None:
    harness, tracking = made(tmp_path, site_web=[], number_pool=[])
    await tracking.start()
    tracking.follow(ConfigChange(harness.config, config()))
    assert view(tracking)["numbers"]["main"]["kind"] == "session"
    await tracking.stop()


async def test_a_pool_that_is_too_small_is_an_alarm_before_it_is_short(tmp_path: Path) -> None:
    harness, tracking = made(tmp_path, pool=40, tracking={"hold_s": 3600})
    await tracking.start()
    alarms: list[Alarm] = []
    harness.bus.subscribe(Alarm, alarms.append)
    for _ in range(36):
        view(tracking)
    tracking.watch_pools(tracking.now())
    (alarm,) = alarms
    assert (alarm.name, alarm.active) == ("number_pool_small:main", True)
    assert "has 40 numbers and needs" in alarm.text
    assert tracking.desk.pools["main"].short == 0
    tracking.follow(ConfigChange(harness.config, config(pool=400, tracking={"hold_s": 3600})))
    tracking.watch_pools(tracking.now())
    assert [alarm.active for alarm in alarms] == [True, False]
    await tracking.stop()
