"""Messages that nobody has to ask for: to who left a queue unserved, was missed, or could not be called back.

At most one for each call and one for each contact: all hooks of a call use one key, whichever comes first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from pbx.contact.item import ItemKind
from pbx.contact.journal import ContactChanged
from pbx.contact.messaging import SmsRefused, SmsRequest
from pbx.events import CallEvent, Kind
from pbx.sms import web_templates

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.contact.item import ContactItem

log = logging.getLogger("centrala.sms")

UNSERVED = ("timeout", "full", "no_agents")  # reasons of queue.left that are our doing
MISSED = (ItemKind.ABANDONED, ItemKind.MISSED, ItemKind.LEAD)
UNREACHED = ("busy", "no_answer", "unreachable", "voicemail")
MOST = 1000  # that are being written

Send = Callable[[SmsRequest], Awaitable[object]]


class Hooks:
    """Listens to the bus; refusals are counted and told by `send`."""

    def __init__(self, services: Services, send: Send) -> None:
        self._services = services
        self._send = send
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe: list[Callable[[], None]] = []

    def start(self) -> None:
        """Listens to what the configuration asks for, and to nothing else; again after it has changed."""
        self._listen_no_more()
        self._queues = {queue.name: queue for queue in self._services.config.queue}
        listen = self._services.bus.subscribe
        queues = self._queues.values()
        if any(queue.sms_on_timeout for queue in queues):
            self._unsubscribe.append(listen(CallEvent, self._left, (Kind.QUEUE_LEFT,)))
        if any(queue.sms_on_abandon for queue in queues):
            self._unsubscribe.append(listen(CallEvent, self._abandoned, (Kind.QUEUE_ABANDONED,)))
        config = self._services.config
        if config.sms.on_missed or config.callback.sms_on_failure or web_templates.any_site(config):
            self._unsubscribe.append(listen(ContactChanged, self._contact))

    async def stop(self) -> None:
        """Waits for what was begun."""
        self._listen_no_more()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _listen_no_more(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []

    # -- queues ------------------------------------------------------------------------------------------------------

    def _left(self, event: CallEvent) -> None:
        queue = self._queues.get(str(event.data.get("queue")))
        if queue is not None and queue.sms_on_timeout and event.data.get("reason") in UNSERVED:
            self._to_caller(event, queue.sms_on_timeout, str(event.data["reason"]))

    def _abandoned(self, event: CallEvent) -> None:
        """Who hung up at once wanted nothing, by the queue's own figure."""
        queue = self._queues.get(str(event.data.get("queue")))
        if queue is None or not queue.sms_on_abandon:
            return
        if float(event.data.get("wait_s") or 0.0) >= queue.short_abandon_s:
            self._to_caller(event, queue.sms_on_abandon, "abandoned")

    def _to_caller(self, event: CallEvent, template: str, reason: str) -> None:
        call = self._services.running.calls.get(event.call_id)
        if call is None or call.setup.withheld or call.setup.direction != "inbound":
            return
        queue = str(event.data["queue"])
        variables = {
            "queue": queue,
            "caller": call.caller,
            "called": call.setup.did,
            "wait_min": round(float(event.data.get("wait_s") or 0.0) / 60.0),
        }
        self._begin(
            SmsRequest(
                to=call.caller,
                template=template,
                language=call.language,
                variables=variables,
                key=f"call:{call.id}",
                source=f"queue:{queue}",
                reason=reason,
                origin_call=call.id,
                urgent=True,  # he has just called us
            )
        )

    # -- contacts ----------------------------------------------------------------------------------------------------

    def _contact(self, event: ContactChanged) -> None:
        item, config = event.item, self._services.config
        if event.what is Kind.CONTACT_OPENED and item.kind in MISSED and config.sms.on_missed and item.is_open:
            key = f"call:{item.origin_call}" if item.origin_call else f"contact:{item.id}"
            self._to_customer(item, config.sms.on_missed, "missed", key)
        elif event.what is Kind.CONTACT_OPENED and item.is_open:
            agreed = web_templates.on_schedule(config, item)
            if agreed:
                self._to_customer(item, agreed, "scheduled", f"scheduled:{item.id}")
        elif event.what is Kind.CONTACT_ATTEMPT_ENDED and item.automatic:
            template, last = web_templates.on_failure(config, item), item.attempts[-1]
            if template and last.outcome in UNREACHED:
                self._to_customer(item, template, last.outcome, f"callback:{item.id}")

    def _to_customer(self, item: ContactItem, template: str, reason: str, key: str) -> None:
        if not item.number:
            return
        variables = {
            "queue": item.queue,
            "caller": item.number,
            "called": item.source.get("did", ""),
            "name": item.name,
            "slot": web_templates.slot_text(self._services.config, item),
        }
        self._begin(
            SmsRequest(
                to=item.number,
                template=template,
                language=item.language,
                variables=variables,
                key=key,
                source=f"queue:{item.queue}" if item.queue else "contacts",
                reason=reason,
                origin_call=item.origin_call,
                contact=item.id,
                urgent=True,  # he called, or waits for our call
            )
        )

    def _begin(self, request: SmsRequest) -> None:
        if len(self._tasks) >= MOST:
            log.error("%d messages wait for the database: one to %s is not sent", MOST, request.to)
            return
        step: Coroutine[Any, Any, None] = self._one(request)
        task = asyncio.get_running_loop().create_task(step)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one(self, request: SmsRequest) -> None:
        try:
            await self._send(request)
        except SmsRefused as refused:
            log.info("no message to %s (%s): %s", request.to, request.reason, refused)
        except Exception as error:
            log.error("the message to %s (%s) cannot be kept: %s", request.to, request.reason, error)
