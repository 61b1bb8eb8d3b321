"""Hands queued messages to gateways, in the order in which they are due, and settles what comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from pbx.config_sms import Sms
from pbx.contact.spend import Spend
from pbx.sms.gateway import Accepted, Doubt, Gateway, NotTaken, Outcome, Rejected
from pbx.sms.message import Message, State, Trigger, WrongState
from pbx.sms.outbox import Outbox
from pbx.sms.routes import Routes
from pbx.sms.waiting import WaitingMessages

log = logging.getLogger("centrala.sms")

LOOK_S = 1.0  # until gateways are looked at again that were busy or down
SWEEP_S = 30.0  # between two looks for what has expired
FIND_S = 60.0  # between two questions about a message in doubt
FOUND_AT_ONCE = 20
MAX_BACKOFF_S = 3600.0
STOP_S = 5.0  # for submissions under way when the process stops


class Sender:
    """One task that looks, and one for each submission."""

    def __init__(
        self, settings: Sms, outbox: Outbox, gateways: Sequence[Gateway], routes: Routes, spend: Spend
    ) -> None:
        self._settings = settings
        self._outbox = outbox
        self._gateways = {gateway.config.name: gateway for gateway in gateways}
        self._routes = routes
        self._spend = spend
        self._waiting = WaitingMessages(routes.way)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._submissions: set[asyncio.Task[Any]] = set()
        self._given: set[str] = set()  # messages that a submission has in hand
        self._paused = False
        outbox.on_queued = self._queued

    def configure(self, settings: Sms, gateways: Sequence[Gateway]) -> None:
        """From now on as `settings` say, by these gateways: messages that wait look for their way anew. What is being
        submitted goes the way that it went."""
        self._settings = settings
        self._gateways = {gateway.config.name: gateway for gateway in gateways}
        self._take_up()
        self._wake.set()

    def _take_up(self) -> None:
        self._waiting = WaitingMessages(self._routes.way)
        for message in sorted(self._outbox.in_state(State.QUEUED), key=lambda each: (each.created, each.id)):
            if message.id not in self._given:
                self._queued(message)

    @property
    def submitting(self) -> int:
        return len(self._submissions)

    def start(self) -> None:
        """After a `stop` as well."""
        self._paused = False
        self._take_up()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self, *, patient: bool = False) -> None:
        """Gives out nothing more, and waits a little for what was; `patient`: until gateways answer or give up."""
        self._paused = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        if self._submissions:
            _done, late = await asyncio.wait(self._submissions, timeout=None if patient else STOP_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def wake(self) -> None:
        """A gateway takes messages again."""
        self._waiting.release()
        self._wake.set()

    def _queued(self, message: Message) -> None:
        self._waiting.add(message)
        self._wake.set()

    # -- the loop ------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        sweep_at = find_at = 0.0
        while True:
            now = self._outbox.clock.unix()
            try:
                if now >= sweep_at:
                    await self._sweep(now)
                    sweep_at = now + SWEEP_S
                if now >= find_at:
                    self._look_for_doubts()
                    find_at = now + FIND_S
                await self._give(now)
            except Exception:  # a database that refuses for a while must not end the sending
                log.exception("the outbox cannot be worked on; tried again")
            await self._wait(min(sweep_at, find_at))

    async def _wait(self, until: float) -> None:
        now = self._outbox.clock.unix()
        wait_s = min(self._waiting.next_at(), until) - now
        if wait_s <= 0.0:
            wait_s = LOOK_S  # due, and its gateways are busy: the end of a submission wakes us
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _give(self, now: float) -> None:
        """Starts a submission for each message that is due and has a gateway."""
        for way in self._waiting.due(now):
            while not self._paused:
                entry = self._waiting.first(way, now)
                if entry is None:
                    break
                message = self._outbox.open.get(entry[2])
                if message is None or message.state is not State.QUEUED or message.not_before > entry[0]:
                    self._waiting.take(way)
                    continue
                gateway, why = self._routes.choose(message, now)
                if gateway is not None:
                    self._waiting.take(way)
                    self._routes.under_way[gateway.config.name] += 1
                    self._begin(self._submit(message, gateway))
                elif why == "none":
                    self._waiting.take(way)
                    await self._outbox.end(message.id, Trigger.REFUSE, "no_gateway")
                else:
                    if why != "busy":
                        self._waiting.hold(way, now + self._settings.retry_s)
                    break

    def _begin(self, step: Any) -> None:
        task = asyncio.get_running_loop().create_task(step)
        self._submissions.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._submissions.discard(task)
        self._wake.set()
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, WrongState):
            log.error("a submission failed, and its message waits for what is written of it: %s", error)

    # -- one message ---------------------------------------------------------------------------------------------

    async def _submit(self, message: Message, gateway: Gateway) -> None:
        self._given.add(message.id)
        try:
            await self._submitted(message, gateway)
        finally:
            self._given.discard(message.id)
            self._routes.under_way[gateway.config.name] -= 1

    async def _submitted(self, message: Message, gateway: Gateway) -> None:
        name = gateway.config.name
        cost = self._routes.cost(gateway, message.parts)
        self._spend.book(name, cost)
        try:
            await self._outbox.submitting(message.id, name, cost, gateway.config.currency)
        except BaseException:
            self._spend.book(name, -cost)
            if message.state is State.QUEUED:  # nothing was written, so nothing is submitted
                asyncio.get_running_loop().call_later(LOOK_S, self._queued, message)
            raise
        try:
            outcome = await gateway.submit(message)
        except asyncio.CancelledError:  # the process stops: the next one finds it in doubt
            raise
        except Exception as error:
            log.exception("gateway %s failed with message %s", name, message.id)
            outcome = Doubt(f"error: {type(error).__name__}")
        await self._settle(message, gateway, outcome)

    async def _settle(self, message: Message, gateway: Gateway, outcome: Outcome) -> None:
        outbox, name, now = self._outbox, gateway.config.name, self._outbox.clock.unix()
        cost = message.cost
        if isinstance(outcome, Accepted):
            self._routes.cooling.pop(name, None)
            done = await outbox.accepted(message.id, outcome.ids, outcome.cost, outcome.currency)
            if gateway.config.currency in ("", done.currency):  # what limits of money count in
                self._spend.book(name, done.cost - cost)
        elif isinstance(outcome, Rejected):
            self._spend.book(name, -cost)
            await outbox.end(message.id, Trigger.REFUSE, outcome.reason)
        elif isinstance(outcome, Doubt):
            log.warning("message %s is in doubt at %s: %s", message.id, name, outcome.reason)
            await outbox.doubt(message.id, outcome.reason)
        else:
            self._spend.book(name, -cost)
            await self._not_taken(message, name, outcome, now)

    async def _not_taken(self, message: Message, name: str, outcome: NotTaken, now: float) -> None:
        """Another gateway may have it at once where this one is down; else it waits."""
        requeue = self._outbox.requeue
        if not outcome.down and message.attempts >= self._settings.max_attempts:
            await self._outbox.end(message.id, Trigger.REFUSE, outcome.reason)
            return
        backoff = min(self._settings.retry_s * 2.0 ** (message.attempts - 1), MAX_BACKOFF_S)
        wait_s = outcome.wait_s or backoff
        if outcome.down:
            self._routes.cooling[name] = now + wait_s
        pinned = message.pinned or outcome.known  # this submission was not taken, and an earlier one may have been
        others = [each for each in self._routes.of_number(message.number) if each.config.name != name]
        at = now if outcome.down and others and not pinned else now + wait_s
        await requeue(message.id, outcome.reason, at, pinned=pinned, counted=not outcome.down)

    # -- what time does ------------------------------------------------------------------------------------------

    async def _sweep(self, now: float) -> None:
        """Ends what is too old."""
        for message in self._outbox.in_state(State.QUEUED):
            if now >= message.expires:
                await self._outbox.end(message.id, Trigger.EXPIRE, message.error or "not_sent")
        for message in self._outbox.in_state(State.SUBMITTING):
            if message.id not in self._given:  # what the gateway said could not be written
                await self._outbox.doubt(message.id, "not_written")
        for message in self._outbox.in_state(State.ACCEPTED, State.IN_DOUBT):
            if now >= (message.accepted or message.submitted) + self._settings.receipt_s:
                reason = "no_receipt" if message.state is State.ACCEPTED else "in_doubt"
                await self._outbox.end(message.id, Trigger.EXPIRE, reason)

    def _look_for_doubts(self) -> None:
        """Asks gateways that can tell what became of messages in doubt."""
        for message in self._outbox.in_state(State.IN_DOUBT)[:FOUND_AT_ONCE]:
            gateway = self._gateways.get(message.gateway)
            if gateway is not None and gateway.is_up:
                self._begin(self._find(message, gateway))

    async def _find(self, message: Message, gateway: Gateway) -> None:
        outcome = await gateway.find(message)
        if outcome is None or isinstance(outcome, Doubt) or message.state is not State.IN_DOUBT:
            return
        if isinstance(outcome, NotTaken):
            log.info("message %s goes to %s again: %s", message.id, gateway.config.name, outcome.reason)
            self._spend.book(gateway.config.name, -message.cost)
            now = self._outbox.clock.unix()
            await self._outbox.requeue(message.id, outcome.reason, now + outcome.wait_s, pinned=outcome.known)
        else:
            await self._settle(message, gateway, outcome)
