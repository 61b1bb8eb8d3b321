"""Callbacks, messages, dealers and calendars follow, with requests and messages under way."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pbx.calendars.book import Calendars
from pbx.config import Config, Dealer, Dealers
from pbx.events import EventBus
from pbx.flow.dealers import DealerBook
from tests.pbx.callback.world import EWA, JAN, QUIET, World
from tests.pbx.settings.home import switch
from tests.pbx.sms.virtual import FakeGateway, gateway, made, virtual


async def test_callbacks_wait_for_another_queue_s_agents_and_new_limits() -> None:
    world = await World(
        {"201": {}, "202": {}},
        queues=[{"name": "sales", "agents": ["201"]}, {"name": "night", "agents": []}],
        callback={"hours": "", "asked_s": 1e6, "limits_per_number": ["1/1h"]},
    ).start()
    world.customer(JAN)
    world.customer(EWA)
    first = await world.ask(JAN, "sales")
    waiting = await world.ask(EWA, "night")
    await world.sleep(60)
    assert not (await world.item(first)).is_open
    assert not world.carrier.times(EWA)
    (problem,) = switch(world.services, queue=[{"name": "sales", "agents": ["201"], **QUIET}])
    assert "1 wait in the queue" in problem
    queues = [{"name": "sales", "agents": ["201"], **QUIET}, {"name": "night", "agents": ["202"], **QUIET}]
    assert switch(world.services, queue=[*queues, {"name": "new", "agents": ["201"], **QUIET}]) == []
    await world.sleep(60)
    assert len(world.carrier.times(EWA)) == 1
    assert not (await world.item(waiting)).is_open
    again = {**world.services.config.callback.model_dump(), "limits_per_number": ["5/1h"], "dial_prefix": "9"}
    assert switch(world.services, callback=again, route=[{"match": "9", "trunk": "carrier", "strip": 1}]) == []
    newest = await world.ask(JAN, "new")
    await world.sleep(60)
    assert not (await world.item(newest)).is_open
    assert len(world.carrier.times(JAN)) == 2
    await world.close()


async def test_messages_go_by_another_gateway_with_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    made(monkeypatch)
    monkeypatch.setattr("pbx.sms.gateways._one", lambda entry, *_: FakeGateway(entry))
    async with virtual("a", template=[{"name": "hello", "text": {"en": "Hello"}}]) as world:
        services = world.service.services
        old = gateway(world)
        old.is_up = False
        ticket = await world.send(template="hello")
        assert world.state(ticket) == "queued"
        sms = services.config.sms.model_dump()
        sms["gateway"] = [{"name": "b", "kind": "smpp", "host": "h:2"}]
        sms["template"] = [{"name": "hello", "text": {"en": "Good day"}}]
        assert switch(services, sms=sms) == []
        await world.until(ticket, "submitted", "accepted")
        assert gateway(world) is not old
        assert gateway(world).texts == ["Hello"]  # as it was written
        later = await world.send(template="hello")
        await world.until(later, "submitted", "accepted")
        assert gateway(world).texts[-1] == "Good day"
        kept = gateway(world)
        assert switch(services, sms={**sms, "max_parts": 1}) == []
        assert gateway(world) is kept  # its own configuration is as it was


async def test_calendars_are_read_anew_and_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def calendar(name: str, event: str) -> dict[str, str]:
        (tmp_path / event).write_text(event)
        return {"name": name, "source": str(tmp_path / event)}

    def events(data: bytes, *_: object) -> list[Any]:
        return [SimpleNamespace(name=data.decode(), start=0.0, end=4e9)]

    monkeypatch.setattr("pbx.calendars.book.read_events", events)
    clock = SimpleNamespace(unix=lambda: 1.8e9)
    first = Config.model_validate({"calendar": [calendar("one", "Inventory")]})
    book = Calendars(first, clock, EventBus(raising), None)  # type: ignore[arg-type]
    book.start()
    await book.feeds["one"].refresh()
    assert book.at(["one"], 1.8e9) == ["Inventory"]
    second = Config.model_validate({"calendar": [calendar("one", "Holiday"), calendar("two", "Fair")]})
    book.configure(second)
    assert book.at(["one"], 1.8e9) == ["Inventory"]  # until the other was read
    await book.feeds["one"].refresh()
    await book.feeds["two"].refresh()
    assert book.at(["one", "two"], 1.8e9) == ["Holiday", "Fair"]
    book.configure(Config())
    assert book.at(["one", "two"], 1.8e9) == []
    await book.stop()


def raising(_event: object, error: BaseException) -> None:
    raise error


async def test_dealers_keep_their_turns() -> None:
    kept: dict[str, Any] = {}
    keeper = SimpleNamespace(load=lambda _room: {}, put=lambda room, key, value: kept.update({(room, key): value}))
    clock = SimpleNamespace(unix=lambda: 1.8e9)
    book = DealerBook([Dealer(name="a", number="1")], Dealers(), clock, keeper)  # type: ignore[arg-type]
    origin: Any = SimpleNamespace(region="", country="", key="")
    choice = book.choose("+48600100200", origin)
    assert choice is not None
    book.give("+48600100200", choice)
    book.configure([Dealer(name="a", number="2"), Dealer(name="b", number="3")], Dealers())
    remembered = book.choose("+48600100200", origin)
    assert remembered is not None
    assert remembered.dealer.number == "2"
    other = book.choose("+48600100300", origin)
    assert other is not None
    book.give("+48600100300", other)
    third = book.choose("+48600100400", origin)
    assert third is not None
    assert {other.dealer.name, third.dealer.name} == {"a", "b"}
