"""What past requests prove of the next one: as often kept as it is meant to be, by hour, and after a restart."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pbx.clock import VirtualClock
from pbx.widget.guarantee import Times, between, fewest, kept_within
from pbx.widget.keeping import MemoryWidgets
from pbx.widget.ports import WidgetRow
from pbx.widget.promises import Promises
from tests.pbx.widget.shop import Shop

WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.mark.parametrize(("count", "share"), [(20, 0.9), (25, 0.9), (100, 0.9), (60, 0.8), (99, 0.99)])
def test_the_share_that_was_wanted_is_kept_with_few_requests_too(count: int, share: float) -> None:
    """3,000 companies with so many requests each, whose next visitor asks: lognormal times, heavy at the end."""
    random = np.random.default_rng(count)
    times = np.sort(random.lognormal(3, 0.8, (3000, count)), axis=1)
    later = random.lognormal(3, 0.8, 3000)
    kept = np.mean([one <= kept_within(list(row), share) for row, one in zip(times, later, strict=True)])
    assert share - 0.02 <= kept <= share + 1.5 / (count + 1) + 0.02
    true = math.exp(3 + 0.8 * {0.8: 0.8416, 0.9: 1.2816, 0.99: 2.3263}[share])
    bounds = [between(list(row), share) for row in times]
    assert np.mean([low <= true <= high for low, high in bounds]) >= 0.93


def test_hours_speak_for_themselves_when_they_have_enough() -> None:
    times = Times()
    for _ in range(30):
        times.add(10, 80.0)
        times.add(14, 8.0)
    for _ in range(5):
        times.add(11, 50.0)
    assert [times.guarantee(hour, 0.9).basis for hour in (10, 11, 14, 3)] == ["hour", "around", "hour", "day"]
    assert [times.guarantee(hour, 0.9).seconds for hour in (10, 11, 14)] == [80, 80, 8]
    assert times.guarantee(14, 0.99).seconds is None, "a hundred to one takes a hundred requests"
    assert (fewest(0.9), fewest(0.95), fewest(0.99)) == (20, 20, 99)
    assert Times().guarantee(10, 0.9).seconds is None
    for _ in range(5):
        times.add(14, math.inf)
    found = times.guarantee(14, 0.9)
    assert (found.seconds, found.count) == (math.inf, 35), "one of seven was never called"


def test_what_was_never_called_is_promised_to_nobody() -> None:
    promises = Promises(VirtualClock(), b"s" * 32, lambda _queue: 8.0, lambda _queue: "")
    assert promises.seconds("sales", 0.9, 60, 10) == 8
    for number in range(40):
        promises.measured("sales", 10, math.inf if number % 5 == 0 else 5.0)
        promises.measured("sales", 14, 20.0)
    assert promises.seconds("sales", 0.9, 60, 10) == 0
    assert promises.seconds("sales", 0.9, 60, 14) == 20
    assert promises.seconds("sales", 0.9, 15, 14) == 0


def row(number: int, created: float, took_s: float, **more: Any) -> WidgetRow:
    rung = created + took_s if took_s else 0.0
    given = {"id": f"r{number}", "contact": f"c{number}", "site": "shop", "queue": "sales", "number": "+48500100200"}
    return WidgetRow(**given, created=created, rung=rung, **more)


async def test_a_new_process_knows_what_the_last_one_measured() -> None:
    """Those who chose an hour, and those who asked at night, waited for something else."""
    store, hours = MemoryWidgets(), {"name": "office", **{day: ["08:00-18:00"] for day in ("mon", "tue", "wed")}}
    before = await Shop(store=store, hours=[hours], widget={"hours": "office", "max_seconds": 600}).start()
    plain = before.page()["departments"][0]["seconds"]
    monday = datetime(2026, 11, 16, 10, 30, tzinfo=before.desk.zone).timestamp()
    for number in range(60):
        await store.write(row(number, monday + number, 95.0))
        await store.write(row(100 + number, monday + number, 7200.0, slot=monday + 7200))
        await store.write(row(200 + number, monday - 5 * 3600 + number, 4 * 3600.0))
    await before.close()
    after = await Shop(store=store, hours=[hours], widget={"hours": "office", "max_seconds": 600}).start()
    found = after.service._promises.seconds("sales", 0.9, 600, 10)
    assert found == 100 > plain
    await after.close()
