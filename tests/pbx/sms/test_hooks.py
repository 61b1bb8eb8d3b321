"""Messages that nobody asks for: once for a call and for a contact, and not to everybody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pbx.contact.item import Attempt, ContactItem, ItemKind
from pbx.contact.journal import ContactChanged
from pbx.events import CallEvent, Kind
from pbx.metrics.sms import SmsMetrics
from tests.pbx.sms.test_sending import in_virtual_time
from tests.pbx.sms.virtual import gateway, virtual
from tests.pbx.sms.world import NUMBER, World

pytestmark = pytest.mark.usefixtures("fakes")
SORRY = {"name": "sorry", "text": {"en": "We will call back. {queue} {wait_min|default:0}", "ru": "Перезвоним"}}


def world() -> World:
    queue = {"name": "sales", "sms_on_timeout": "sorry", "sms_on_abandon": "sorry", "short_abandon_s": 5.0}
    config = {"queue": [queue], "callback": {"sms_on_failure": "sorry"}}
    return virtual(template=[SORRY], on_missed="sorry", config=config)


def call(found: World, id_: str, caller: str = NUMBER, **setup: Any) -> None:
    given = {"withheld": False, "direction": "inbound", "did": "+48221000600", **setup}
    language = given.pop("language", "en")
    found.calls[id_] = SimpleNamespace(id=id_, caller=caller, language=language, setup=SimpleNamespace(**given))


def tell(found: World, kind: Kind, call_id: str, **data: Any) -> None:
    found.bus.publish(CallEvent(kind, call_id, "", found.clock.unix(), {"queue": "sales", **data}))


def item(id_: str, **more: Any) -> ContactItem:
    given = {"kind": ItemKind.ABANDONED, "queue": "sales", "number": "+48600100300", "since": 0.0, "created": 0.0}
    return ContactItem(id=id_, **{**given, **more})


@in_virtual_time
async def test_a_call_gets_one_message_whatever_happens_to_it() -> None:
    async with world() as found:
        call(found, "c1", language="ru")
        tell(found, Kind.QUEUE_LEFT, "c1", reason="timeout", wait_s=130.0)
        tell(found, Kind.QUEUE_ABANDONED, "c1", wait_s=20.0)
        found.bus.publish(ContactChanged(item("i1", origin_call="c1", number=NUMBER), Kind.CONTACT_OPENED))
        await found.wait(lambda: len(gateway(found).got) == 1)
        call(found, "c2", "+48600100201")
        tell(found, Kind.QUEUE_LEFT, "c2", reason="no_agents", wait_s=130.0)
        await found.wait(lambda: len(gateway(found).got) == 2)
    assert gateway(found).texts == ["Перезвоним", "We will call back. sales 2"]
    message = gateway(found).got[1]
    assert (message.source, message.reason, message.origin_call) == ("queue:sales", "no_agents", "c2")


@in_virtual_time
async def test_who_gets_none() -> None:
    async with world() as found:
        call(found, "c1")
        tell(found, Kind.QUEUE_ABANDONED, "c1", wait_s=2.0)  # at once
        tell(found, Kind.QUEUE_LEFT, "c1", reason="callback", wait_s=20.0)  # is called back
        call(found, "c2", "anonymous", withheld=True)
        tell(found, Kind.QUEUE_ABANDONED, "c2", wait_s=20.0)
        call(found, "c3", "101", direction="internal")
        tell(found, Kind.QUEUE_ABANDONED, "c3", wait_s=20.0)
        call(found, "c4", "+48221234567")  # no mobile
        tell(found, Kind.QUEUE_ABANDONED, "c4", wait_s=20.0)
        found.bus.publish(ContactChanged(item("i1", number=""), Kind.CONTACT_OPENED))
        found.bus.publish(ContactChanged(item("i2", kind=ItemKind.WIDGET), Kind.CONTACT_OPENED))
        await found.wait(lambda: found.service.refused == {"not_mobile": 1})
    assert found.store.messages == {}


@in_virtual_time
async def test_a_missed_contact_and_a_callback_that_fails_are_told_once_each() -> None:
    async with world() as found:
        metrics = SmsMetrics(found.bus, found.service.figures)
        missed = item("i1")
        found.bus.publish(ContactChanged(missed, Kind.CONTACT_OPENED))
        asked = item("i2", kind=ItemKind.CALLBACK, automatic=True, number="+48600100301")
        for outcome in ("fault", "busy", "no_answer"):
            asked.attempts.append(Attempt(1.0, outcome=outcome, ended=2.0))
            found.bus.publish(ContactChanged(asked, Kind.CONTACT_ATTEMPT_ENDED))
        await found.wait(lambda: found.service.figures().states["accepted"] == 2)
        samples = {
            (sample.name, *sample.labels.values()): sample.value
            for family in metrics.collect()
            for sample in family.samples
        }
    assert [(message.number, message.reason, message.contact) for message in gateway(found).got] == [
        ("+48600100300", "missed", "i1"),
        ("+48600100301", "busy", "i2"),
    ]
    assert samples["centrala_sms_total", "a", "accepted"] == 2
    assert samples["centrala_sms_parts_total", "a"] == 2
    assert samples["centrala_sms_messages", "accepted"] == 2
    assert samples["centrala_sms_refused_total", "not_mobile"] == 0
    assert samples["centrala_sms_gateway_up", "a"] == 1


@in_virtual_time
async def test_a_site_has_messages_of_its_own() -> None:
    """For a failed call of its widget, and for an hour that was agreed on; others get the usual ones."""
    failed = {"name": "failed", "text": {"en": "We tried to call you."}}
    agreed = {"name": "agreed", "text": {"en": "We will call at {slot}."}}
    site = {"name": "shop", "key": "pk_shop12345678", "origins": ["https://shop.example"], "timezone": "Europe/Warsaw"}
    own = {"widget": {"sms_on_failure": "failed", "sms_on_schedule": "agreed"}}
    async with virtual(template=[SORRY, failed, agreed], config={"site_web": [{**site, **own}]}) as found:
        source = {"site": "shop", "slot": "1790000000.0"}
        asked = item("i1", kind=ItemKind.WIDGET, language="en", automatic=True, source=source)
        found.bus.publish(ContactChanged(asked, Kind.CONTACT_OPENED))
        await found.wait(lambda: len(gateway(found).got) == 1)
        asked.attempts.append(Attempt(0.0, "c1", "busy", 1.0, "callback"))
        found.bus.publish(ContactChanged(asked, Kind.CONTACT_ATTEMPT_ENDED))
        await found.wait(lambda: len(gateway(found).got) == 2)
        other = item("i2", kind=ItemKind.CALLBACK, language="en", automatic=True, number="+48600100301")
        other.attempts.append(Attempt(0.0, "c2", "busy", 1.0, "callback"))
        found.bus.publish(ContactChanged(other, Kind.CONTACT_ATTEMPT_ENDED))
    assert gateway(found).texts == ["We will call at 21.09 16:13.", "We tried to call you."]
