"""Requests of web pages in the database: once, with what became of them, and gone when they are to be forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pbx.widget.ports import WidgetRow
from tests.pbx.store.support import World

NOW = 1_790_000_000.25
ROW = WidgetRow(
    id="a" * 32,
    contact="c1",
    site="shop",
    queue="sales",
    number="+48600100200",
    created=NOW,
    language="pl",
    visit="v1",
    page="https://shop.example/żółw\0",
    origin="https://shop.example",
    address="192.0.2.1",
    agent="Browser/1",
    shown_s=28.0,
    consent="v",
    given=True,
)
KEPT = replace(ROW, page="https://shop.example/żółw")


async def test_requests_with_their_proof(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        store = world.store.widget
        await store.write(ROW)
        await store.write(replace(ROW, number="+48600100999"))
        assert await store.get(ROW.id) == KEPT, "the same id is the same request"
        assert await store.get("b" * 32) is None
        await store.mark("c1", rung=NOW + 5)
        await store.mark("c1", rung=NOW + 300, connected=NOW + 310)
        (found,) = await store.of_contact("c1")
        assert (found.rung, found.connected) == (NOW + 5, NOW + 310), "the first ring counts"
        await store.keep_wording("v", "pl", "Zgadzam się.", NOW)
        await store.keep_wording("v", "pl", "Otherwise.", NOW)
        assert (await store.wording("v"), await store.wording("w")) == ("Zgadzam się.", "")
        later = replace(ROW, id="b" * 32, created=NOW + 10, site="other", number="+48600100300")
        await store.write(later)
        assert [row.id[0] for row in await store.latest(10)] == ["b", "a"]
        assert [row.id[0] for row in await store.latest(10, NOW + 10)] == ["a"]
        assert await store.prune("shop", NOW + 20) == 1
        assert await store.forget("+48600100300") == 1
        assert world.count("widget_requests") == 0
