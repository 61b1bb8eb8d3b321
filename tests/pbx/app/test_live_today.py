"""A wallboard's day: counted from midnight, over a restart, in all queues together and each alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from pbx.app.live_today import ALL, TodayRows
from pbx.config import Queue
from pbx.contact.item import ContactItem, ItemKind
from pbx.contact.journal import ContactChanged
from pbx.events import Kind
from pbx.live.topics import Row
from tests.pbx.queue.house import QUIET, House
from tests.support.virtual_loop import run_virtual

MORNING = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC
MIDNIGHT = 1_789_948_800.0  # of that day, UTC


class Board:
    """The source over a real queue service; `before` is what the database has of the day before the start."""

    def __init__(self, house: House, before: Mapping[str, Any] | None = None) -> None:
        services = house.harness.services
        self.items: list[ContactItem] = []
        self.reads = 0
        self.lost = SimpleNamespace(value=None, told=lambda: None)

        async def durable(_intent: Any) -> list[Any]:
            self.reads += 1
            return [before] if before else []

        app: Any = SimpleNamespace(
            config=services.config,
            clock=services.clock,
            bus=services.bus,
            started_at=services.clock.unix(),
            queues=house.queues,
            contacts=SimpleNamespace(book=SimpleNamespace(open_items=lambda: self.items)),
            calls=SimpleNamespace(
                services=SimpleNamespace(carriers=SimpleNamespace(now=lambda: [SimpleNamespace(calls=2, max_calls=30)]))
            ),
            store=SimpleNamespace(durable=durable),
            ledger=SimpleNamespace(lost_money=self.lost),
        )
        self.bus, self.clock = services.bus, services.clock
        self.marked: list[str] = []
        self.source = TodayRows(app)
        self.source.watch_midnight()

    def watch(self) -> None:
        self.source.begin(self.marked.append)

    def value(self, name: str = ALL) -> dict[str, Any]:
        row = self.source.row(name)
        assert isinstance(row, Row)
        return row.value


def house() -> House:
    queues = [
        Queue(**{**QUIET, "name": name, "agents": [agent]}) for name, agent in (("sales", "101"), ("help", "102"))
    ]
    return House({"101": {}, "102": {"answer_after_s": None}}, queues)


async def served(where: House, queue: str, talk_s: float = 5.0) -> None:
    caller = where.call(queue)
    await where.sleep(talk_s)
    caller.hang_up()
    await where.sleep(1)


def test_a_day_of_two_queues() -> None:
    async def day() -> None:
        where = house()
        board = Board(where)
        board.watch()
        await served(where, "sales")
        caller = where.call("help")
        await where.sleep(8)
        value = board.value()
        assert (value["waiting"], value["answered"], value["abandoned"]) == (1, 1, 0)
        assert abs(board.clock.unix() - 8 - value["oldest"]) < 0.2
        assert value["trunks"] == {"calls": 2, "max_calls": 30}
        assert "trunks" not in board.value("sales")
        assert "lost_money" not in value, "nothing was spent today"
        board.marked.clear()
        board.lost.value = SimpleNamespace(amount=12.5, currency="PLN")
        board.lost.told()
        await where.sleep(2)
        assert ALL in board.marked
        assert board.value()["lost_money"] == {"amount": 12.5, "currency": "PLN"}
        assert "lost_money" not in board.value("sales")
        caller.hang_up()
        await where.sleep(2)
        assert board.value("help")["abandoned"] == 1
        assert board.value("sales")["service_level"] == {"SL3": 1.0, "SL6": 1.0}
        assert board.value()["service_level"] == {"SL3": 0.5, "SL6": 0.5}
        assert set(board.marked) == {"sales", "help", ALL}
        before = len(board.marked)
        await where.sleep(600)
        assert len(board.marked) == before, "an idle house says nothing"
        board.source.close()
        await where.close()

    run_virtual(day(), MORNING)


def test_promises_that_end_and_misses_of_today() -> None:
    async def day() -> None:
        where = house()
        board = Board(where)
        board.watch()
        now = board.clock.unix()
        board.items += [
            ContactItem("a" * 32, ItemKind.CALLBACK, "sales", "+1", now, now, promise=now + 60),
            ContactItem("b" * 32, ItemKind.ABANDONED, "help", "+1", now, now, promise=now + 3600),
            ContactItem("c" * 32, ItemKind.MISSED, "help", "+1", MIDNIGHT - 5, MIDNIGHT - 5),
        ]
        board.bus.publish(ContactChanged(board.items[0], Kind.CONTACT_OPENED))
        await where.sleep(2)
        value = board.value()
        assert (value["missed_open"], value["callbacks"], value["overdue"]) == (1, 1, 0)
        told = len(board.marked)
        await where.sleep(61)
        assert len(board.marked) > told, "a promise ends without an event"
        assert board.value("sales")["overdue"] == 1
        assert board.value("help")["overdue"] == 0
        board.source.close()
        await where.close()

    run_virtual(day(), MORNING)


def test_what_was_before_the_start_is_read_and_midnight_begins_anew() -> None:
    async def day() -> None:
        where = house()
        counts = SimpleNamespace(answered=7, answered_in_time=5, abandoned=2, abandoned_short=1)
        board = Board(where, SimpleNamespace(queue="sales", offered=9, counts=counts))  # type: ignore[arg-type]
        await served(where, "sales")
        board.watch()
        await where.sleep(2)
        value = board.value("sales")
        assert (board.reads, value["offered"], value["answered"], value["abandoned"]) == (1, 10, 8, 2)
        assert value["service_level"] == {"SL3": 0.6, "SL6": round(6 / 9, 4)}
        board.source.end()
        await asyncio.sleep(MIDNIGHT + 86_400 + 60 - board.clock.unix())
        board.watch()
        assert board.value("sales")["answered"] == 0
        where.harness.phone("101")  # registers again
        await where.sleep(1)
        await served(where, "sales")
        assert where.queues.queues["sales"].answered == 2
        assert (board.value("sales")["answered"], board.reads) == (1, 1)
        board.source.close()
        await where.close()

    run_virtual(day(), MORNING)
