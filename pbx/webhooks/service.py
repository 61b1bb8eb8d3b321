"""Webhooks: subscriptions, and the deliveries that events become. Without a subscription it listens to nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson

from pbx.call.services import Services
from pbx.config_webhooks import Webhooks as Settings
from pbx.contact.journal import ContactChanged
from pbx.events import AgentStateChanged, Alarm, CallEvent, Kind
from pbx.ids import new_id
from pbx.outbox.entry import MAX_REPORT, Entry
from pbx.outbox.ports import OutboxPort, Verdict
from pbx.webhooks.catalogue import PING
from pbx.webhooks.delivery import GONE, WebhookDelivery
from pbx.webhooks.ports import SubscriptionStore
from pbx.webhooks.signature import new_secret
from pbx.webhooks.subscription import Subscription
from pbx.webhooks.telling import Telling

log = logging.getLogger("centrala.webhooks")
ALARM = "webhook_disabled"
REPORT = "report.ready"


class TooMany(Exception):
    """There is no room for a further subscription; the text says so."""


class Webhooks:
    """Built and started after the outbox. `pending` says how many deliveries of a target wait."""

    def __init__(
        self,
        settings: Settings,
        services: Services,
        store: SubscriptionStore,
        outbox: OutboxPort,
        pending: Callable[[str], int],
    ) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.told = 0  # deliveries that were put
        self._settings = settings
        self._services = services
        self._store = store
        self._outbox = outbox
        self._pending = pending
        self._wanted: dict[str, list[Subscription]] = {}  # by type
        self._unsubscribe: list[Callable[[], None]] = []
        self._writes: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """From now on events are told."""
        for subscription in self._store.load():
            self.subscriptions[subscription.id] = subscription
            if subscription.disabled:
                self._alarm(subscription, True)
        self._refresh()

    async def stop(self) -> None:
        """Events are told no more; what was begun is written."""
        self._listen(False)
        while self._writes:
            await asyncio.wait(self._writes)

    # -- people --------------------------------------------------------------------------------------------------

    async def add(self, **fields: Any) -> Subscription:
        """A new one with a new secret. Raises ValueError for events that are none, TooMany."""
        if len(self.subscriptions) >= self._settings.max_subscriptions:
            raise TooMany(f"there are {len(self.subscriptions)} subscriptions already (webhooks.max_subscriptions)")
        now = self._services.clock.unix()
        subscription = Subscription(id=new_id(now), secret=new_secret(), created=now, **fields)
        subscription.wanted()
        await self._write(subscription)
        return subscription

    async def change(self, subscription: str, **fields: Any) -> Subscription:
        """Raises KeyError for one that is not there, ValueError for events that are none."""
        changed = replace(self.subscriptions[subscription], **fields)
        changed.wanted()
        if fields.get("enabled"):
            changed.disabled, changed.disabled_why, changed.failing_since = 0.0, "", 0.0
        await self._write(changed)
        return changed

    async def rotate(self, subscription: str) -> Subscription:
        """A new secret; the one before signs as well for webhooks.rotation_h. Raises KeyError."""
        old = self.subscriptions[subscription]
        until = self._services.clock.unix() + self._settings.rotation_h * 3600.0
        changed = replace(old, secret=new_secret(), previous_secret=old.secret, previous_until=until)
        await self._write(changed)
        return changed

    async def remove(self, subscription: str) -> None:
        """What waits for it dies. Raises KeyError."""
        async with self._lock:
            found = self.subscriptions[subscription]
            await self._store.remove(subscription)
            self.subscriptions.pop(subscription, None)
        self._alarm(found, False)
        self._refresh()

    async def ping(self, subscription: str, by: str) -> str:
        """Sends a delivery that says nothing; returns the event's id. Raises KeyError, ValueError when it is off."""
        found = self.subscriptions[subscription]
        if not found.enabled:
            raise ValueError("the subscription is off: enable it first")
        event = new_id(self._services.clock.unix())
        await self._outbox.put(found.target, PING, event, {"subscription": found.id, "by": by})
        return event

    async def report(self, key: str, body: bytes) -> int:
        """A scheduled report for those who want `report.ready`; what was put before under the key is not sent again.
        Returns to how many it goes, after the commit. Raises StoreError.
        """
        wanted = [one for one in self._wanted.get(REPORT, ()) if not one.queues]
        for subscription in wanted:
            await self._outbox.put(subscription.target, REPORT, key, body, most=MAX_REPORT)
        return len(wanted)

    # -- events --------------------------------------------------------------------------------------------------

    def _tell(self, name: str, call_id: str, queue: str, data: dict[str, Any]) -> None:
        wanted = self._wanted.get(name)
        if not wanted:
            return
        body = orjson.dumps(data)
        event = new_id(self._services.clock.unix())
        for subscription in wanted:
            if subscription.queues and queue not in subscription.queues:
                continue
            self._outbox.put_soon(subscription.target, name, event, body, call_id=call_id)
            self.told += 1

    def _told(self, subscription: str, entry: Entry, verdict: Verdict) -> None:
        """An attempt is over: notes since when none was taken, and switches off what will never take one."""
        found = self.subscriptions.get(subscription)
        if found is None or not found.enabled:
            return
        now = self._services.clock.unix()
        if verdict is Verdict.OK:
            if found.failing_since:
                self._soon(replace(found, failing_since=0.0))
        elif entry.status == GONE:
            self._disable(found, "it answered 410: nobody wants it any more")
        elif not found.failing_since:
            self._soon(replace(found, failing_since=now))
        elif now - found.failing_since > self._settings.disable_after_days * 86_400.0:
            self._disable(found, f"no delivery was taken for {self._settings.disable_after_days:g} days")
        elif self._pending(found.target) > self._settings.max_pending:
            self._disable(found, f"{self._pending(found.target)} deliveries wait (webhooks.max_pending)")

    def _disable(self, found: Subscription, why: str) -> None:
        log.warning("the webhook %s is switched off: %s", found.name, why)
        now = self._services.clock.unix()
        changed = replace(found, enabled=False, disabled=now, disabled_why=why)
        self._alarm(changed, True)
        self._soon(changed)

    def _alarm(self, found: Subscription, active: bool) -> None:
        text = (
            f"the webhook {found.name} (to {urlsplit(found.url).hostname}) is switched off: {found.disabled_why}; "
            "mend it and enable it again"
        )
        over = f"the webhook {found.name} is enabled again, or was removed"
        now = self._services.clock.unix()
        self._services.bus.publish(Alarm(f"{ALARM}:{found.id}", text if active else over, active, now))

    # -- keeping -------------------------------------------------------------------------------------------------

    async def _write(self, subscription: Subscription) -> None:
        async with self._lock:
            await self._store.write(subscription)
            self.subscriptions[subscription.id] = subscription
        if subscription.enabled:
            self._alarm(subscription, False)
        self._refresh()

    def _soon(self, subscription: Subscription) -> None:
        """A change that we make ourselves: it holds at once, and is written as soon as may be."""
        self.subscriptions[subscription.id] = subscription
        self._refresh()
        task = asyncio.get_running_loop().create_task(self._kept(self._store.write(subscription)))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _kept(self, write: Awaitable[None]) -> None:
        try:
            await write
        except Exception as error:  # it is found out again
            log.warning("what became of a webhook is not kept: %s", error)

    def _refresh(self) -> None:
        """After a change: who wants what, who is registered, whether there is anything to listen to."""
        wanted: dict[str, list[Subscription]] = {}
        for subscription in self.subscriptions.values():
            if not subscription.enabled:
                self._outbox.unregister(subscription.target)
                continue
            for name in subscription.wanted():
                wanted.setdefault(name, []).append(subscription)
            self._register(subscription.id, subscription.target)
        self._wanted = wanted
        self._listen(bool(wanted))

    def _register(self, name: str, target: str) -> None:
        delivery = WebhookDelivery(lambda: self.subscriptions.get(name), self._services.clock)
        self._outbox.register(target, delivery, told=lambda entry, verdict: self._told(name, entry, verdict))

    def _listen(self, on: bool) -> None:
        if on == bool(self._unsubscribe):
            return
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        if not on:
            return
        telling, bus = Telling(self._tell, self._services.running), self._services.bus

        def breached(event: CallEvent) -> None:
            telling.breached(event, self._services.contacts.peek(event.call_id))

        self._unsubscribe = [
            bus.subscribe(CallEvent, telling.event, telling.kinds, ahead=True),
            bus.subscribe(CallEvent, breached, (Kind.CONTACT_BREACHED,), ahead=True),
            bus.subscribe(ContactChanged, telling.contact),
            bus.subscribe(AgentStateChanged, telling.agent, ahead=True),
            bus.subscribe(Alarm, telling.alarm),
        ]
