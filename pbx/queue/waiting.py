"""One caller's stay in a queue: from joining to the end of the talk, or to whatever else ends it.

Whatever happens, the stay leaves nothing behind: `run` ends every offer, frees every agent and notes one outcome.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.call.errors import CallEnded
from pbx.events import Kind
from pbx.queue.agent import Agent
from pbx.queue.announcements import Announcer
from pbx.queue.offer import Offer
from pbx.queue.queue import Queue, WaitingCaller

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.queue.service import QueueService

log = logging.getLogger("centrala.queue")


@dataclass(slots=True, frozen=True)
class QueueResult:
    """How a stay ended: "answered" (after the agent hung up), "timeout", "full" or "no_agents"."""

    outcome: str
    wait_s: float
    agent: str = ""
    talk_s: float = 0.0


class Waiting:
    """See the module."""

    __slots__ = ("_announcer", "_decided", "_outcome", "_timer", "call", "key", "offers", "queue", "service", "since")

    def __init__(self, service: QueueService, queue: Queue, call: Call) -> None:
        self.service = service
        self.queue = queue
        self.call = call
        self.since = asyncio.get_running_loop().time()
        self.key = 0  # of the distributor
        self.offers: dict[int, Offer] = {}  # by token: whose phones ring
        self._decided: asyncio.Future[Offer | str] | None = None
        self._outcome = ""
        self._announcer: Announcer | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def id(self) -> str:
        return self.call.id

    @property
    def wait_s(self) -> float:
        return asyncio.get_running_loop().time() - self.since

    def row(self) -> WaitingCaller:
        ringing = [offer.agent.extension for offer in self.offers.values()]
        return WaitingCaller(self.call.id, self.call.caller, self._position(), self.wait_s, ringing)

    async def run(self, max_wait_s: float) -> QueueResult:
        """Waits, is served, and returns when the agent hung up; `max_wait_s` 0 means as long as it takes."""
        queue = self.queue
        queue.waiting[self.call.id] = self
        self.call.queue = queue.name
        try:
            self._start_music()
            self._enter()
            position = self._position()
            self.service.promises.entered(queue.name, position)
            self.call.emit(Kind.QUEUE_JOINED, queue=queue.name, position=position)
            if max_wait_s:
                self._timer = asyncio.get_running_loop().call_later(max_wait_s, self.leave, "timeout")
            self._start_announcer()
            while True:
                decision = await self._wait()
                if isinstance(decision, str):
                    return self._left(decision)
                if not decision.leg.is_ended:
                    return await self._talk(decision)
                self._hung_up_at_once(decision)
        finally:
            self._clean_up()

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
            headers = (
                f"X-Queue: {self.queue.name}",
                *call.services.rings.of(config.ring, auto_answer=config.auto_answer),
            )
            leg = call.originate(
                agent.extension, timeout_s=self.queue.config.ring_timeout_s, role="agent", headers=headers
            )
            offer = Offer(self, agent, token, leg)
            self.offers[token] = offer
            service.roster.legs[call.id, leg.name] = agent
            call.emit(Kind.QUEUE_OFFERED, queue=self.queue.name, agent=agent.extension, leg=leg.name)
            call.spawn(offer.run())
        except CallEnded:  # hung up in this very turn; `run` is told next
            self._withdraw(agent, token)
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

    def _enter(self) -> None:
        """Waits in the distributor, with the age of the first time."""
        self.key = self.service.dispatcher.enter(self.queue.name, self, since_s=self.since)
        self._decided = asyncio.get_running_loop().create_future()

    async def _wait(self) -> Offer | str:
        assert self._decided is not None
        self.service.dispatcher.match()
        return await self._decided

    async def _talk(self, offer: Offer) -> QueueResult:
        queue, call, agent = self.queue, self.call, offer.agent
        wait_s = self.wait_s
        self._outcome = "answered"
        self._stop_waiting()
        queue.count_answered(wait_s)
        queue.talking += 1
        call.emit(Kind.QUEUE_ANSWERED, queue=queue.name, agent=agent.extension, wait_s=wait_s)
        self.service.roster.talking[call.id] = agent
        self.service.pacing.talk_began(queue, agent)
        agent.answer()
        began = asyncio.get_running_loop().time()
        try:
            result = await call.bridge(offer.leg, record=queue.config.record)
            return QueueResult("answered", wait_s, agent.extension, result.talk_s)
        finally:
            queue.talking -= 1
            self.offers.pop(offer.token, None)
            if not call.keeps(offer.leg):
                offer.leg.hangup()
            self.service.talk_over(queue, call.id, agent, asyncio.get_running_loop().time() - began)

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
        offer.leg.hangup()
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

    def _left(self, reason: str) -> QueueResult:
        self._outcome = reason
        wait_s = self.wait_s
        self._stop_waiting()
        self.queue.count_left(reason, wait_s)
        self.call.emit(Kind.QUEUE_LEFT, queue=self.queue.name, wait_s=wait_s, reason=reason)
        self.call.stop_music()
        self.call.clear_digits()  # pressed out of impatience, not meant for what comes next
        self.call.queue = ""
        return QueueResult(reason, wait_s)

    def _clean_up(self) -> None:
        """The end of every stay; one without an outcome was cut off by the end of the call."""
        wait_s, position = self.wait_s, self._position()
        self._stop_waiting()
        decided, self._decided = self._decided, None
        if self._outcome:
            return
        if decided is not None and decided.done() and not decided.cancelled() and isinstance(decided.result(), Offer):
            self._give_back(decided.result())  # type: ignore[arg-type]
        if self.call.ended_by == "pbx" and self.call.cause not in ("media_timeout", "lost", "expired"):
            reason = self.call.cause or "shutdown"
            self.queue.count_left(reason, wait_s)
            self.call.emit(Kind.QUEUE_LEFT, queue=self.queue.name, wait_s=wait_s, reason=reason)
        else:
            self.queue.count_abandoned(wait_s)
            self.call.emit(Kind.QUEUE_ABANDONED, queue=self.queue.name, wait_s=wait_s, position=position)

    def _stop_waiting(self) -> None:
        """Out of the distributor and of the list; what rings stops, what is being said stops."""
        self.service.dispatcher.leave(self.key)
        self.queue.waiting.pop(self.call.id, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._announcer is not None:
            self._announcer.stop()
            self._announcer = None
        for offer in tuple(self.offers.values()):
            offer.lose()
        self.service.dispatcher.match()

    def _start_announcer(self) -> None:
        announcer = Announcer(self.call, self.queue.config, self._position, lambda: self.service.promises.of(self))
        if announcer.wanted:
            self._announcer = announcer
            announcer.start()

    def _position(self) -> int:
        return self.service.dispatcher.position(self.key)
