"""The fortnight of 1500, 922 and 826 from the database and three files, to the last call; its sheet, rows and page."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from pbx.config import Language
from pbx.events import Kind
from pbx.ledger.reconcile.records import Call, Export, System
from pbx.ledger.reconcile.solve import Solved
from pbx.ledger.terms import Terms
from pbx.numbers.table import TableError
from pbx.reporting.intervals import Interval
from pbx.reporting.money.compare import Given, compare
from pbx.reporting.money.reconciliation import differences_sheet, page, rows, steps_sheet, summary
from pbx.reporting.money.waterfall import Fall, waterfall
from pbx.store import schema, schema_ledger, schema_tracking
from tests.pbx.ledger.test_reconcile import JULY
from tests.pbx.reporting.ledger import Ledger
from tests.support.counts import Fortnight, fortnight

WARSAW, CHICAGO = ZoneInfo("Europe/Warsaw"), ZoneInfo("America/Chicago")  # seven hours apart in July
TERMS = Terms("RUB", {}, "PL", test_numbers=("+4811*",), short_s=5.0)


def put(ledger: Ledger, table: Any, found: Iterable[dict[str, Any]]) -> None:
    """Rows with nothing in the columns that are not given."""
    plain = {one.name: 0 if "INT" in str(one.type) or "FLOAT" in str(one.type) else "" for one in table.columns}
    plain |= {one.name: False for one in table.columns if "BOOL" in str(one.type)}
    values = [plain | row for row in found]
    if values:
        ledger.connection.execute(insert(table), values)


def store(ledger: Ledger, made: Fortnight) -> None:
    put(ledger, schema.cdrs, (_cdr(call) for call in made.calls))
    put(ledger, schema_tracking.call_sources, (_source(call) for call in made.calls))
    visits = [{"id": call.visit, "consent": "" if call.told["ga"] == "no_consent" else "tracking,analytics"}
              for call in made.calls if call.visit]  # fmt: skip
    put(ledger, schema_tracking.visits, {one["id"]: one for one in visits}.values())
    put(ledger, schema_ledger.ledger_marks, (mark for call in made.calls for mark in _marks(call)))
    moved = [call for call in made.calls if call.transferred]
    journey = [
        {"seq": at, "call_id": call.id, "at_us": call.at_us, "kind": Kind.TRANSFER_COMPLETED.value, "data": "{}"}
        for at, call in enumerate(moved, 1)
    ]
    put(ledger, schema.journey, journey)


def _cdr(call: Call) -> dict[str, Any]:
    ours, outbound = "101", call.direction == "outbound"
    found: dict[str, Any] = {"id": call.id, "started_us": call.at_us, "ended_us": call.ended_us, "zone": "UTC"}
    found |= {"direction": call.direction, "caller": ours if outbound else call.number}
    found |= {"callee": call.number if outbound else ours, "bridged_us": call.at_us if call.answered else None}
    found |= {"test": "nightly" if call.test else "", "cause": "blocked" if call.spam else "normal"}
    return found | {"answered_us": None, "setup_s": None}


def _source(call: Call) -> dict[str, Any]:
    client, _, session = call.session.partition("/")
    candidates = '[{"visit":"a"},{"visit":"b"}]' if call.rivals > 1 else ""
    found = {"call_id": call.id, "visit": call.visit, "method": call.method or "none", "candidates": candidates}
    return found | {"probability": call.probability, "ga_client": client, "ga_session": session}


def _marks(call: Call) -> Iterator[dict[str, Any]]:
    for system, target, event in (("ga", "ga4:G-1", "phone_call"), ("crm", "crm:x", "call")):
        told = call.told[system]
        state = told if told in ("sent", "dead") else "skipped"
        yield {
            "call_id": call.id,
            "target": target,
            "event": event,
            "state": state,
            "reason": told,
            "at_us": call.at_us,
        }


def text_of(export: Export, zone: ZoneInfo) -> str:
    """A CSV as the system would write it, with the time of its own clock."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("Date + time", "Call ID", "Phone", "Client ID", "Session ID", "Event name"))
    for one in export.records:
        client, _, session = one.session.partition("/")
        wall = datetime.fromtimestamp(one.at_us / 1e6, UTC).astimezone(zone)
        event = "click" if one.no_call else "phone_call"
        row = (f"{wall:%Y-%m-%d %H:%M:%S}", one.call_id, one.number.replace("+48", "0048 "), client, session, event)
        writer.writerow(row)
    return out.getvalue()


MAPPING = {"at": "Date + time"}


@pytest.fixture(scope="module")
def made() -> Fortnight:
    return fortnight(JULY, 7)


@pytest.fixture(scope="module")
def solved(made: Fortnight) -> Iterator[Solved]:
    with Ledger() as ledger:
        store(ledger, made)
        yield compare(ledger.connection, period_of(made), WARSAW, TERMS, given(made))


def given(made: Fortnight) -> dict[System, Given]:
    zones = {System.GA: CHICAGO, System.CRM: WARSAW, System.TRACKING: WARSAW}
    return {
        one.system: Given(text_of(one, zones[one.system]), "x.csv", zones[one.system].key, MAPPING)
        for one in made.exports
    }


def period_of(made: Fortnight) -> Interval:
    return Interval("1 to 14 July", made.period.start_us, made.period.end_us)


def test_every_difference_has_its_true_reason(made: Fortnight, solved: Solved) -> None:
    assert {system.value: count for system, count in solved.counts.items()} == {
        **{"pbx": sum(made.period.holds(call.at_us) for call in made.calls), "crm": 1500, "ga": 922, "tracking": 826}
    }
    for system in (System.CRM, System.GA, System.TRACKING):
        found = {line.call_id: line.reasons[system] for line in solved.lines if line.call_id and system in line.reasons}
        assert found == made.truth.missing[system]
        extra = Counter(line.reasons[system] for line in solved.lines if not line.call_id and system in line.reasons)
        assert extra == Counter(made.truth.extra.get(system, {}).values())
    assert solved.unexplained() == []


def test_what_is_kept_and_shown_of_it(solved: Solved) -> None:
    told = summary(solved)
    assert told["counts"]["crm"] == 1500
    assert told["unexplained"] == 0
    assert told["differences"] == len(rows(solved)) == len(differences_sheet(solved, "July", WARSAW).rows)
    steps = [row for row in steps_sheet(solved, "July").rows if row[:2] == ("crm", "ga")]
    assert steps[0][4] + sum(row[4] for row in steps[1:-1]) == steps[-1][4]  # type: ignore[operator, misc]
    assert (steps[0][4], steps[-1][4]) == (1500, 922)
    for language in get_args(Language):
        html = page(solved, "July", WARSAW, language)
        assert html.count("<svg") == 3
        assert ">1500<" in html
        assert ">922<" in html
        assert "http" not in html.replace("http://www.w3.org", "").replace("http-equiv", "")


def test_without_files_what_systems_were_told_is_compared(made: Fortnight) -> None:
    with Ledger() as ledger:
        store(ledger, made)
        found = compare(ledger.connection, period_of(made), WARSAW, TERMS, {})
    sent = sum(made.period.holds(call.at_us) and call.told["ga"] == "sent" for call in made.calls)
    assert found.counts[System.GA] == sent
    assert found.unexplained() == []


def test_a_system_that_nobody_uses_lacks_no_call(made: Fortnight) -> None:
    """The tables of what was told and attributed are empty: there is neither CRM nor analytics nor a site."""
    with Ledger() as ledger:
        store(ledger, made)
        for table in (schema_ledger.ledger_marks, schema_tracking.call_sources, schema_tracking.visits):
            ledger.connection.execute(table.delete())
        alone = compare(ledger.connection, period_of(made), WARSAW, TERMS, {})
        crm = {System.CRM: given(made)[System.CRM]}
        with_file = compare(ledger.connection, period_of(made), WARSAW, TERMS, crm)
    assert set(alone.counts) == {System.PBX}
    assert "Nothing to compare with" in steps_sheet(alone, "July").remarks
    assert set(with_file.counts) == {System.PBX, System.CRM}


def test_a_file_that_cannot_be_read_is_refused_with_its_lines(made: Fortnight) -> None:
    files = {System.GA: Given("date,call id\n2026-07-03 10:00,x\nsoon,y\n", "ga.csv")}
    with Ledger() as ledger, pytest.raises(TableError, match="line 3: 'soon' is no day"):
        compare(ledger.connection, period_of(made), WARSAW, TERMS, files)


def test_a_waterfall_cannot_lie() -> None:
    svg = waterfall("a to b", "steps", ("a", 10), [Fall("less & less", -4), Fall("more", 1)], ("b", 7))
    assert "less &amp; less" in svg
    assert svg.count("<rect") == 4
    with pytest.raises(ValueError, match="do not make 8"):
        waterfall("a to b", "steps", ("a", 10), [Fall("x", -4)], ("b", 8))
