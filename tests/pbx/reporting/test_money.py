"""Cost per call and what missed calls cost: 1,000,000 RUB for 1,337 calls of which 631 were missed is one fixture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import String, insert

from pbx.clock import SystemClock
from pbx.config import Config
from pbx.contact.item import ContactItem, End, ItemKind, ItemState
from pbx.events import EventBus
from pbx.ledger.costs import CostKey
from pbx.ledger.ports import Put
from pbx.ledger.sales import Sale
from pbx.ledger.spending import Told, divide
from pbx.ledger.terms import Terms
from pbx.reporting.intervals import Interval
from pbx.reporting.registry import sheets
from pbx.reporting.request import Request
from pbx.store import schema
from pbx.store.contacts import CONTACTS, row_of
from pbx.store.ledger import StoredLedger
from pbx.store.records import Cdr, row
from pbx.store.store import Store
from tests.pbx.reporting.ledger import Ledger
from tests.support.journeys import T0

FIRST = date(2026, 7, 1)
START = 1_782_864_000  # that day, UTC
PERIOD = Interval("2026-07-01 to 2026-07-14", START * 1_000_000, (START + 14 * 86_400) * 1_000_000)
TERMS = Terms("RUB", {"EUR": 100.0}, "RU", ((10_800.0, 0.0), (14_400.0, 0.15)))
M = 1_000_000


def cdr(number: int, *, answered: bool, campaign: str = "pumps", tag: str = "google", caller: str = "") -> Cdr:
    at_us = (START + number * 700) * M
    plain = {
        one.name: "" if isinstance(one.type, String) else None if one.nullable else 0 for one in schema.cdrs.columns
    }
    given: dict[str, Any] = {name: plain[name] for name in Cdr.__slots__}
    given |= {"id": f"{number:032x}", "started_us": at_us, "ended_us": at_us + 60 * M, "zone": "UTC", "setup_s": None}
    given |= {"answered_us": at_us, "abandoned": not answered, "bridged_us": at_us + M if answered else None}
    given |= {"direction": "inbound", "caller": caller or f"+7495{number:07d}", "did": "+74951112233"}
    given |= {"tag": tag, "campaign": campaign, "cause": "normal"}
    return Cdr(**given)


def write(ledger: Ledger, *calls: Cdr) -> None:
    names = [column.name for column in schema.cdrs.columns]
    ledger.connection.execute(
        insert(schema.cdrs), [dict(zip(names, row(call), strict=False)) | {"test": call.test} for call in calls]
    )


def item(call: Cdr, end: str, **more: object) -> ContactItem:
    state = ItemState.CLOSED if end else ItemState.OPEN
    at = call.started_us / M
    given: dict[str, Any] = {"kind": ItemKind.ABANDONED, "queue": "sales", "number": call.caller, "end": end}
    given |= {"since": at, "created": at + 60, "ended": at + 600 if end else 0.0, "state": state, "owner": "team:sales"}
    given |= {"promise": at + 3600, "origin_call": call.id, "key": f"call:{call.id}", "id": f"c{call.id[1:]}"}
    return ContactItem(**{**given, **more})


def keep(ledger: Ledger, *items: ContactItem) -> None:
    CONTACTS.write(ledger.connection, [row_of(one) for one in items])


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger() as made:
        yield made


def put_costs(ledger: Ledger, entries: dict[CostKey, tuple[int, str]]) -> Put:
    store = StoredLedger()

    async def now(intent: Any) -> Any:
        return intent(ledger.connection)

    store.attach(now)
    return _run(store.put_costs(entries, "b"))


def _run(awaitable: Any) -> Any:
    try:
        awaitable.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")


def ask(ledger: Ledger, name: str, **filters: str) -> tuple[list[dict[str, Any]], str]:
    now_us = PERIOD.end_us + 86_400 * M
    request = Request(PERIOD, ZoneInfo("UTC"), now_us, "en", filters, money=TERMS)
    (sheet,) = sheets(ledger.connection, name, request)
    data = sheet.data()
    return data["rows"], data["notes"]


def test_a_million_roubles_for_1337_calls_with_631_missed(ledger: Ledger) -> None:
    calls = [cdr(number, answered=number >= 631) for number in range(1337)]
    write(ledger, *calls)
    put_costs(
        ledger,
        {
            CostKey(FIRST + timedelta(days=n), "google", "", "pumps"): (
                10**12 * (n + 1) // 14 - 10**12 * n // 14,
                "RUB",
            )
            for n in range(14)
        },
    )
    (line, total), _ = ask(ledger, "money", by="campaign")
    assert (line["campaign"], line["calls"], line["missed"]) == ("pumps", 1337, 631)
    assert round(line["missed_share"], 3) == 0.472
    assert line["ad_cost"] == total["ad_cost"] == 1_000_000
    assert round(line["cost_per_call"]) == 748
    assert round(line["wasted"]) == 471_952
    ends = [End.REACHED, End.CUSTOMER_CAME_BACK, End.NOT_A_CUSTOMER, End.UNREACHABLE, End.REFUSED, End.CANCELLED, ""]
    keep(ledger, *(item(call, ends[at % 7]) for at, call in enumerate(calls[:631])))
    rows, notes = ask(ledger, "missed_money")
    by_end = {one["end"]: one for one in rows}
    assert sum(one["missed_calls"] for one in rows[:-1]) == by_end["all"]["missed_calls"] == 631
    assert by_end["unkept"]["missed_calls"] == 0  # each of the 631 has exactly one end, or is still open
    assert round(by_end["all"]["ad_cost"]) == 471_952
    assert (by_end["reached"]["missed_calls"], by_end["came_back"]["missed_calls"]) == (91, 90)
    assert by_end["lost"]["missed_calls"] == 270
    lost = by_end["lost"]["ad_cost"] + by_end["open"]["ad_cost"]
    assert f"Lost money: {lost:,.2f} RUB." in notes
    assert "Not answered within 3 h: 90" in notes  # the open ones: the others ended after ten minutes
    (line, _), _ = ask(ledger, "money", by="campaign")
    recovered = by_end["reached"]["ad_cost"] + by_end["came_back"]["ad_cost"]
    assert line["wasted"] == pytest.approx(by_end["all"]["ad_cost"] - recovered, abs=0.001)
    missed, _ = ask(ledger, "missed_calls")
    assert len(missed) == 631
    assert missed[0]["ad_cost"] == pytest.approx(1_000_000 / 1337, abs=0.001)
    assert (missed[0]["owner"], missed[0]["deadline"], missed[0]["end"]) == (
        "team:sales",
        "2026-07-01 01:00:00",
        "reached",
    )


def test_costs_without_calls_and_calls_without_costs_are_shown(ledger: Ledger) -> None:
    write(
        ledger,
        cdr(1, answered=True),
        cdr(2, answered=True, tag="billboard", campaign=""),
        cdr(3, answered=False, tag="", campaign=""),
    )
    put_costs(
        ledger,
        {
            CostKey(FIRST, "google"): (100 * M, "EUR"),
            CostKey(FIRST, "radio"): (5 * M, "RUB"),
            CostKey(FIRST, "tv"): (M, "GBP"),
        },
    )
    rows, notes = ask(ledger, "money")
    told = {one["source"]: (one["calls"], one["ad_cost"], one["cost_per_call"]) for one in rows}
    assert told == {
        "google": (1, 10_000.0, 10_000.0),
        "radio": (0, 5.0, None),
        "billboard": (1, None, None),
        "(none)": (1, None, None),
        "all": (3, 10_005.0, 3335.0),
    }
    assert "1.00 GBP is in no figure" in notes


def test_the_same_file_twice_costs_once(ledger: Ledger) -> None:
    write(ledger, cdr(1, answered=True))
    key = CostKey(FIRST, "google")
    assert put_costs(ledger, {key: (100 * M, "RUB"), CostKey(FIRST, "radio"): (M, "RUB")}) == Put(2, 0, 0)
    assert put_costs(ledger, {key: (100 * M, "RUB")}) == Put(0, 0, 1)
    assert put_costs(ledger, {key: (90 * M, "RUB")}) == Put(0, 1, 0)
    assert ask(ledger, "money")[0][0]["ad_cost"] == 90


def test_unique_callers_sales_and_return(ledger: Ledger) -> None:
    calls = [cdr(1, answered=True, caller="+74951"), cdr(2, answered=True, caller="+74951"), cdr(3, answered=False)]
    write(ledger, *calls)
    put_costs(ledger, {CostKey(FIRST, "google"): (300 * M, "RUB")})
    names = [column.name for column in schema.schema_ledger.sales.columns]
    rows = [
        ("o1", calls[1].started_us + M, "", "", 600 * M, "RUB", "b", calls[1].id, "number"),
        ("o2", calls[2].started_us, "", "", M, "RUB", "b", "", ""),
    ]
    ledger.connection.execute(insert(schema.schema_ledger.sales), [dict(zip(names, one, strict=True)) for one in rows])
    (line, _), notes = ask(ledger, "money")
    assert (line["unique_callers"], line["cost_per_unique"], line["cost_per_answered"]) == (2, 150.0, 150.0)
    assert (line["sales"], line["revenue"], line["cost_per_sale"], line["roi"]) == (1, 600.0, 300.0, 1.0)
    assert "without a call: 1, 1.00 RUB" in notes


def test_a_merged_contact_ends_as_its_survivor(ledger: Ledger) -> None:
    calls = [cdr(1, answered=False), cdr(2, answered=False)]
    write(ledger, *calls)
    last = item(calls[1], End.REACHED)
    keep(ledger, item(calls[0], End.MERGED, merged_into=last.id), last)
    rows, _ = ask(ledger, "missed_money")
    assert {one["end"]: one["missed_calls"] for one in rows if one["missed_calls"]} == {"reached": 2, "all": 2}


def test_shares_add_up_to_what_was_spent() -> None:
    calls: list[Told] = [("g", "cpc", "a", "1"), ("g", "cpc", "b", "1"), ("y", "", "a", "2"), ("", "", "", "2")]
    costs: dict[Told, float] = {
        ("g", "", "", ""): 10.0,
        ("", "", "a", ""): 6.0,
        ("", "", "", "2"): 4.0,
        ("z", "", "", ""): 1.0,
    }
    found = divide(costs, calls)
    assert found.shares == [8.0, 5.0, 5.0, 2.0]
    assert found.idle == {("z", "", "", ""): 1.0}
    assert found.divided + sum(found.idle.values()) == found.total == 21.0


async def test_an_import_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    config = Config.model_validate({"server": {"data_dir": str(tmp_path)}})
    store = Store(config, EventBus(), SystemClock())
    await store.start()
    sales: Sequence[Sale] = [Sale(f"o{n}", n, n, "RUB", "+74951112233") for n in range(900)]
    assert await store.ledger.put_sales(sales, "b") == Put(900, 0, 0)
    await store.ledger.set_matches({"o7": ("call7", "number")})
    assert await store.ledger.put_sales([*sales[:10], Sale("o7", 8, 8, "RUB", "+74951112233")], "c") == Put(0, 1, 9)
    assert await store.ledger.first_of("crm:x", "+7", "a", T0, 86_400)
    assert not await store.ledger.first_of("crm:x", "+7", "b", T0 + 60, 86_400)
    assert await store.ledger.first_of("crm:x", "+7", "a", T0, 86_400)  # asked again, as after a crash
    assert await store.ledger.first_of("crm:x", "+7", "c", T0 + 90_000, 86_400)
    await store.stop()
