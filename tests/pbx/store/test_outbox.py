"""The rows of the outbox in a real database: what is put is there once, in order, and the next process finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pbx.events import CallEvent, Kind
from pbx.outbox.entry import Entry, State
from pbx.outbox.shelf import Want, Wanted
from tests.pbx.store.support import World, until

NOW = 1_790_000_000.0


def entry(seq: int, key: str = "", **more: Any) -> Entry:
    given = {"target": "a", "kind": "x", "call_id": "", "body": b"{}", **more}
    return Entry(id=f"id{seq}", key=key or f"k{seq}", seq=seq, number=seq, created=NOW, queued=NOW, due=NOW, **given)


async def test_a_key_is_one_row_however_it_is_put(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        shelf = world.store.outbox
        world.bus.publish(CallEvent(Kind.CALL_STARTED, "c" * 32, "a", NOW, {}))
        shelf.put_soon(entry(1, "same"))
        shelf.put_soon(entry(2, "other", body=b"\x00\xff", target="b"))
        assert await shelf.put(entry(3, "same", body=b"late")) is False
        assert await shelf.put(entry(4)) is True
        shelf.put_soon(entry(5, "k4"))
        await until(lambda: not shelf.unwritten)
        assert world.count("journey") == 1
        assert [row.seq for row in await shelf.wanted(Wanted())] == [4, 2, 1]
        assert (await shelf.get("id2")).body == b"\x00\xff"  # type: ignore[union-attr]
        assert await shelf.get("nothing") is None
    async with World(tmp_path) as world:
        assert world.store.outbox.load() == (4, {"a": 5, "b": 2})


async def test_of_a_call_only_the_first_that_waits_may_be_tried(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        shelf = world.store.outbox
        first = entry(1, call_id="one")
        for each in (first, entry(2, call_id="one"), entry(3, call_id="two"), entry(4), entry(5), entry(6, target="b")):
            assert await shelf.put(each)
        assert await shelf.put(Entry("id7", "a", "x", "k7", "", b"", 7, 7, NOW, NOW + 60, NOW + 60))
        turn = await shelf.turn((), [Want("a", 3)], NOW)
        assert [found.seq for found in turn.entries] == [1, 3, 4]
        assert turn.next_due == {}
        turn = await shelf.turn((), [Want("a", 9, [1, 4])], NOW)
        assert ([found.seq for found in turn.entries], turn.next_due) == ([3, 5], {"a": NOW + 60})
        first.state, first.ended, first.attempts, first.status, first.excerpt = State.DELIVERED, NOW, 1, 204, "ok\0"
        turn = await shelf.turn([first], [Want("a", 9, [3, 4, 5])], NOW)
        assert [found.seq for found in turn.entries] == [2]
        kept = await shelf.get("id1")
        assert kept is not None
        assert (kept.state, kept.status, kept.excerpt) == (State.DELIVERED, 204, "ok")


async def test_reading_what_is_next_walks_no_table(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        from sqlalchemy.dialects import sqlite

        from pbx.store.outbox import _next

        query = _next(Want("a", 4, [1, 2]), 5).compile(
            dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True, "render_postcompile": True}
        )
        plan = " / ".join(row[-1] for row in world.rows(f"EXPLAIN QUERY PLAN {query}"))
        assert "ix_outbox_waiting" in plan, plan
        assert "ix_outbox_order" in plan, plan
        assert "TEMP B-TREE" not in plan, plan
        assert "ix_outbox_dead" in str(
            world.rows(
                "EXPLAIN QUERY PLAN SELECT target, count(*) FROM outbox WHERE outbox.state = 'dead' GROUP BY target"
            )
        )


async def test_people_and_time_change_rows(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        shelf = world.store.outbox
        rows = [entry(seq) for seq in range(1, 6)]
        rows[0].state, rows[0].ended = State.DEAD, NOW - 100
        rows[1].state, rows[1].ended = State.DELIVERED, NOW - 100
        rows[2].attempts, rows[2].due = 2, NOW + 900
        rows[3].queued = NOW - 4000
        for row in rows:
            await shelf.put(row)
        left = (await shelf.left())["a"]
        assert (left.pending, left.dead, left.oldest) == (3, 1, NOW - 4000)
        await shelf.hasten("a", NOW)
        assert [row.seq for row in (await shelf.turn((), [Want("a", 9)], NOW)).entries] == [3, 4, 5]
        assert await shelf.expire({"a": NOW - 3600}, NOW, [4], NOW) == []
        assert [row.error for row in await shelf.expire({}, NOW - 3600, [], NOW)] == ["too old, and never tried"]
        assert await shelf.change(["id1", "id3", "id5"], State.DROPPED, NOW) == 3
        assert await shelf.change(["id1", "id2", "id5"], State.PENDING, NOW + 1) == 3
        again = await shelf.get("id2")
        assert again is not None
        assert (again.state, again.queued, again.ended) == (State.PENDING, NOW + 1, 0.0)
        assert await shelf.prune(NOW + 1, NOW - 1) == 1, "the dropped one; the one that died just now stays"
        assert [row.seq for row in await shelf.wanted(Wanted(state="dead"))] == [4]
        assert [row.seq for row in await shelf.wanted(Wanted(before=5, limit=2))] == [4, 2]
