"""Short messages on disk: what comes back is what went in, keys are unique, old ones go; and the report of them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from pbx.config import Config
from pbx.reporting.intervals import Interval
from pbx.reporting.reporter import Reporter
from pbx.sms.message import Inbound, Message, SentPart, State
from pbx.store.sms import WantedSms
from tests.pbx.store.support import World, config_for

NOW = 1_790_000_000.0


def message(id_: str, **more: object) -> Message:
    given = {
        "id": id_.ljust(32, "0"),
        "key": f"key-{id_}",
        "number": "+48600100200",
        "text": "Żółw 😀 " * 200,
        "coding": "ucs2",
        "parts": 2,
        "created": NOW,
        "expires": NOW + 60.25,
    }
    return Message(**{**given, **more})  # type: ignore[arg-type]


async def test_open_messages_come_back_as_they_were(tmp_path: Path) -> None:
    sent = [SentPart("g-1", "delivered"), SentPart("g-2")]
    one = message("1", state=State.ACCEPTED, gateway="a", sent=sent, cost=0.16, currency="PLN", pinned=True, attempts=2)
    async with World(tmp_path) as world:
        store = world.store.sms
        assert await store.write(one, new=True) is None
        known = await store.write(message("2", key=one.key), new=True)
        assert known == one
        await store.write(message("3", state=State.DELIVERED, ended=NOW))
        assert await store.of_part("a", "g-2") == one
        assert await store.of_part("b", "g-2") is None
        assert await store.by_key("key-1") == one
        await store.write(message("4", text="a\0b\ud800"))
    async with World(tmp_path) as world:
        loaded = {each.id: each for each in world.store.sms.load()}
        assert set(loaded) == {one.id, message("4").id}
        assert loaded[one.id] == one
        assert loaded[message("4").id].text == "ab?"
        listed = await world.store.sms.wanted(WantedSms(state="delivered", number=one.number, since=NOW, until=NOW + 1))
        assert [each.id for each in listed] == [message("3").id]


async def test_what_comes_in_is_kept_once(tmp_path: Path) -> None:
    heard = Inbound("i1", "a", "SM1", "+48600100200", "5000", "Tak", NOW)
    async with World(tmp_path) as world:
        store = world.store.sms
        assert await store.received(heard)
        assert not await store.received(replace(heard, id="i2"))
        assert await store.received(replace(heard, id="i3", gateway="b"))
        for index in range(2):  # a gateway without ids
            assert await store.received(replace(heard, id=f"n{index}", gateway_id=""))
        await store.note_contact(replace(heard, contact="c1"))
        found = await store.inbox("+48600100200", 10)
        assert {each.id for each in found} == {"i1", "i3", "n0", "n1"}
        assert next(each for each in found if each.id == "i1").contact == "c1"


async def test_old_messages_go_and_open_ones_stay(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        store = world.store.sms
        await store.write(message("1", state=State.DELIVERED, ended=NOW - 10, gateway="a", sent=[SentPart("x")]))
        await store.write(message("2", state=State.DELIVERED, ended=NOW + 10))
        await store.write(message("3"))
        await store.received(Inbound("i1", "a", "", "+48", "5000", "Tak", NOW - 10))
        assert await store.prune(NOW) == 2
        assert await store.prune(NOW) == 0
        assert world.rows("select count(*) from sms_parts") == [(0,)]
        assert world.rows("select count(*) from sms_messages") == [(2,)]


async def test_the_report_counts_by_source_and_template(tmp_path: Path) -> None:
    now = time.time()
    states = [("delivered", 0.16), ("delivered", 0.16), ("failed", 0.16), ("refused", 0.0), ("queued", 0.0)]
    async with World(tmp_path) as world:
        for index, (state, cost) in enumerate(states):
            times = {"accepted": now, "ended": now + 4.0} if state == "delivered" else {}
            more = {"source": "flow:hotline:send", "template": "help", "state": State(state), "created": now}
            await world.store.sms.write(message(str(index), cost=cost, **more, **times))
        await world.store.sms.received(Inbound("i1", "a", "", "+48", "5000", "STOP", now, what="stop"))
    config: Config = config_for(tmp_path)
    with Reporter.open(config) as reporter:
        sheet = reporter.sms(Interval("today", round((now - 60) * 1e6), round((now + 60) * 1e6)))
        nothing = reporter.sms(Interval("before", 0, 1))
    (row,) = sheet.data()["rows"]
    assert row == {
        "source": "flow:hotline:send",
        "template": "help",
        "messages": 5,
        "parts": 6,
        "delivered": 2,
        "failed": 1,
        "expired": 0,
        "refused": 1,
        "open": 1,
        "delivered_share": pytest.approx(2 / 3, abs=1e-4),
        "delivery_s": 4.0,
        "cost": 0.48,
    }
    assert sheet.below.endswith("Replies: 1 stop.")
    assert nothing.rows == []
