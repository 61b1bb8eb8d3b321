"""The open messages: queued, submitted, accepted, settled, each step committed before anybody acts on it.

A step takes the message's lock, changes a copy, writes it, and makes the copy the message's only after the commit, as
pbx.contact.book does with contacts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from pbx.clock import Clock
from pbx.contact.messaging import SmsRefused
from pbx.events import CallEvent, EventBus, Kind
from pbx.sms.message import Message, SentPart, State, Trigger, WrongState
from pbx.sms.ports import SmsStore

log = logging.getLogger("centrala.sms")
CRASHED = "process_ended"
Change = Callable[[Message], None]
Result = TypeVar("Result")


class Outbox:
    """All methods belong to the event loop's thread. Callers may be cancelled: a step that was begun is finished."""

    def __init__(self, bus: EventBus, clock: Clock, store: SmsStore, *, most: int) -> None:
        self.clock = clock
        self.open: dict[str, Message] = {}
        self.on_queued: Callable[[Message], None] = lambda _message: None
        self._bus = bus
        self._store = store
        self.most = most
        self._adding = 0
        self._parts: dict[tuple[str, str], str] = {}  # (gateway, its id): the message's
        self._locks: dict[str, asyncio.Lock] = {}
        self._steps: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Restores the open messages; what was being submitted is in doubt from now on."""
        for message in self._store.load():
            self._enter(message)
        for message in list(self.open.values()):
            if message.state is State.SUBMITTING:
                await self.doubt(message.id, CRASHED)

    async def stop(self) -> None:
        """Waits until what was begun is committed."""
        while self._steps:
            await asyncio.wait(self._steps)

    # -- looking -------------------------------------------------------------------------------------------------

    def in_state(self, *states: State) -> list[Message]:
        return [message for message in self.open.values() if message.state in states]

    def count(self, *states: State) -> int:
        return sum(message.state in states for message in self.open.values())

    @property
    def has_room(self) -> bool:
        waiting = self.count(State.QUEUED, State.SUBMITTING) if len(self.open) >= self.most else 0
        return waiting + self._adding < self.most

    async def get(self, message: str) -> Message | None:
        return self.open.get(message) or await self._store.get(message)

    async def by_key(self, key: str) -> Message | None:
        return await self._store.by_key(key)

    async def of_part(self, gateway: str, gateway_id: str) -> Message | None:
        """The message of which a gateway tells by its own id."""
        if (gateway, gateway_id) in self._parts:
            return self.open_part(gateway, gateway_id)
        return await self._store.of_part(gateway, gateway_id)

    def open_part(self, gateway: str, gateway_id: str) -> Message | None:
        """The same among those in memory, at once."""
        return self.open.get(self._parts.get((gateway, gateway_id), ""))

    # -- steps ---------------------------------------------------------------------------------------------------

    async def add(self, message: Message) -> tuple[Message, bool]:
        """The message that stands for `message.key`, and whether it is a new one. Returns after the commit."""
        return await self._to_its_end(self._add(message))

    async def submitting(self, message: str, gateway: str, cost: float, currency: str) -> Message:
        """To be awaited BEFORE the gateway sees anything of it."""

        def change(draft: Message) -> None:
            draft.fire(Trigger.SUBMIT)
            draft.gateway, draft.submitted = gateway, self.clock.unix()
            draft.cost, draft.currency = cost, currency
            draft.attempts += 1
            draft.error = ""

        def tell(done: Message) -> None:
            self._tell(done, Kind.SMS_SUBMITTED, gateway=gateway, attempt=done.attempts)

        return await self.change(message, change, tell)

    async def accepted(self, message: str, ids: list[str], cost: float | None = None, currency: str = "") -> Message:
        """The gateway has it, under `ids` (of its parts; none where it knows the message by our id)."""

        def change(draft: Message) -> None:
            draft.fire(Trigger.ACCEPT)
            draft.accepted, draft.error = self.clock.unix(), ""
            draft.sent = [SentPart(each) for each in ids]
            if cost is not None:
                draft.cost, draft.currency = cost, currency or draft.currency

        def tell(done: Message) -> None:
            self._tell(
                done,
                Kind.SMS_ACCEPTED,
                gateway=done.gateway,
                parts=done.parts,
                cost=round(done.cost, 6),
                currency=done.currency,
                queued_s=round(done.accepted - done.created, 3),
            )

        return await self.change(message, change, tell)

    async def requeue(
        self, message: str, reason: str, not_before: float, *, pinned: bool = False, counted: bool = True
    ) -> Message:
        """The gateway certainly has it not, or would know it again (`pinned`). Unless `counted` it was no attempt."""

        def change(draft: Message) -> None:
            draft.fire(Trigger.REQUEUE)
            draft.not_before, draft.error, draft.pinned = not_before, reason, pinned
            draft.attempts -= not counted

        def tell(done: Message) -> None:
            self._tell(done, Kind.SMS_REQUEUED, gateway=done.gateway, reason=reason)
            self.on_queued(done)

        return await self.change(message, change, tell)

    async def doubt(self, message: str, reason: str) -> Message:
        """Nobody can tell whether the gateway has it."""

        def change(draft: Message) -> None:
            draft.fire(Trigger.DOUBT)
            draft.error = reason

        def tell(done: Message) -> None:
            self._tell(done, Kind.SMS_IN_DOUBT, gateway=done.gateway, reason=reason)

        return await self.change(message, change, tell)

    async def end(self, message: str, trigger: Trigger, reason: str = "") -> Message:
        """It is delivered, failed, expired or refused."""
        return await self.change(message, lambda draft: self._end(draft, trigger, reason), self._told_end)

    async def receipt(self, message: str, gateway_id: str, state: str, reason: str = "") -> Message:
        """A receipt about one part ("delivered" or "failed"; `gateway_id` "" for the whole message). The message has
        its end when all parts are delivered, or one failed. A receipt that tells nothing new changes nothing.
        """

        def change(draft: Message) -> None:
            if gateway_id:
                part = next((each for each in draft.sent if each.id == gateway_id), None)
                if part is None and draft.state is State.IN_DOUBT and len(draft.sent) < draft.parts:
                    part = SentPart(gateway_id)
                    draft.sent.append(part)
                if part is None or part.state:
                    return
                part.state = state
            complete = draft.state is not State.IN_DOUBT or len(draft.sent) >= draft.parts
            done = complete and all(part.state == "delivered" for part in draft.sent)
            if draft.state in (State.DELIVERED, State.FAILED, State.REFUSED):
                return
            if state == "failed":
                self._end(draft, Trigger.FAIL, reason)
            elif done or not gateway_id:
                self._end(draft, Trigger.DELIVER, "")

        before = await self.get(message)
        known = before.state if before is not None else None
        return await self.change(message, change, lambda done: self._told_end(done) if done.state != known else None)

    async def change(self, message: str, change: Change, tell: Change | None = None) -> Message:
        """Any change, made on a copy that is kept when it is written; then `tell(message)`."""
        return await self._to_its_end(self._changed(message, change, tell))

    # -- parts ---------------------------------------------------------------------------------------------------

    async def _add(self, message: Message) -> tuple[Message, bool]:
        if not self.has_room:
            text = f"{self.most} messages wait (sms.max_queued): see what holds up the gateways, or raise it"
            raise SmsRefused(503, "full", text)
        self._adding += 1
        try:
            known = await self._store.write(message, new=True)
        finally:
            self._adding -= 1
        if known is not None:
            return self.open.get(known.id, known), False
        self._enter(message)
        self._tell(
            message,
            Kind.SMS_QUEUED,
            number=message.number,
            template=message.template,
            source=message.source,
            reason=message.reason,
            parts=message.parts,
            coding=message.coding,
            language=message.language,
        )
        self.on_queued(message)
        return message, True

    async def _changed(self, name: str, change: Change, tell: Change | None) -> Message:
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with lock:
            message = self.open.get(name) or await self._store.get(name)
            if message is None:
                raise WrongState(f"there is no message {name}")
            draft = message.draft()
            change(draft)
            if draft != message:
                await self._store.write(draft)
                message.take(draft)
                self._enter(message)
            if tell is not None:
                tell(message)
        if name not in self.open:
            self._locks.pop(name, None)
        return message

    def _enter(self, message: Message) -> None:
        """Into memory while it is open; its parts, too, so that receipts find it."""
        keys = [(message.gateway, part.id) for part in message.sent]
        if message.is_open:
            self.open[message.id] = message
            self._parts.update(dict.fromkeys(keys, message.id))
            return
        self.open.pop(message.id, None)
        for key in keys:
            self._parts.pop(key, None)

    def _end(self, draft: Message, trigger: Trigger, reason: str) -> None:
        draft.fire(trigger)
        draft.ended, draft.error = self.clock.unix(), reason

    def _told_end(self, message: Message) -> None:
        if message.state is State.DELIVERED:
            delivery_s = max(message.ended - (message.accepted or message.submitted), 0.0)
            self._tell(message, Kind.SMS_DELIVERED, gateway=message.gateway, delivery_s=round(delivery_s, 3))
            return
        kind = {State.FAILED: Kind.SMS_FAILED, State.EXPIRED: Kind.SMS_EXPIRED}.get(message.state, Kind.SMS_REFUSED)
        self._tell(message, kind, gateway=message.gateway, reason=message.error, source=message.source)

    def _tell(self, message: Message, kind: Kind, **data: Any) -> None:
        data = {name: value for name, value in data.items() if value not in ("", None)}
        for name in ("origin_call", "contact"):
            if getattr(message, name):
                data[name] = getattr(message, name)
        self._bus.publish(CallEvent(kind, message.id, "", self.clock.unix(), data))

    async def _to_its_end(self, step: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.get_running_loop().create_task(step)
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)
