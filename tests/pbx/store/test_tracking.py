"""Visits in the database: taken up after a restart, swept when they are old, erased and exported by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pbx.events import CallEvent, Kind
from pbx.ids import new_id
from pbx.store.rebuild import rebuild
from pbx.store.tracking_lists import VisitQuery, guard_list, reveal_list, visit_list, visit_whole
from pbx.tracking.ports import Window
from pbx.tracking.sources import Source
from pbx.tracking.visit import Consent, GuardReport, Lease, PageView, PoolHour, Visit, WebEvent
from tests.pbx.store.support import World, until
from tests.support.journeys import T0, Journey

ANNA, BERT = "a" * 32, "b" * 32
WINDOW = Window(T0 - 86_400, T0 - 86_400, T0 - 86_400, 100, 100)


def visit(visitor: str = "", at: float = T0, source: str = "google") -> Visit:
    made = Visit(new_id(at), "shop", at, at + 60, Source(source, "cpc", "spring", click_id="Cj0", click_kind="gclid"))
    made.visitor, made.consent, made.ga_client = visitor, Consent(bool(visitor), True, False), "12.34"
    made.landing = made.page = "https://shop.example/?utm_source=google"
    made.first_source, made.first_at = source, at
    made.region, made.region_by = "śląskie", "page"
    return made


def tell(world: World, made: Visit, number: str = "+48221110001") -> None:
    store = world.store.tracking
    store.visit(made)
    store.page(PageView(made.id, 1, made.started, made.page))
    store.lease(Lease(number, made.id, made.visitor, "main", "shop", "main", made.started, made.seen))
    event = WebEvent(f"reveal:{made.id}", made.seen, "reveal", "shop", made.id, "north", "North Ltd", "+48221110009")
    store.event(event)


def journey(number: int, caller: str, made: Visit) -> list[CallEvent]:
    call = Journey(number, T0 + 30 * number).begin(caller=caller, did="+48221110001")
    told: dict[str, Any] = {
        "method": "session", "probability": 0.98, "source": "google", "medium": "cpc", "campaign": "spring",
        "visit": made.id, "visitor": made.visitor, "ga_client": made.ga_client, "click_id": "Cj0",
        "region": "śląskie", "region_by": "page", "region_probability": 0.98,
        "number": "+48221110001", "unique": True, "repeat": 1, "landing": made.landing,
        "candidates": [{"visit": made.id, "source": "google", "medium": "cpc", "probability": 0.98}],
    }  # fmt: skip
    return call.add(Kind.CALL_ATTRIBUTED, **told).at(20).end().events


async def test_what_was_known_is_taken_up_again(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        old, anna = visit(BERT, T0 - 3 * 86_400), visit(ANNA)
        for made in (old, anna):
            tell(world, made)
        world.store.tracking.hour(PoolHour("main", int(T0 // 3600) * 3600, 5, 4, 1, 4, 4, 300.0, 5, 2.5, 9))
        place = ("main", "#t", "1", "12", "")
        bad = GuardReport(new_id(T0), T0, "shop", anna.id, "https://shop.example/", *place, "truncated", "")
        good = GuardReport(new_id(T0), T0 + 1, "shop", "", "https://shop.example/b", *place, "number_ok", "")
        world.store.tracking.guard(bad)
        world.store.tracking.guard(good)
        world.publish(journey(1, "+48600100200", anna), journey(2, "+48600100200", anna))
        await until(lambda: world.count("call_sources") == 2)
        found = await world.store.tracking.load(WINDOW)
    assert [(one.id, one.visitor, one.source.key, one.consent) for one in found.visits] == [
        (anna.id, ANNA, ("google", "cpc", "spring"), Consent(True, True, False))
    ]
    assert [(one.region, one.region_by) for one in found.visits] == [("śląskie", "page")]
    assert [lease.visit for lease in found.leases] == [anna.id]
    assert [one.visitor for one in found.visitors] == [BERT, ANNA]
    ((caller, known),) = found.callers
    assert (caller, known.calls, known.number, known.visit) == ("+48600100200", 2, "48221110001", anna.id)
    assert [(hour.visits, hour.load, hour.needed) for hour in found.hours] == [(5, 2.5, 9)]
    assert found.bad_pages == [bad]


async def test_old_visits_are_swept_and_new_ones_stay(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        tell(world, visit("", T0 - 100 * 86_400))
        fresh = visit("", T0)
        tell(world, fresh)
        assert await world.store.tracking.sweep(T0 - 90 * 86_400) == 1
        assert await world.store.tracking.sweep(T0 - 90 * 86_400) == 0
        for table in ("visits", "visit_pages", "number_leases", "web_events"):
            assert world.count(table) == 1, table


async def test_who_wants_to_be_forgotten_is(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        anna, annas_other, bert = visit(ANNA), visit(ANNA, T0 + 500), visit(BERT)
        for made in (anna, annas_other, bert):
            tell(world, made)
        world.publish(journey(1, "+48600100200", anna), journey(2, "+48600100201", bert))
        await until(lambda: world.count("call_sources") == 2)
        exported = await world.store.tracking.export(["+48600100200"])
        assert [len(exported[name]) for name in ("calls", "sources", "visits", "pages")] == [1, 1, 2, 2]
        erased = await world.store.tracking.forget("number", ["+48600100200"], "proof", "admin", T0)
        assert (erased.visits, erased.calls, erased.visit_ids) == (2, 1, {anna.id, annas_other.id})
        assert world.rows("SELECT id FROM visits") == [(bert.id,)]
        assert world.count("visit_pages") == world.count("number_leases") == world.count("web_events") == 1
        left = world.rows("SELECT source, visit, visitor, click_id, ga_client, landing, candidates FROM call_sources")
        assert ("google", "", "", "", "", "", "") in left
        assert any(row[1] == bert.id for row in left)
        assert world.rows("SELECT kind, proof, visits, calls FROM erasures") == [("number", "proof", 2, 1)]
        assert not [row for row in world.rows("SELECT data FROM journey") if anna.id in row[0] or ANNA in row[0]]
        told = [row[0] for row in world.rows("SELECT data FROM journey WHERE kind = 'call.attributed'")]
        assert sorted("śląskie" in data for data in told) == [False, True]

        def again(connection: Any) -> None:
            rebuild(connection, zone="UTC")

        await world.store.durable(again)
        assert world.rows("SELECT count(*) FROM call_sources WHERE visit = '' AND source = 'google'") == [(1,)]
        by_visitor = await world.store.tracking.forget("visitor", [BERT], "other", "admin", T0)
        assert (by_visitor.visits, by_visitor.calls) == (1, 1)
        assert world.count("visits") == 0


async def test_lists(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        made = [visit(ANNA, T0 + at) for at in range(3)]
        for one in made:
            tell(world, one, "+48221110009")
        world.publish(journey(1, "+48600100200", made[0]))
        await until(lambda: world.count("call_sources") == 1)

        def look(connection: Any) -> tuple[Any, ...]:
            newest = visit_list(connection, VisitQuery(limit=2))
            older = visit_list(connection, VisitQuery(before=newest[-1]["id"]))
            reveals = reveal_list(connection, T0 - 10, T0 + 1000)
            return newest, older, visit_whole(connection, made[0].id), reveals, guard_list(connection, 5)

        newest, older, whole, reveals, guard = await world.store.durable(look)
    assert [row["id"] for row in (*newest, *older)] == [one.id for one in reversed(made)]
    assert (len(whole["page_list"]), len(whole["numbers"]), len(whole["calls"])) == (1, 1, 1)
    told = [(row["subject"], row["dealer"], row["reveals"], row["calls"]) for row in reveals]
    assert told == [("north", "North Ltd", 3, 0)]
    assert guard == []
