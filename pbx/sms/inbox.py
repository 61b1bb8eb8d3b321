"""Messages from customers: kept, understood, and turned into a contact where somebody is to answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from pbx.call.identity import clean_name
from pbx.config_sms import Sms
from pbx.contact.item import ItemKind, OpenRequest
from pbx.contact.messaging import SmsRefused, SmsRequest
from pbx.events import CallEvent, EventBus, Kind
from pbx.ids import new_id
from pbx.sms.gateway import Received
from pbx.sms.message import Inbound
from pbx.sms.optout import OptOuts, Words, language_of

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.sms.ports import SmsStore

log = logging.getLogger("centrala.sms")

MAX_TEXT = 2000  # characters that are kept
Answer = Callable[[SmsRequest], Awaitable[object]]


class Inbox:
    """`answer` sends a confirmation, past the list of those who want no messages."""

    def __init__(self, services: Services, store: SmsStore, opted_out: OptOuts, answer: Answer) -> None:
        self._services = services
        self.configure(services.config.sms)
        self._bus: EventBus = services.bus
        self._store = store
        self._opted_out = opted_out
        self._answer = answer
        self.received: dict[str, int] = {"text": 0, "stop": 0, "start": 0}  # since the start

    def configure(self, settings: Sms) -> None:
        """From now on as `settings` say."""
        self._settings: Sms = settings
        self._words = Words(settings)

    async def take(self, got: Received, number: str) -> None:
        """Returns when the message is on disk, with all that it led to. `number` is the customer's in E.164 where it
        is one. The same message twice, by its gateway's id, is one.
        """
        now = self._services.clock.unix()
        text = "".join(mark if mark.isprintable() or mark == "\n" else " " for mark in got.text)[:MAX_TEXT].strip()
        what = self._words.what(text)
        inbound = Inbound(
            new_id(now), got.gateway, got.gateway_id[:100], number[:64], got.to[:64], text, now, what=what
        )
        if what == "stop" and number:
            await self._stopped(inbound)  # before the message is known: should this fail, it comes again
        elif what == "start" and number:
            await self._started(inbound)
        if not await self._store.received(inbound):
            return
        self.received[what] += 1
        data = {"gateway": got.gateway, "number": inbound.number, "to": inbound.to, "what": what}
        self._bus.publish(CallEvent(Kind.SMS_RECEIVED, inbound.id, "", now, data))
        if what == "text" and number:
            await self._contact(inbound)

    async def _stopped(self, inbound: Inbound) -> None:
        """Confirmed once: who says it again has been told."""
        if await self._opted_out.add(inbound.number, f"sms:{inbound.gateway}"):
            self._tell(Kind.SMS_OPTED_OUT, inbound)
            await self._confirm(inbound, self._settings.stopped, "opted_out")

    async def _started(self, inbound: Inbound) -> None:
        if await self._opted_out.remove(inbound.number):
            self._tell(Kind.SMS_OPTED_IN, inbound)
            await self._confirm(inbound, self._settings.started, "opted_in")

    def _tell(self, kind: Kind, inbound: Inbound) -> None:
        data = {"number": inbound.number, "by": f"sms:{inbound.gateway}"}
        self._bus.publish(CallEvent(kind, inbound.id, "", inbound.received, data))

    async def _confirm(self, inbound: Inbound, texts: Mapping[Any, str], reason: str) -> None:
        default = self._services.config.server.language
        language = language_of(inbound.text) or default
        text = texts.get(language) or texts.get(default, "")
        if not text:
            return
        request = SmsRequest(
            to=inbound.number,
            text=text,
            language=language,
            key=f"{reason}:{inbound.id}",
            source="optout",
            reason=reason,
            urgent=True,
        )
        try:
            await self._answer(request)
        except SmsRefused as refused:
            log.warning("%s is not confirmed to %s: %s", reason, inbound.number, refused)

    async def _contact(self, inbound: Inbound) -> None:
        """A reply waits in a queue like everybody who is owed an answer."""
        queue, book = self._settings.queue, self._services.contacts
        if not queue or book is None:
            return
        request = OpenRequest(
            kind=ItemKind.SMS,
            number=inbound.number,
            queue=queue,
            owner=f"queue:{queue}",
            source={"text": clean_name(inbound.text)[:200], "did": inbound.to},
            key=f"sms:{inbound.id}",
            reason="sms",
        )
        try:
            item, _created = await book.open(request)
        except Exception as error:
            log.error("the message %s of %s opens no contact: %s", inbound.id, inbound.number, error)
            return
        inbound.contact = item.id
        await self._store.note_contact(inbound)
