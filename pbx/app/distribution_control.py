"""The control socket's view of distribution: looks and hands on."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused
from pbx.call.errors import RouteError
from pbx.queue.refusal import AgentRefused, QueueError

_WORDS = {"full": "it is full", "no_agents": "no agent is signed in"}

if TYPE_CHECKING:
    from pbx.app.past_decisions import PastDecisions
    from pbx.queue.service import QueueService
    from pbx.queue.waiting import Waiting


class AppDistributionControl:
    """Implements pbx.api.distribution.DistributionControl."""

    def __init__(self, queues: QueueService, past: PastDecisions) -> None:
        self._queues = queues
        self._past = past

    async def why(self, name: str, queue: str) -> dict[str, Any]:
        """What the distributor remembers, else what the journey tells of a call that is over."""
        known = self._queues.explainer.why(self._known(name), asyncio.get_running_loop().time())
        found = asdict(known) if known is not None else await self._past.why(name)
        if found is None or (queue and queue not in (found["queue"], *found["queues"])):
            where = f" in queue {queue}" if queue else ""
            raise Refused(404, f"{name} waits nowhere{where}, and no agent was offered a call of this id")
        return found

    def set_priority(self, name: str, priority: int, queue: str = "") -> dict[str, Any]:
        dispatcher = self._queues.dispatcher
        key = dispatcher.keys.get(self._known(name), 0)
        entered = dispatcher.entered(key)
        elsewhere = bool(queue) and (entered is None or entered.queue != queue)
        if elsewhere or not dispatcher.set_priority(key, priority):
            raise Refused(404, f"{name} does not wait; `centrala queues` shows who does")
        dispatcher.match()
        return {"id": name, "priority": priority, "position": dispatcher.position(key)}

    # -- what supervisors do for a caller who waits ----------------------------------------------------------------

    def move(self, queue: str, call_id: str, to: str) -> dict[str, Any]:
        """The caller goes on in another queue with his age, in a flow, a box, at an extension."""
        stay = self._stay(queue, call_id)
        there = self._queues.queues.get(to.removeprefix("queue:")) if to.startswith("queue:") else None
        shut = there.refusal() if there is not None else ""
        if shut:  # he would be told that nobody can answer, which is what `remove` is for
            raise Refused(409, f"{to} takes nobody now: {_WORDS[shut]}; the caller waits on where he is")
        try:
            stay.move(self._queues.services.applications.find(to), to)
        except RouteError as error:
            queues = ", ".join(f"queue:{name}" for name in self._queues.queues)
            text = f"{to!r} is nothing that a caller can be sent to: {error}; queues: {queues}"
            raise Refused(422, text) from None
        except AgentRefused as refusal:
            raise Refused(refusal.status, str(refusal)) from None
        return {"call_id": call_id, "queue": queue, "to": to}

    def pull(self, queue: str, call_id: str, agent: str) -> dict[str, Any]:
        """The caller goes to this agent before everybody else."""
        stay = self._stay(queue, call_id)
        try:
            stay.give(agent)
        except AgentRefused as refusal:
            raise Refused(refusal.status, str(refusal)) from None
        except QueueError as error:
            raise Refused(422, str(error)) from None
        return {"call_id": call_id, "queue": queue, "to": f"agent:{agent}"}

    def remove(self, queue: str, call_id: str) -> dict[str, Any]:
        """The caller goes on as one who has waited for too long."""
        try:
            self._stay(queue, call_id).remove()
        except AgentRefused as refusal:
            raise Refused(refusal.status, str(refusal)) from None
        return {"call_id": call_id, "queue": queue, "to": ""}

    def _stay(self, queue: str, call_id: str) -> Waiting:
        found = self._queues.queues.get(queue)
        stay = found.waiting.get(self._known(call_id)) if found is not None else None
        if stay is None:
            raise Refused(404, f"{call_id} does not wait in queue {queue!r}; `centrala queues` shows who does")
        return stay

    def _known(self, name: str) -> str:
        """`name`, or the call of the caller of this number who waits for the longest time: people know numbers."""
        if name in self._queues.dispatcher.keys:
            return name
        stays = [stay for queue in self._queues.queues.values() for stay in queue.waiting.values()]
        found = [stay for stay in stays if stay.call.caller == name]
        return min(found, key=lambda stay: stay.since).call.id if found else name
