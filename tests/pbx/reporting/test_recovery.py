"""Missed customers and what became of them: 1,337 calls with 631 missed is one of the fixtures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from pbx.clock import SystemClock
from pbx.config import Config
from pbx.contact.item import ContactItem, End, ItemKind, ItemState
from pbx.events import EventBus
from pbx.reporting.intervals import Interval
from pbx.reporting.recovery import Recovery
from pbx.reporting.reporter import Reporter
from pbx.store.store import Store
from tests.support.journeys import T0

DAY = Interval("day", int(T0 * 1e6), int((T0 + 86_400) * 1e6))
_ids = iter(range(1, 1_000_000))


def item(number: str, end: str = "", *, queue: str = "sales", at: float = 60.0, **more: object) -> ContactItem:
    name = f"{next(_ids):032x}"
    state = ItemState.CLOSED if end else ItemState.OPEN
    given = {"id": name, "key": name, "kind": ItemKind.ABANDONED, "queue": queue, "number": number, "end": end}
    return ContactItem(**{**given, "since": T0 + at, "created": T0 + at, "state": state, **more})  # type: ignore[arg-type]


async def figures(folder: Path, items: Iterable[ContactItem]) -> dict[str, Recovery]:
    config = Config.model_validate({"server": {"data_dir": str(folder)}})
    store = Store(config, EventBus(), SystemClock())
    await store.start()
    rows = list(items)
    for at in range(0, len(rows), 200):
        await store.contacts.write(*rows[at : at + 200])
    await store.stop()
    with Reporter.open(config) as reporter:
        return {line.queue: line for line in reporter.recovery(DAY)}


async def test_each_end_of_a_customer(tmp_path: Path) -> None:
    first = item("+48600000001", End.REACHED)
    found = await figures(
        tmp_path,
        [
            first,
            item("+48600000001", End.MERGED, merged_into=first.id),
            item("+48600000002", End.CUSTOMER_CAME_BACK),
            item("+48600000003"),
            item("+48600000004", End.UNREACHABLE),
            item("+48600000005", End.NOT_A_CUSTOMER),
            item("", End.UNREACHABLE),
            item("", End.UNREACHABLE),
            item("+48600000006", End.REACHED, kind=ItemKind.CALLBACK),
            item("+48600000007", End.REACHED, at=90_000.0),
            item("+48600000008", End.REACHED, queue="support"),
        ],
    )
    sales = found["sales"]
    assert (sales.contacts, sales.not_customers, sales.customers) == (8, 1, 6)
    assert (sales.reached, sales.came_back, sales.open, sales.lost) == (1, 1, 1, 3)
    assert (sales.recovered, sales.residual, sales.rate) == (2, 4, pytest.approx(2 / 6))
    assert found["support"].rate == 1.0
    assert (found["all"].contacts, found["all"].customers) == (9, 7)


async def test_missed_again_and_not_answered_is_not_recovered(tmp_path: Path) -> None:
    found = await figures(tmp_path, [item("+48600000001", End.REACHED), item("+48600000001", at=7200.0)])
    assert (found["sales"].customers, found["sales"].recovered, found["sales"].open) == (1, 0, 1)


async def test_a_merged_one_is_as_open_as_its_survivor(tmp_path: Path) -> None:
    survivor = item("+48600000001", at=-3600.0)  # missed the day before
    found = await figures(tmp_path, [survivor, item("+48600000001", End.MERGED, merged_into=survivor.id)])
    assert (found["sales"].customers, found["sales"].open) == (1, 1)


async def test_631_missed_of_1337(tmp_path: Path) -> None:
    """Thirty percent of the missed are recovered; each of the 631 has one end or is open."""
    ends = [End.REACHED] * 100 + [End.CUSTOMER_CAME_BACK] * 89 + [End.UNREACHABLE] * 42 + [""] * 400
    found = await figures(tmp_path, [item(f"+7495{number:07}", end) for number, end in enumerate(ends)])
    everything = found["all"]
    assert (everything.contacts, everything.customers) == (631, 631)
    assert sum(everything.ends.values()) == 631
    assert everything.rate == pytest.approx(0.2995, abs=1e-4)
    assert everything.residual == 442
    assert (748 * 631) == 471_988  # roubles of advertising; the owner's figure is rounded by call


async def test_nobody_was_missed(tmp_path: Path) -> None:
    (everything,) = (await figures(tmp_path, [])).values()
    assert (everything.queue, everything.rate) == ("all", None)
