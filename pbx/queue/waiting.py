"""One caller's stay in a queue: from joining to the end of the talk, or to whatever else ends it.

It leaves nothing behind: `run` ends every offer, frees every agent and notes one outcome.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pbx.call.errors import CallEnded, DialFailed
from pbx.events import Kind
from pbx.queue.age import place_since
from pbx.queue.agent import Agent
from pbx.queue.announcements import Announcer
from pbx.queue.guests import Guests
from pbx.queue.hands import REMOVED, Hands
from pbx.queue.keys import KEY_CALLBACK, KEY_LEAVE, CallbackAsked, Pressed
from pbx.queue.offer import Offer
from pbx.queue.queue import Queue, WaitingCaller
from pbx.queue.strategy import Change
from pbx.queue.wishes import Wishes

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.queue.service import QueueService

log = logging.getLogger("centrala.queue")

LOST = frozenset({"media_timeout", "lost", "expired"})  # causes of a talk's end that nobody wanted


@dataclass(slots=True, frozen=True)
class QueueResult:
    """How a stay ended: "answered" (the agent hung up), "timeout", "full", "no_agents", "key" or "callback"."""

    outcome: str
    wait_s: float
    agent: str = ""
    talk_s: float = 0.0
    key: str = ""


class Waiting(Hands):
    """See the module."""

    __slots__ = (
        *("announcer", "_asked", "_decided", "_listener", "_max_wait_s", "_outcome", "_timer"),
        *("call", "guests", "joined", "keys", "offers", "queue", "service", "since"),
    )

    def __init__(
        self, service: QueueService, queue: Queue, call: Call, keys: Mapping[str, str], wishes: Wishes
    ) -> None:
        self.service = service
        self.queue = queue
        self.call = call
        self.keys = keys  # a key: what it does, see pbx.queue.keys
        self.joined = asyncio.get_running_loop().time()  # of this visit
        self.since = place_since(call, queue.name, self.joined)  # of the place: it outlives an agent lost in a talk
        self.wishes = wishes
        self.key = 0  # of the distributor
        self.guests = Guests()  # of queues that help his own
        self.offers: dict[int, Offer] = {}  # by token: whose phones ring
        self._decided: asyncio.Future[Offer | Pressed | str] | None = None
        self._outcome = ""
        self.announcer: Announcer | None = None
        self._listener: asyncio.Task[Any] | None = None  # for keys
        self._asked: CallbackAsked | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._max_wait_s = 0.0

    @property
    def id(self) -> str:
        return self.call.id

    @property
    def wait_s(self) -> float:
        return asyncio.get_running_loop().time() - self.joined

    def row(self) -> WaitingCaller:
        ringing = [offer.agent.extension for offer in self.offers.values()]
        return WaitingCaller(self.call.id, self.call.caller, self._position(), self.wait_s, ringing)

    async def run(self, max_wait_s: float) -> QueueResult:
        """Waits, is served, and returns when the agent hung up; after `max_wait_s` he leaves."""
        self._max_wait_s = max_wait_s
        if self.keys:
            self.call.clear_digits()  # pressed before the caller knew what they do here
        try:
            self._begin()
            self._joined(self.wishes.record())
            while True:
                decision = await self._wait()
                if isinstance(decision, str):
                    return self._left(decision)
                if isinstance(decision, Pressed):
                    result = await self._pressed(decision.key)
                    if result is not None:
                        return result
                elif decision.leg.is_ended:
                    self._hung_up_at_once(decision)
                else:
                    result = await self._talk(decision)
                    if result is not None:
                        return result
                    self._rejoin()
        finally:
            self._clean_up()

    def changed(self, change: Change) -> None:
        """Time alone has changed who will do for this caller."""
        if change.kind == "overflowed":
            self.guests.came(self, change.queue)
            self.call.emit(Kind.QUEUE_OVERFLOWED, queue=self.queue.name, to=change.queue, wait_s=self.wait_s)
        elif change.kind == "relaxed":
            self.call.emit(Kind.QUEUE_RELAXED, queue=self.queue.name, needs=change.needs, wait_s=self.wait_s)
        else:
            self.call.emit(Kind.QUEUE_FORGONE, queue=self.queue.name, agent=change.agent, wait_s=self.wait_s)

    def leave(self, reason: str) -> None:
        """The caller shall wait no longer; nothing happens when an agent has answered already."""
        if self._decided is not None and not self._decided.done():
            self._decided.set_result(reason)

    # -- offers (called by the dispatcher and by offers) -----------------------------------------------------------

    def offer(self, agent: Agent, token: int) -> None:
        """`agent` is reserved for this caller: his phone rings from this turn on."""
        call, service = self.call, self.service
        agent.reserve(call.id)
        try:
            config = self.queue.config
            headers = call.services.rings.of(config.ring, auto_answer=config.auto_answer)
            leg = service.lines.originate(
                call, agent, timeout_s=config.ring_timeout_s, queue=config.name, headers=headers
            )
            offer = Offer(self, agent, token, leg, service.dispatcher.choice.queue)
            self.offers[token] = offer
            service.roster.legs[call.id, leg.name] = agent
            call.emit(
                Kind.QUEUE_OFFERED,
                queue=self.queue.name,
                agent=agent.extension,
                leg=leg.name,
                **service.dispatcher.choice.record(self.queue.name),
            )
            call.spawn(offer.run())
        except CallEnded:  # hung up in this very turn; `run` is told next
            self._withdraw(agent, token)
        except DialFailed:  # a line that was lost in this very turn: the agent is not available any more
            service.dispatcher.decline(token)
            agent.release()
            asyncio.get_running_loop().call_soon(service.dispatcher.match)
        except Exception:
            log.exception(
                "queue %s: the offer of call %s to agent %s failed", self.queue.name, call.id, agent.extension
            )
            self._withdraw(agent, token, "error")

    def _withdraw(self, agent: Agent, token: int, reason: str = "") -> None:
        dispatcher = self.service.dispatcher
        if token in self.offers:
            self.offers[token].lose()
            return
        if reason:
            dispatcher.decline(token)
            self.service.roster.missed(agent, reason, 0)
        else:
            dispatcher.leave(self.key)
            agent.release()

    def won(self, winner: Offer) -> None:
        """`winner` answered first: the other phones stop ringing, and the bridge follows."""
        for offer in tuple(self.offers.values()):
            if offer is not winner:
                offer.lose("elsewhere")
        if self._decided is None or self._decided.done():  # a timeout of the same turn came first
            self._give_back(winner)
        else:
            self._decided.set_result(winner)

    # -- the parts of a stay ---------------------------------------------------------------------------------------

    def _start_music(self) -> None:
        try:
            self.call.start_music(self.queue.config.music)
        except KeyError as error:  # the file is gone: our own music instead of a lost call
            log.error("queue %s: %s", self.queue.name, error.args[0])
            self.call.start_music()

    def _begin(self) -> None:
        """Into the list and the distributor; music, announcements and keys from now on."""
        self.queue.waiting[self.call.id] = self
        self.call.queue = self.queue.name
        self._start_music()
        self._enter()
        left_s = max(0.0, self._max_wait_s - self.wait_s)
        self._timer = asyncio.get_running_loop().call_later(left_s, self.leave, "timeout")
        self._start_announcer()
        if self.keys:
            self._listener = self.call.spawn(self._listen())

    def _enter(self) -> None:
        """Waits in the distributor, with the age of the first time."""
        wishes = self.wishes
        self.key = self.service.dispatcher.enter(
            self.queue.name,
            self,
            since_s=self.since,
            priority=wishes.priority,
            skills=wishes.skills,
            preferred=wishes.preferred,
        )
        self._decided = asyncio.get_running_loop().create_future()

    async def _wait(self) -> Offer | Pressed | str:
        assert self._decided is not None
        self.service.dispatcher.match()
        return await self._decided

    async def _talk(self, offer: Offer) -> QueueResult | None:
        """Until the agent hung up. None when the agent's phone was lost, and the caller is still there."""
        call, agent, service = self.call, offer.agent, self.service
        wait_s, queue = self.wait_s, service.queues[offer.through]
        self._outcome = "answered"
        self._stop_waiting()
        waited_s = wait_s if queue is self.queue else self.guests.served(self, queue, wait_s)
        queue.count_answered(waited_s)
        queue.talking += 1
        call.emit(Kind.QUEUE_ANSWERED, queue=queue.name, agent=agent.extension, wait_s=waited_s)
        service.roster.talking[call.id] = agent
        service.pacing.talk_began(queue, agent)
        service.wrapups.open(agent, queue.config, call.id)
        service.wishes.served(call, agent.extension)
        agent.answer()
        began = asyncio.get_running_loop().time()
        lost = False
        try:
            result = await call.bridge(offer.leg, record=self.queue.config.record)
            lost = result.cause in LOST and not call.a.is_ended
            return None if lost else QueueResult("answered", wait_s, agent.extension, result.talk_s)
        finally:
            queue.talking -= 1
            self.offers.pop(offer.token, None)
            if lost:
                service.roster.silent(agent)
            service.lines.drop(call, agent, offer.leg)
            service.talk_over(queue, call.id, agent, asyncio.get_running_loop().time() - began)

    def _rejoin(self) -> None:
        """The agent's phone was lost in the middle of the talk: the caller is the first in line for another one."""
        self._outcome, self.guests = "", Guests()
        self.joined = asyncio.get_running_loop().time()
        self.queue.offered += 1
        self._begin()
        self._joined({"again": True})

    def _joined(self, more: Mapping[str, Any]) -> None:
        position = self._position()
        self.service.promises.entered(self.queue.name, position)
        self.call.emit(Kind.QUEUE_JOINED, queue=self.queue.name, position=position, **more)

    # -- keys ------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """The first key that does something ends the wait, whatever is being played."""
        while True:
            key = await self.call.digit()
            if key in self.keys and self._decided is not None:
                if not self._decided.done():
                    self._decided.set_result(Pressed(key))
                return

    async def _pressed(self, key: str) -> QueueResult | None:
        """Does what the key is for. None when the caller waits on."""
        action = self.keys[key]
        if action == KEY_CALLBACK:
            return await self._ask_for_callback(key)
        result = self._left("key", key)
        if action != KEY_LEAVE:
            call = self.call
            call.application = action
            call.emit(Kind.CALL_ROUTED, application=action)
            await call.services.applications.find(action)(call)
        return result

    async def _ask_for_callback(self, key: str) -> QueueResult | None:
        """Out of the line while the caller is asked, back at the old place when he would rather wait."""
        services, call = self.service.services, self.call
        callbacks = services.extra.get("callbacks")
        if callbacks is None:
            log.error("queue %s: key %s asks for a callback, and nobody makes any", self.queue.name, key)
            self._pause()
            self._begin()
            return None
        self._pause()
        call.stop_music()
        self._asked = CallbackAsked(services.bus, call.id)
        age_s = asyncio.get_running_loop().time() - self.since
        with self._asked:
            item = await callbacks.request_from_queue(call, self.queue.name, services.clock.unix() - age_s)
        if item is not None or self._asked.opened:
            return self._left("callback", key)
        self._asked = None
        call.clear_digits()
        self._begin()
        return None

    def _hung_up_at_once(self, offer: Offer) -> None:
        """The agent answered and was gone before the bridge: the caller waits on at the old place."""
        self.offers.pop(offer.token, None)
        self._enter()
        self._offer_ended(offer, "rejected")
        self.queue.missed_offers += 1
        self.service.roster.missed(offer.agent, "rejected", self.queue.config.missed_offers_until_break)

    def _give_back(self, offer: Offer) -> None:
        """An answer that came too late for the caller: the agent hears the end and is free, without blame."""
        self.offers.pop(offer.token, None)
        self._offer_ended(offer, "lost")
        self.service.lines.drop(self.call, offer.agent, offer.leg)
        offer.agent.release()

    def _offer_ended(self, offer: Offer, reason: str) -> None:
        self.service.roster.legs.pop((self.call.id, offer.leg.name), None)
        self.call.emit(
            Kind.QUEUE_OFFER_ENDED,
            queue=self.queue.name,
            agent=offer.agent.extension,
            reason=reason,
            leg=offer.leg.name,
        )

    def _left(self, reason: str, key: str = "") -> QueueResult:
        self._outcome = reason
        wait_s = self.wait_s
        self._stop_waiting()
        self.queue.count_left(reason, wait_s)
        pressed = {"key": key} if key else {}
        self.call.emit(Kind.QUEUE_LEFT, queue=self.queue.name, wait_s=wait_s, reason=reason, **pressed)
        self.call.stop_music()
        self.call.clear_digits()  # pressed out of impatience, not meant for what comes next
        self.call.queue = ""
        return QueueResult("timeout" if reason == REMOVED else reason, wait_s, key=key)

    def _clean_up(self) -> None:
        """The end of every stay; one without an outcome was cut off by the end of the call."""
        wait_s, position = self.wait_s, self._position()
        self._stop_waiting()
        decided, self._decided = self._decided, None
        if self._outcome:
            return
        if decided is not None and decided.done() and not decided.cancelled() and isinstance(decided.result(), Offer):
            self._give_back(decided.result())  # type: ignore[arg-type]
        if self._asked is not None and self._asked.opened:  # hung up while he was told when we call
            self.queue.count_left(KEY_CALLBACK, wait_s)
            self.call.emit(Kind.QUEUE_LEFT, queue=self.queue.name, wait_s=wait_s, reason=KEY_CALLBACK)
        elif self.call.ended_by == "pbx" and self.call.cause not in ("media_timeout", "lost", "expired"):
            reason = self.call.cause or "shutdown"
            self.queue.count_left(reason, wait_s)
            self.call.emit(Kind.QUEUE_LEFT, queue=self.queue.name, wait_s=wait_s, reason=reason)
        else:
            self.queue.count_abandoned(wait_s)
            self.call.variables["abandoned"] = self.queue.name  # a flow may go on from there
            self.call.emit(Kind.QUEUE_ABANDONED, queue=self.queue.name, wait_s=wait_s, position=position)

    def _stop_waiting(self) -> None:
        """Out of the list and of the distributor; what rings stops, what is being said stops."""
        self.queue.waiting.pop(self.call.id, None)
        self._pause()

    def _pause(self) -> None:
        """Out of the distributor."""
        self.service.dispatcher.leave(self.key)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.announcer is not None:
            self.announcer.stop()
            self.announcer = None
        if self._listener is not None:
            self._listener.cancel()
            self._listener = None
        for offer in tuple(self.offers.values()):
            offer.lose()
        self.service.dispatcher.match()

    def _start_announcer(self) -> None:
        announcer = Announcer(self.call, self.queue.config, self._position, lambda: self.service.promises.of(self))
        if announcer.wanted:
            self.announcer = announcer
            announcer.start()

    def _position(self) -> int:
        return self.service.dispatcher.position(self.key)
