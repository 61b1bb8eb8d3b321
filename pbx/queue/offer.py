"""One offer: a reserved agent whose phone rings for one waiting caller. It ends exactly once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.call.errors import DialFailed
from pbx.events import Kind
from pbx.queue.agent import Agent

if TYPE_CHECKING:
    from pbx.call.outgoing import OutgoingLeg
    from pbx.queue.waiting import Waiting

SILENCE_S = 4.0  # a phone that did not even say 100 is gone: the caller is offered on within 5 s (security.md R15)
LOST = "lost"  # another agent was faster, or the caller went: the agent is not to blame
_REASONS = {  # the call layer's cause -> the journey's reason
    "no_answer": "no_answer",
    "busy": "busy",
    "limit": "busy",
    "do_not_disturb": "rejected",
    "rejected": "rejected",
    "forbidden": "rejected",
    "unavailable": "rejected",  # 480 from the phone itself: do not disturb
}


def reason_of(cause: str) -> str:
    """The journey's reason for an offer that failed with the call layer's `cause`."""
    return _REASONS.get(cause, "unreachable")


class Offer:
    """See the module. `over` is set by whatever ends it first."""

    __slots__ = ("_silence", "agent", "leg", "over", "stay", "through", "token")

    def __init__(self, stay: Waiting, agent: Agent, token: int, leg: OutgoingLeg, through: str) -> None:
        """`through`: the queue in which the agent was found, the caller's own or one that helps it."""
        self.stay = stay
        self.agent = agent
        self.token = token
        self.leg = leg
        self.through = through
        self.over = False
        self._silence: asyncio.TimerHandle | None = None
        if not leg.answered_at and not leg.trunk:
            self._silence = asyncio.get_running_loop().call_later(SILENCE_S, self._judge_silence)
        stay.service.roster.offers[agent.extension] = self

    async def run(self) -> None:
        """Waits for the agent to take the call, or for whatever prevents it."""
        stay = self.stay
        try:
            await stay.service.lines.taken(stay.call, self.agent, self.leg, stay.queue.name)
        except DialFailed as failure:
            self._failed(failure)
        else:
            self._answered()

    def _answered(self) -> None:
        if self.over:
            return
        if self.stay.service.dispatcher.accept(self.token, self.stay.key):
            self.over = True
            self._forget()
            self.stay.won(self)
        else:  # the caller is somebody else's by now
            self.lose("elsewhere")

    def _failed(self, failure: DialFailed) -> None:
        if self.over:
            return
        stay, agent = self.stay, self.agent
        reason = reason_of(failure.cause)
        self._end(reason)
        stay.service.dispatcher.decline(self.token)
        stay.service.lines.drop(stay.call, agent, self.leg)
        if failure.cause == "unregistered":
            agent.set_registered(False)
            agent.release()
        else:
            stay.queue.missed_offers += 1
            stay.service.roster.missed(agent, reason, stay.queue.config.missed_offers_until_break)
        stay.service.dispatcher.match()

    def lose(self, why: str = "") -> None:
        """Ends the offer without blame: the phone stops ringing (`why` "elsewhere": another answered), the agent is
        free.
        """
        if self.over:
            return
        self._end(LOST)
        self.stay.service.dispatcher.decline(self.token)
        self.stay.service.lines.drop(self.stay.call, self.agent, self.leg, why)
        self.agent.release()

    def vanish(self) -> None:
        """The agent's phone is gone: the caller is offered on at once, at his place."""
        if self.over:
            return
        stay = self.stay
        self._end("unreachable")
        stay.service.dispatcher.decline(self.token)
        stay.queue.missed_offers += 1
        stay.service.lines.drop(stay.call, self.agent, self.leg)
        self.agent.release()
        stay.service.dispatcher.match()

    def _judge_silence(self) -> None:
        self._silence = None
        if not self.over and not self.leg.heard:
            self.stay.service.roster.silent(self.agent)
            self.vanish()

    def _forget(self) -> None:
        """Nobody is told of this offer any more."""
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        offers = self.stay.service.roster.offers
        if offers.get(self.agent.extension) is self:
            del offers[self.agent.extension]

    def _end(self, reason: str) -> None:
        self.over = True
        self._forget()
        stay = self.stay
        stay.offers.pop(self.token, None)
        stay.service.roster.legs.pop((stay.call.id, self.leg.name), None)
        stay.call.emit(
            Kind.QUEUE_OFFER_ENDED, queue=stay.queue.name, agent=self.agent.extension, reason=reason, leg=self.leg.name
        )
