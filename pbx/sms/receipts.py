"""What gateways tell of messages: found by their ids, kept, and for a while remembered when they come too early."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

from pbx.events import CallEvent, EventBus, Kind
from pbx.sms.gateway import Receipt
from pbx.sms.message import Message, State, WrongState
from pbx.sms.outbox import Outbox
from pbx.sms.smpp_text import id_forms

log = logging.getLogger("centrala.sms")

EARLY_S = 5.0  # a receipt waits so long for the answer to a submission that is under way
LOOK_S = 0.05
MOST = 2000  # receipts that belong to nothing yet
MOST_WAITING = 16  # further ones are remembered at once: while many wait, a gateway's answers would not be read


class Receipts:
    """`submitting` tells whether answers are outstanding."""

    def __init__(self, bus: EventBus, outbox: Outbox, submitting: Callable[[], int]) -> None:
        self._outbox = outbox
        self._submitting = submitting
        self._early: OrderedDict[tuple[str, str], Receipt] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self.unknown = 0  # since the start
        bus.subscribe(CallEvent, self._accepted, (Kind.SMS_ACCEPTED,))

    async def take(self, receipt: Receipt) -> None:
        """Returns when what it tells is on disk."""
        found = await self._find(receipt)
        if found is None and self._waiting < MOST_WAITING:
            self._waiting += 1
            try:
                found = await self._await_answer(receipt)
            finally:
                self._waiting -= 1
        # Its answer may have come while the store was asked; from here to `_remember` nothing else runs.
        found = found or self._open(receipt)
        if found is None:
            self._remember(receipt)
            return
        await self._apply(*found, receipt)

    def _open(self, receipt: Receipt) -> tuple[Message, str] | None:
        """Among the messages in memory."""
        message = self._outbox.open.get(receipt.message)
        if message is not None and message.gateway == receipt.gateway and message.state is not State.SUBMITTING:
            return message, ""
        for form in id_forms(receipt.gateway_id) if receipt.gateway_id else ():
            message = self._outbox.open_part(receipt.gateway, form)
            if message is not None and (form == receipt.gateway_id or _same_number(receipt.number, message.number)):
                return message, form
        return None

    async def _await_answer(self, receipt: Receipt) -> tuple[Message, str] | None:
        looks = 0
        found = None
        while found is None and self._submitting() and looks * LOOK_S < EARLY_S:
            await asyncio.sleep(LOOK_S)
            looks += 1
            found = await self._find(receipt)
        return found

    async def _apply(self, message: Message, part: str, receipt: Receipt) -> None:
        try:
            await self._outbox.receipt(message.id, part, receipt.state, receipt.reason)
        except WrongState as error:
            log.info("a receipt of %s changes nothing: %s", receipt.gateway, error)

    async def _find(self, receipt: Receipt) -> tuple[Message, str] | None:
        """The message, and the id of its part as we know it; "" for all of it."""
        if receipt.message:
            message = await self._outbox.get(receipt.message)
            if message is not None and message.gateway == receipt.gateway:
                return (message, "") if message.state is not State.SUBMITTING else None
        if receipt.gateway_id:
            for form in id_forms(receipt.gateway_id):
                message = await self._outbox.of_part(receipt.gateway, form)
                if message is not None and (form == receipt.gateway_id or _same_number(receipt.number, message.number)):
                    return message, form
        return None if self._submitting() else self._doubted(receipt)

    def _doubted(self, receipt: Receipt) -> tuple[Message, str] | None:
        """The one message to this number that is in doubt there: its id is what we never heard."""
        found = [
            message
            for message in self._outbox.in_state(State.IN_DOUBT)
            if message.gateway == receipt.gateway and message.number == receipt.number
        ]
        return (found[0], receipt.gateway_id) if len(found) == 1 and receipt.gateway_id else None

    def _remember(self, receipt: Receipt) -> None:
        self.unknown += 1
        self._early[receipt.gateway, receipt.gateway_id or receipt.message] = receipt
        while len(self._early) > MOST:
            self._early.popitem(last=False)

    def _accepted(self, event: CallEvent) -> None:
        """Whatever was told of it before its answer was there."""
        message = self._outbox.open.get(event.call_id)
        if message is None or not self._early:
            return
        for known in (message.id, *(part.id for part in message.sent)):
            receipt = self._early.pop((message.gateway, known), None)
            if receipt is not None:
                part = known if known != message.id else ""
                task = asyncio.get_running_loop().create_task(self._apply(message, part, receipt))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)


def _same_number(told: str, number: str) -> bool:
    """Whether a receipt may be about `number`; an id in another notation may be another message's."""
    return not told or told.lstrip("+0").endswith(number[-6:])
