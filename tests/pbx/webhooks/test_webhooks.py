"""What happens in the house reaches who subscribed: whole, signed, in order, and no longer than it is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from pbx.config_webhooks import Webhooks as Settings
from pbx.contact.item import ContactItem, ItemKind
from pbx.contact.journal import ContactChanged
from pbx.events import Alarm, CallEvent, Kind
from pbx.web.client import Answer, Ask
from pbx.webhooks.catalogue import schema
from pbx.webhooks.service import TooMany, Webhooks
from pbx.webhooks.signature import HEADER, verify
from pbx.webhooks.subscription import Subscription
from tests.pbx.queue.house import House
from tests.pbx.webhooks.test_signature import fits
from tests.support.outbox import OK, World
from tests.support.virtual_loop import virtual_clock

DAY = 86_400.0


class MemorySubscriptions:
    """A SubscriptionStore."""

    def __init__(self) -> None:
        self.rows: dict[str, Subscription] = {}

    def load(self) -> list[Subscription]:
        return [replace(row) for row in self.rows.values()]

    async def write(self, subscription: Subscription) -> None:
        self.rows[subscription.id] = replace(subscription)

    async def remove(self, subscription: str) -> None:
        del self.rows[subscription]


class Receiver:
    """Whoever subscribed: checks every signature, keeps what it took."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.asks: list[Ask] = []
        self.answer = OK
        self.keys: list[str] = []
        self.hosts: Any = None

    async def ask(self, ask: Ask) -> Answer:
        self.asks.append(ask)
        now = virtual_clock().unix()
        assert all(verify(ask.headers[HEADER], ask.body, key, now) for key in self.keys)
        if self.answer.status == 200:
            self.bodies.append(orjson.loads(ask.body))
            assert fits(self.bodies[-1], schema(ask.headers["Centrala-Event"])) == []
        return self.answer

    def types(self) -> list[str]:
        return [body["type"] for body in self.bodies]


class Office:
    """A house with a queue, an outbox and webhooks."""

    def __init__(self, house: House, **settings: Any) -> None:
        self.house, self.receiver, self.store = house, Receiver(), MemorySubscriptions()
        services = house.harness.services
        self.world = World(virtual_clock())
        self.outbox = self.world.outbox
        self.outbox._attempts._make_web = lambda: self.receiver  # type: ignore[assignment, return-value]
        self.alarms: list[Alarm] = []
        services.bus.subscribe(Alarm, self.alarms.append)
        pending = 0
        self.service = Webhooks(Settings.model_validate(settings), services, self.store, self.outbox, lambda _: pending)

    async def __aenter__(self) -> Office:
        self.outbox.start()
        self.service.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.service.stop()
        await self.outbox.stop()
        await self.house.close()

    async def subscribe(self, **fields: Any) -> Subscription:
        made = await self.service.add(**{"name": "crm", "url": "https://crm.example/hook", **fields})
        self.receiver.keys.append(made.secret)
        return made


async def test_a_call_is_told_from_its_start_to_its_recording() -> None:
    async with Office(House({"101": {}}, record=True)) as office:
        assert not office.service._unsubscribe, "without a subscription nothing listens"
        await office.subscribe(events=["call.*", "recording.ready", "agent.state"])
        caller = office.house.call()
        await office.house.sleep(5)
        caller.hang_up()
        await office.house.sleep(5)
        told = office.receiver
        of_call = [body for body in told.bodies if body["type"] != "agent.state"]
        names = [body["type"] for body in of_call]
        assert names[:2] == ["call.started", "call.answered"]
        assert sorted(names[2:]) == ["call.ended", "recording.ready"]
        answered = of_call[1]["data"]
        assert (answered["agent"], answered["queue"]) == ("101", "sales")
        ended = next(body["data"] for body in of_call if body["type"] == "call.ended")
        assert ended["answered"] is True
        assert 3.5 < ended["talk_s"] <= ended["duration_s"] <= 5.5
        assert sorted(body["sequence"] for body in told.bodies) == list(range(1, len(told.bodies) + 1))
        assert len({body["id"] for body in told.bodies}) == len(told.bodies)
        assert [body["data"]["state"] for body in told.bodies if body["type"] == "agent.state"][:3] == [
            "reserved",
            "ringing",
            "talking",
        ]


async def test_filters_of_events_and_queues() -> None:
    async with Office(House({"101": {}})) as office:
        await office.subscribe(events=["call.*"], queues=["sales"])
        await office.subscribe(events=["call.ended"], queues=["other"])
        office.receiver.keys.pop()  # of which nothing is to come
        caller = office.house.call()
        await office.house.sleep(3)
        caller.hang_up()
        await office.house.sleep(3)
        assert office.receiver.types() == ["call.answered", "call.ended"]


async def test_contacts_messages_and_numbers_are_told() -> None:
    async with Office(House({"101": {}})) as office:
        await office.subscribe(events=["*"])
        bus, now = office.house.harness.services.bus, virtual_clock().unix()
        missed = ContactItem("m" * 32, ItemKind.ABANDONED, "sales", "+48600100200", now, now, reason="abandoned")
        asked = ContactItem("c" * 32, ItemKind.WIDGET, "sales", "+48600100201", now, now, promise=now + 60)
        for item in (missed, asked):
            bus.publish(ContactChanged(item, Kind.CONTACT_OPENED))
        office.house.harness.services.contacts = type("Book", (), {"peek": staticmethod({asked.id: asked}.get)})
        bus.publish(CallEvent(Kind.CONTACT_BREACHED, asked.id, "", now + 61, {"deadline": "promise"}))
        for item, end in ((missed, "reached"), (asked, "unreachable")):
            item.end, item.ended = end, now + 90
            bus.publish(ContactChanged(item, Kind.CONTACT_CLOSED))
        for kind, data in (
            (Kind.SMS_QUEUED, {"number": "+48600100200", "template": "sorry", "source": "queue:sales"}),
            (Kind.SMS_ACCEPTED, {"gateway": "a", "parts": 2, "cost": 0.1, "currency": "PLN"}),
            (Kind.SMS_DELIVERED, {"gateway": "a", "delivery_s": 1.5}),
            (Kind.SMS_CLICKED, {"clicks": 1}),
        ):
            bus.publish(CallEvent(kind, "s" * 32, "", now, data))
        bus.publish(CallEvent(Kind.SMS_RECEIVED, "r" * 32, "", now, {"number": "+48600100200", "what": "text"}))
        flood = {"number": "+48221230000", "calls": 6, "window_s": 600.0}
        bus.publish(CallEvent(Kind.FLOOD_STARTED, "f" * 32, "", now, flood))
        for active in (True, True, False):
            bus.publish(Alarm("number.bad:shop:/a", "the page shows another number", active, now))
        bus.publish(Alarm("store_write", "no business of webhooks", True, now))
        await office.house.sleep(3)
        told = office.receiver
        of_contact = [body["type"] for body in told.bodies if body["data"].get("contact") == asked.id]
        assert of_contact == ["callback.requested", "callback.sla_breached", "callback.closed"]
        assert [body["type"] for body in told.bodies if body["data"].get("contact") == missed.id] == [
            "call.missed",
            "call.recovered",
        ]
        of_message = [body for body in told.bodies if body["data"].get("message") == "s" * 32]
        assert [body["type"] for body in of_message] == ["sms.sent", "sms.delivered", "sms.clicked"]
        assert {body["data"]["number"] for body in of_message} == {"+48600100200"}
        assert told.types().count("number.bad") == 1
        assert told.types().count("sms.received") == 1
        (body,) = [body for body in told.bodies if body["type"] == "flood.started"]
        assert body["data"] == {**flood, "call_id": "f" * 32}


async def test_secrets_change_while_both_sign_and_a_ping_shows_it() -> None:
    async with Office(House({"101": {}}), rotation_h=1.0) as office:
        made = await office.subscribe()
        changed = await office.service.rotate(made.id)
        office.receiver.keys.append(changed.secret)
        event = await office.service.ping(made.id, "person:1")
        await office.house.sleep(2)
        assert office.receiver.bodies[0]["id"] == event
        assert office.receiver.asks[0].headers[HEADER].count("v1=") == 2
        await office.house.sleep(3700)
        office.receiver.keys = [changed.secret]
        await office.service.ping(made.id, "person:1")
        await office.house.sleep(2)
        assert office.receiver.asks[1].headers[HEADER].count("v1=") == 1


async def test_one_that_takes_nothing_for_days_is_switched_off_and_on_again_by_a_person() -> None:
    async with Office(House({"101": {}}), disable_after_days=2.0) as office:
        made = await office.subscribe(events=["call.started"])
        office.receiver.answer = Answer(500, {}, b"")
        for _ in range(20):
            office.house.call().hang_up()
            await office.house.sleep(DAY / 6)
        found = office.service.subscriptions[made.id]
        assert not found.enabled
        assert "2 days" in found.disabled_why
        assert not office.store.rows[made.id].enabled, "it stays off after a restart"
        alarm = [alarm for alarm in office.alarms if alarm.name == f"webhook_disabled:{made.id}"][-1]
        assert alarm.active
        assert urlsplit(made.url).path not in alarm.text, "an address may hold a secret, and alarms are for everybody"
        with pytest.raises(ValueError, match="enable it"):
            await office.service.ping(made.id, "x")
        office.receiver.answer = OK
        await office.service.change(made.id, enabled=True)
        assert not office.alarms[-1].active
        office.house.call().hang_up()
        await office.house.sleep(400)
        assert office.receiver.types()[-1] == "call.started"
        office.receiver.answer = Answer(410, {}, b"gone")
        office.house.call().hang_up()
        await office.house.sleep(5)
        assert "410" in office.service.subscriptions[made.id].disabled_why


async def test_there_is_an_end_to_subscriptions_and_those_removed_are_told_nothing() -> None:
    async with Office(House({"101": {}}), max_subscriptions=1) as office:
        made = await office.subscribe()
        with pytest.raises(TooMany):
            await office.subscribe()
        with pytest.raises(ValueError, match="no event"):
            await office.service.change(made.id, events=["nothing"])
        await office.service.remove(made.id)
        assert not office.store.rows
        office.house.call().hang_up()
        await office.house.sleep(5)
        assert not office.receiver.asks
        with pytest.raises(KeyError):
            await office.service.rotate(made.id)


async def test_a_scheduled_report_is_long_signed_and_told_once() -> None:
    async with Office(House({"101": {}})) as office:
        await office.subscribe(events=["report.ready"])
        await office.subscribe(events=["*"], queues=["sales"])  # other queues' figures are not theirs
        office.receiver.keys.pop()
        words = {"schedule": "boss", "due": "2026-11-21", "period": "2026-11-20", "timezone": "UTC", "language": "pl"}
        files = [
            {"name": "queues.json", "type": "application/json", "octets": 1, "sheets": [{"rows": ["x" * 600_000]}]}
        ]
        body = orjson.dumps({**words, "files": files})
        for _ in range(2):  # again after a crash, or because the e-mail beside it failed
            assert await office.service.report("report-boss-2026-11-21", body) == 1
            await office.house.sleep(2)
        (told,) = office.receiver.bodies
        assert (told["type"], told["id"], told["data"]["files"]) == ("report.ready", "report-boss-2026-11-21", files)
        with pytest.raises(ValueError, match="at most 1048576 octets"):
            await office.service.report("longer", b"x" * (1 << 20) + b"y")
