"""Customer first: the customer is called when an agent is about to be free; if none is he holds at the item's place."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pbx.call.errors import CallEnded, DialFailed
from pbx.call.leg_prompts import ask
from pbx.call.originated import OriginatedLeg, OriginatedTrunkLeg
from pbx.callback import texts
from pbx.callback.attempt import Attempt
from pbx.callback.attempts import outcome_of
from pbx.callback.checks import ACCOUNT
from pbx.callback.confirming import ACCEPT, BETWEEN_S, customer_confirms
from pbx.events import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg
    from pbx.callback.desk import Desk
    from pbx.contact.item import ContactItem

log = logging.getLogger("centrala.callback")


class CustomerFirst:
    """One launch. `landed` is told once: the customer answered, or never will. Raises NoRoom."""

    def __init__(self, desk: Desk, item: ContactItem, landed: Callable[[], None]) -> None:
        self.desk = desk
        self.item = item
        self.attempt = Attempt(desk, item)
        self.attempt.mode = "customer_first"
        self._landed: Callable[[], None] | None = landed
        self._held: Held | None = None
        self.call = call = desk.new_call(item, desk.new_id(), caller=item.number)
        inside = item.number in desk.services.dialplan.extensions
        self._leg: OriginatedLeg | OriginatedTrunkLeg
        self._leg = OriginatedLeg(call, "customer") if inside else OriginatedTrunkLeg(call, "customer")
        call.a = self._leg
        desk.services.running.start(call, self._run, self._ended)

    def give_up(self) -> None:
        """The customer has rung us: his phone stops ringing. Too late when he has answered."""
        if not self.attempt.answered:
            self.attempt.came_back = True
            self.call.terminate("cancelled")

    async def _run(self, call: Call) -> None:
        try:
            await self._reach(call)
        finally:
            if self._held is not None:  # while the legs live: an agent's line may go on without this call
                self._held.close()

    async def _reach(self, call: Call) -> None:
        desk, item, attempt = self.desk, self.item, self.attempt
        if not await attempt.begin(call):
            return
        ring_s, leg = desk.settings.ring_s, self._leg
        if isinstance(leg, OriginatedLeg):
            await leg.fetch(shown=f"<sip:{item.queue}@{desk.services.config.sip.domain}>", timeout_s=ring_s)
        else:
            await leg.fetch(desk.dialled(item), account=ACCOUNT, timeout_s=ring_s)
        call.setup = replace(call.setup, caller_name=item.name)  # for the agent's phone; the customer knows his name
        attempt.customer_answered(call, "a")
        if attempt.queue.callback.confirm in ("customer", "both"):
            attempt.outcome = await customer_confirms(desk, call, call.a, item)
        if attempt.outcome is None:
            call.language = item.language or desk.services.config.server.language
            self._held = Held(self)
            self._land()
            await self._talk(call, await self._held.served())

    async def _talk(self, call: Call, offer: HeldOffer) -> None:
        attempt, queue = self.attempt, self.attempt.queue
        attempt.connect(call, offer.agent.extension)
        try:
            await call.bridge(offer.leg, record=queue.record)
        finally:
            attempt.talk_over(call, by_agent=offer.leg.is_ended and offer.leg.by_far_end)
            self.desk.offers.drop(call, offer.agent, offer.leg)
            self.desk.offers.over(queue.name, offer.agent, call.id, attempt.talk_s)

    def _land(self) -> None:
        landed, self._landed = self._landed, None
        if landed is not None:
            landed()

    def _ended(self, call: Call) -> None:
        attempt = self.attempt
        if attempt.outcome is None and not attempt.answered:
            failure = self._leg.failure
            cause = failure.cause if failure is not None else call.cause
            attempt.outcome = None if cause in ("cancelled", "shutdown") else outcome_of(cause)
        attempt.finish(call)
        self._land()


@dataclass(slots=True, eq=False)
class HeldOffer:
    """An agent whose phone rings for a customer who holds."""

    agent: Any
    token: int
    leg: OutgoingLeg


class Held:
    """The customer holds: a candidate with the item's age. `close` leaves nothing behind."""

    def __init__(self, launch: CustomerFirst) -> None:
        self._launch = launch
        self._desk = launch.desk
        self._item = launch.item
        self._queue = launch.attempt.queue
        self._offers: dict[int, HeldOffer] = {}
        self._served: asyncio.Future[HeldOffer] = launch.call.loop.create_future()
        self._open = True
        self._key = self._desk.offers.enter(
            self._item.queue,
            self,
            since_s=self._desk.since_s(self._item),
            priority=self._item.priority,
            skills=self._item.skills,
            preferred=self._item.preferred_agent,
        )

    @property
    def id(self) -> str:
        return self._launch.call.id

    async def served(self) -> HeldOffer:
        """Waits, with music, for an agent who answers."""
        call = self._launch.call
        try:
            call.start_music(self._queue.music)
        except KeyError as error:
            log.error("queue %s: %s", self._queue.name, error.args[0])
            call.start_music()
        saying = call.spawn(self._connecting(call))
        try:
            while True:
                offer = await self._served
                if not offer.leg.is_ended:
                    return offer
                self._again(offer)  # hung up before the bridge
        finally:
            saying.cancel()

    async def _connecting(self, call: Call) -> None:
        await call.say(texts.CONNECTING)

    def _again(self, offer: HeldOffer) -> None:
        """The agent answered and was gone before the bridge: the customer holds on at his place."""
        desk, call = self._desk, self._launch.call
        desk.offers.drop(call, offer.agent, offer.leg)
        desk.offers.over(self._queue.name, offer.agent, call.id, 0.0)
        self._served = call.loop.create_future()
        self._key = desk.offers.enter(
            self._item.queue, self, since_s=desk.since_s(self._item), priority=self._item.priority
        )

    def offer(self, agent: Any, token: int) -> None:
        """`agent` is reserved for this customer: the phone rings from this turn on."""
        call, desk = self._launch.call, self._desk
        desk.offers.reserve(agent, call.id)
        try:
            headers, name = (f"X-Contact: {self._item.id}",), self._queue.name
            leg = desk.offers.ring(call, agent, timeout_s=self._queue.ring_timeout_s, queue=name, headers=headers)
            self._offers[token] = offer = HeldOffer(agent, token, leg)
            self._emit(Kind.CALLBACK_OFFERED, agent, leg=leg.name)
            call.spawn(self._ring(offer))
        except DialFailed as failure:  # the agent's line is gone
            desk.offers.failed(self._queue.name, agent, token, failure.cause)
        except CallEnded:  # hung up in this very turn
            self._offers.pop(token, None)
            desk.offers.leave(self._key)
            desk.offers.lost(agent, token)
        except Exception:
            log.exception("contact %s: the offer to agent %s failed", self._item.id, agent.extension)
            self._offers.pop(token, None)
            desk.offers.failed(self._queue.name, agent, token, "error")

    async def _ring(self, offer: HeldOffer) -> None:
        call, desk, queue = self._launch.call, self._desk, self._queue
        try:
            await desk.offers.taken(call, offer.agent, offer.leg, queue.name)
            if queue.callback.confirm in ("agent", "both"):
                pressed = await ask(call, offer.leg, texts.AGENT_CONFIRM, wait_s=BETWEEN_S)
                if pressed != ACCEPT:
                    desk.offers.drop(call, offer.agent, offer.leg)
                    raise DialFailed(480, "no key was pressed", "no_answer")
        except DialFailed as failure:
            if self._offers.pop(offer.token, None) is not None:
                reason = desk.offers.failed(queue.name, offer.agent, offer.token, failure.cause)
                self._emit(Kind.CALLBACK_OFFER_ENDED, offer.agent, reason=reason)
            return
        if offer.token not in self._offers:
            return
        if not self._open or not desk.offers.accept(queue.name, offer.agent, offer.token, self._key, call.id):
            self._lose(offer, "elsewhere")
            return
        del self._offers[offer.token]
        for other in tuple(self._offers.values()):
            self._lose(other, "elsewhere")
        self._served.set_result(offer)

    def _lose(self, offer: HeldOffer, why: str = "") -> None:
        if self._offers.pop(offer.token, None) is None:
            return
        self._desk.offers.drop(self._launch.call, offer.agent, offer.leg, why)
        self._desk.offers.lost(offer.agent, offer.token)
        self._emit(Kind.CALLBACK_OFFER_ENDED, offer.agent, reason="lost")

    def close(self) -> None:
        """The customer is gone, or talks: out of the order, phones stop ringing."""
        if not self._open:
            return
        self._open = False
        self._desk.offers.leave(self._key)
        for offer in tuple(self._offers.values()):
            self._lose(offer)
        served = self._served
        attempt = self._launch.attempt
        if served.done() and not served.cancelled() and not attempt.bridged:  # accepted in the turn of the hang-up
            offer, call = served.result(), self._launch.call
            self._desk.offers.drop(call, offer.agent, offer.leg)
            self._desk.offers.over(self._queue.name, offer.agent, call.id, 0.0)

    def _emit(self, kind: Kind, agent: Any, **data: str) -> None:
        item = self._item
        self._launch.call.emit(kind, contact=item.id, queue=item.queue, agent=agent.extension, **data)
