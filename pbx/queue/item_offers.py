"""What a candidate of another feature does with the agent that was reserved for it: a callback's offer goes the same
way as a caller's, from reserved over ringing and talking to wrap-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.queue.agent import Agent
from pbx.queue.offer import reason_of
from pbx.queue.promise import Promise

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg
    from pbx.config import Agent as AgentConfig
    from pbx.contact.ports import Candidate
    from pbx.queue.service import QueueService


class ItemOffers:
    """Part of the queue service (`pbx.contact.ports.VirtualQueue`). Every reservation ends by exactly one of `lost`,
    `failed` and, after `accept`, `over`.
    """

    def __init__(self, service: QueueService) -> None:
        self._service = service
        self._since: dict[str, dict[int, float]] = {}  # queue: key: the loop's clock; of items that wait

    def enter(
        self,
        queue: str,
        who: Candidate,
        *,
        since_s: float,
        priority: int = 0,
        skills: Sequence[str] = (),
        preferred: str = "",
    ) -> int:
        """`who` waits; offers come from the next turn on, when the key is known to it."""
        dispatcher = self._service.dispatcher
        asyncio.get_running_loop().call_soon(dispatcher.match)
        self._since.setdefault(queue, {})
        key = dispatcher.enter(queue, who, since_s=since_s, priority=priority, skills=skills, preferred=preferred)
        self._since[queue][key] = since_s
        self._service.promises.entered(queue, dispatcher.position(key))
        return key

    def leave(self, key: int) -> None:
        """`key` waits no longer; those who can be served now are."""
        self._forget(key)
        self._service.dispatcher.leave(key)
        self._service.dispatcher.match()

    def position(self, key: int) -> int:
        return self._service.dispatcher.position(key)

    def free_agents(self, queue: str) -> int:
        return self._service.dispatcher.free_agents(queue)

    def waiting(self, queue: str) -> int:
        return self._service.dispatcher.waiting(queue)

    def older(self, queue: str, since_s: float) -> int:
        """Callers and items of the queue who wait for longer than since `since_s`."""
        callers = sum(stay.since < since_s for stay in self._service.queues[queue].waiting.values())
        return callers + sum(since < since_s for since in self._since.get(queue, {}).values())

    def soon_free(self, queue: str, within_s: float) -> float:
        return self._service.soon_free(queue, within_s)

    def promise_s(self, queue: str) -> float | None:
        """In how many seconds a newcomer is served with the queue's quantile; None when nobody can say."""
        found = self._service.promises.of_newcomer(queue)
        return found.high_s if isinstance(found, Promise) else None

    def silence(self, queue: str) -> str:
        """Why no wait is said to a newcomer: "data" (too few calls were handled), "no_agents" (nobody serves the queue)
        and others; "" when `promise_s` says one.
        """
        return self._service.promises.silence(queue)

    def giving_up(self, queue: str) -> float:
        """The probability that a caller who comes last in line now gives up before he is served."""
        return self._service.promises.giving_up(queue)

    def choice(self, queue: str) -> dict[str, str]:
        """How the offer that is being made to an item of `queue` came about, as queue.offered tells it."""
        return self._service.dispatcher.choice.record(queue)

    def reserve(self, agent: Agent, call_id: str) -> None:
        """`agent` takes the offer up: a phone is about to ring for the call."""
        agent.reserve(call_id)

    def rings(self, agent: Agent, call_id: str, leg: str) -> None:
        """It is that `leg` of the call which rings at `agent`."""
        self._service.roster.legs[call_id, leg] = agent

    # -- the agent's phone, or line (pbx.queue.lines) --------------------------------------------------------------

    def line(self, agent: Agent) -> AgentConfig | None:
        """How calls reach an agent who has no phone of an extension; None for one who has."""
        return self._service.lines.agents.get(agent.extension)

    def confirms(self, line: AgentConfig) -> bool:
        """Whether whoever answers the line has to press 1."""
        return self._service.lines.confirms(line)

    def ring(
        self, call: Call, agent: Agent, *, timeout_s: float, queue: str, headers: Sequence[str] = ()
    ) -> OutgoingLeg:
        """Begins to reach the agent for the caller of `call`. Raises CallEnded, DialFailed."""
        leg = self._service.lines.originate(call, agent, timeout_s=timeout_s, queue=queue, headers=headers)
        self.rings(agent, call.id, leg.name)
        return leg

    async def taken(self, call: Call, agent: Agent, leg: OutgoingLeg, queue: str) -> None:
        """Returns when the agent himself is at the other end. Raises DialFailed when he will not be."""
        await self._service.lines.taken(call, agent, leg, queue)

    def drop(self, call: Call, agent: Agent, leg: OutgoingLeg, why: str = "") -> None:
        """The agent's leg is needed no longer."""
        self._service.lines.drop(call, agent, leg, why)

    def accept(self, queue: str, agent: Agent, token: int, key: int, call_id: str) -> bool:
        """The agent answered and has the candidate; False when somebody else was faster."""
        if not self._service.dispatcher.accept(token, key):
            return False
        self._forget(key)
        self._service.roster.talking[call_id] = agent
        served = self._service.queues[queue]
        self._service.pacing.talk_began(served, agent)
        self._service.wrapups.open(agent, served.config, call_id)
        agent.answer()
        return True

    def failed(self, queue: str, agent: Agent, token: int, cause: str) -> str:
        """The agent's phone did not answer; returns why, as queue.offer_ended says it. The candidate waits on."""
        service = self._service
        service.dispatcher.decline(token)
        if cause == "unregistered":
            agent.set_registered(False)
            agent.release()
        else:
            served = service.queues[queue]
            served.missed_offers += 1
            service.roster.missed(agent, reason_of(cause), served.config.missed_offers_until_break)
        service.dispatcher.match()
        return reason_of(cause)

    def lost(self, agent: Agent, token: int) -> None:
        """The offer is over without blame."""
        self._service.dispatcher.decline(token)
        agent.release()
        self._service.dispatcher.match()

    def over(self, queue: str, agent: Agent, call_id: str, talk_s: float) -> None:
        """What the agent accepted is over after `talk_s` with the customer; without a talk there is no wrap-up."""
        service = self._service
        if talk_s > 0:
            service.talk_over(service.queues[queue], call_id, agent, talk_s)
            return
        service.roster.talking.pop(call_id, None)
        agent.end()
        agent.done("")

    def _forget(self, key: int) -> None:
        for keys in self._since.values():
            keys.pop(key, None)
