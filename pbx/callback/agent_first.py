"""Agent first: the item waits in the one order of its queue; the agent's phone rings, and then the customer's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pbx.call.errors import DialFailed
from pbx.call.originated import OriginatedLeg, OriginatedTrunkLeg
from pbx.callback import texts
from pbx.callback.attempt import Attempt
from pbx.callback.attempts import Outcome, outcome_of
from pbx.callback.checks import ACCOUNT
from pbx.callback.confirming import agent_confirms, customer_confirms
from pbx.callback.desk import NoRoom
from pbx.callback.preview import Preview
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg
    from pbx.callback.desk import Desk
    from pbx.contact.item import ContactItem

log = logging.getLogger("centrala.callback")


class AgentFirst:
    """An item in the order. `may_call()` is asked at each offer; `gone` is told once when the item has left the order,
    with the offer of the agent who has it now, None for nobody.
    """

    def __init__(
        self, desk: Desk, item: ContactItem, may_call: Callable[[], bool], gone: Callable[[AgentOffer | None], None]
    ) -> None:
        self.desk = desk
        self.item = item
        self.may_call = may_call
        self.customer_first = False  # the agent who would take it is on a line already: there is nobody to ring
        self._gone: Callable[[AgentOffer | None], None] | None = gone
        self._offers: dict[int, AgentOffer | Preview] = {}
        self.key = desk.offers.enter(
            item.queue,
            self,
            since_s=desk.since_s(item),
            priority=item.priority,
            skills=item.skills,
            preferred=item.preferred_agent,
        )

    @property
    def id(self) -> str:
        return self.item.id

    def offer(self, agent: Any, token: int) -> None:
        """`agent` is reserved: the phone rings from this turn on."""
        call_id = self.desk.new_id()
        self.desk.offers.reserve(agent, call_id)
        line = self.desk.offers.line(agent)
        if line is not None and line.line == "persistent":
            self.customer_first = True
        if self._gone is None or self.customer_first or not self.may_call():
            self._decline(agent, token)
        elif self.desk.queue_of(self.item).callback.preview_s:
            self._offers[token] = Preview(self, agent, token, call_id)
        else:
            self.ring(agent, token, call_id)

    def ring(self, agent: Any, token: int, call_id: str) -> None:
        """The agent's phone rings, and after him the customer's."""
        if self._gone is None or not self.may_call():  # it was while he read
            self._offers.pop(token, None)
            self._decline(agent, token)
            return
        try:
            self._offers[token] = AgentOffer(self, agent, token, call_id)
        except NoRoom:
            self._offers.pop(token, None)
            self._decline(agent, token)
        except Exception:
            log.exception("contact %s: the offer to agent %s failed", self.item.id, agent.extension)
            self._offers.pop(token, None)
            self._decline(agent, token)

    def _decline(self, agent: Any, token: int) -> None:
        """Not now: out of the order first, or the agent would be offered again at once."""
        self.leave()
        self.desk.offers.lost(agent, token)

    def won(self, winner: AgentOffer) -> None:
        """An agent has the item: the other phones stop ringing."""
        for offer in tuple(self._offers.values()):
            if offer is not winner:
                offer.lose("elsewhere")
        self._tell_gone(winner)

    def over(self, offer: AgentOffer | Preview) -> None:
        """The offer and its call have ended."""
        self._offers.pop(offer.token, None)

    def leave(self) -> None:
        """The item waits no longer; phones that ring for it stop."""
        if self._gone is None:
            return
        self._tell_gone(None)
        self.desk.offers.leave(self.key)  # first: an agent who is released would be offered it again
        for offer in tuple(self._offers.values()):
            offer.lose()

    def _tell_gone(self, winner: AgentOffer | None) -> None:
        gone, self._gone = self._gone, None
        if gone is not None:
            gone(winner)


class AgentOffer:
    """The call of one offer: the agent, and after him the customer. Raises NoRoom."""

    def __init__(self, candidate: AgentFirst, agent: Any, token: int, call_id: str) -> None:
        desk, item = candidate.desk, candidate.item
        self.candidate = candidate
        self.agent = agent
        self.token = token
        self.desk = desk
        self._accepted = self._lost = self._released = False
        self._cause = ""
        self._attempt = Attempt(desk, item)
        line = self._line = desk.offers.line(agent)
        number, extension = agent.extension, agent.extension
        if line is not None:  # on demand
            number, extension = line.line_number, line.line_account
        call = desk.new_call(item, call_id, caller=number, name=agent.name, extension=extension)
        inside = number in desk.services.dialplan.extensions
        self._leg: OriginatedLeg | OriginatedTrunkLeg
        self._leg = OriginatedLeg(call, "agent") if inside else OriginatedTrunkLeg(call, "agent")
        call.a = self._leg
        self.call = call
        desk.offers.rings(agent, call.id, "a")
        desk.services.running.start(call, self._run, self._ended)
        told = {"contact": item.id, "queue": item.queue, "agent": agent.extension, "leg": "a"}
        call.emit(Kind.CALLBACK_OFFERED, **told, **desk.offers.choice(item.queue))

    def give_up(self) -> None:
        """The customer has rung us: his phone stops ringing, the agent is told. Too late when he has answered."""
        if self._accepted and not self._attempt.answered:
            self._attempt.came_back = True
            for leg in tuple(self.call.legs):
                leg.cancel()

    def lose(self, why: str = "") -> None:
        """The agent is not to blame; one who has the item already keeps it."""
        if self._accepted or self._lost:
            return
        self._lost = True
        if why and not self._leg.is_ended:
            self._leg.cancel(why)
        self.call.terminate("cancelled")

    # -- the call --------------------------------------------------------------------------------------------------

    async def _run(self, call: Call) -> None:
        item, queue = self.candidate.item, self._attempt.queue
        headers, leg, ring_s = (f"X-Queue: {queue.name}", f"X-Contact: {item.id}"), self._leg, queue.ring_timeout_s
        if isinstance(leg, OriginatedLeg):
            await leg.fetch(shown=self.desk.shown(item), timeout_s=ring_s, headers=headers)
        else:
            await leg.fetch(call.caller, account=call.extension, timeout_s=ring_s)
        asked = queue.callback.confirm in ("agent", "both")
        asked = asked or (self._line is not None and self.desk.offers.confirms(self._line))
        if asked and not await agent_confirms(call):
            self._cause = "no_answer"
            return
        if not self.candidate.may_call():  # it was while the phone rang
            self._lost = True
            self.candidate.leave()
            await call.say(texts.GONE)
            return
        offers, agent = self.desk.offers, self.agent
        if not offers.accept(queue.name, agent, self.token, self.candidate.key, call.id):
            self._lost = True
            return
        self._accepted = True
        self._attempt.agent = agent.extension
        self.candidate.won(self)
        try:
            await self._reach(call)
        finally:
            self._release()

    async def _reach(self, call: Call) -> None:
        """The agent listens while the customer's phone rings."""
        attempt, desk, item = self._attempt, self.desk, self.candidate.item
        if not await attempt.begin(call) or attempt.came_back:  # he rang us while the attempt was written
            await call.say(texts.GONE)
            return
        leg = call.originate(desk.dialled(item), timeout_s=desk.settings.ring_s, role="customer", account=ACCOUNT)
        call.dialling = leg
        try:
            await leg.answered()
        except DialFailed as failure:
            attempt.outcome = outcome_of(failure.cause)
        finally:
            call.dialling = None
        if attempt.outcome is None:
            attempt.customer_answered(call, leg.name)
            await self._talk(call, leg)
        if attempt.outcome is not None and not attempt.bridged:
            await call.say(texts.failed(attempt.outcome.value))

    async def _talk(self, call: Call, leg: OutgoingLeg) -> None:
        attempt, item = self._attempt, self.candidate.item
        if attempt.queue.callback.confirm in ("customer", "both"):
            attempt.outcome = await customer_confirms(self.desk, call, leg, item)
        if attempt.outcome is not None:
            leg.hangup()
            return
        if leg.is_ended:
            attempt.outcome = Outcome.HUNG_UP
            return
        attempt.connect(call, self.agent.extension)
        try:
            await call.bridge(leg, record=attempt.queue.record)
        finally:
            attempt.talk_over(call, by_agent=call.a.is_ended and call.ended_by == "caller")

    # -- the end ---------------------------------------------------------------------------------------------------

    def _release(self) -> None:
        """The agent is done with it: wrap-up after a talk, free at once without one."""
        if not self._released:
            self._released = True
            self.desk.offers.over(self._attempt.queue.name, self.agent, self.call.id, self._attempt.talk_s)

    def _why(self, call: Call) -> str:
        """Why the agent did not take the offer; "" when the agent is not to blame."""
        failure = self._leg.failure
        if failure is not None:
            return failure.cause
        return "rejected" if call.ended_by == "caller" else ""

    def _ended(self, call: Call) -> None:
        item = self.candidate.item
        if self._accepted:
            self._release()
            self._attempt.finish(call)
        else:
            reason, cause = "lost", self._cause or self._why(call)
            if self._lost or not cause:
                self.desk.offers.lost(self.agent, self.token)
            else:
                reason = self.desk.offers.failed(item.queue, self.agent, self.token, cause)
            call.emit(
                Kind.CALLBACK_OFFER_ENDED, contact=item.id, queue=item.queue, agent=self.agent.extension, reason=reason
            )
        self.candidate.over(self)
