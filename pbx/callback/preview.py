"""An agent reads the contact that is called next, and says when: his phone rings as soon as he takes it.

He has `queue.callback.preview_s` for it. Declining is like a phone that is declined, saying nothing like a phone that
rings and rings: the item waits on at its place for the next agent, and the agent has missed an offer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pbx.callback.desk import slot_of
from pbx.events import CallEvent, Kind

if TYPE_CHECKING:
    from pbx.callback.agent_first import AgentFirst

ACCEPTED, DECLINED, TIMEOUT, LOST = "accepted", "declined", "timeout", "lost"
_CAUSES = {DECLINED: "rejected", TIMEOUT: "no_answer"}


@dataclass(slots=True, frozen=True)
class PreviewRow:
    """What an agent has before him. Instants are UTC seconds."""

    agent: str
    contact: str
    queue: str
    kind: str
    number: str
    name: str
    language: str
    source: dict[str, str]
    since: float
    promise: float
    slot: float
    attempts: int
    last_outcome: str
    times: int  # contacts that it stands for
    left_s: float  # to decide


class Preview:
    """One agent and one item; ends exactly once. The agent is reserved already."""

    def __init__(self, candidate: AgentFirst, agent: Any, token: int, call_id: str) -> None:
        self.candidate = candidate
        self.agent = agent
        self.token = token
        self.call_id = call_id
        desk = candidate.desk
        seconds = desk.queue_of(candidate.item).callback.preview_s
        loop = asyncio.get_running_loop()
        self._until = loop.time() + seconds
        self._timer: asyncio.TimerHandle | None = loop.call_later(seconds, self._miss, TIMEOUT)
        agent.preview()
        desk.previews[agent.extension] = self
        item = candidate.item
        told = {"queue": item.queue, "number": item.number, "name": item.name, "preview_s": seconds}
        self._tell(Kind.CONTACT_PREVIEWED, **told, **desk.offers.choice(item.queue))

    def row(self) -> PreviewRow:
        """For the agent's screen."""
        item = self.candidate.item
        return PreviewRow(
            agent=self.agent.extension,
            contact=item.id,
            queue=item.queue,
            kind=item.kind.value,
            number=item.number,
            name=item.name,
            language=item.language,
            source=dict(item.source),
            since=item.since,
            promise=item.promise,
            slot=slot_of(item),
            attempts=len(item.attempts),
            last_outcome=item.attempts[-1].outcome if item.attempts else "",
            times=item.times,
            left_s=max(0.0, self._until - asyncio.get_running_loop().time()),
        )

    def accept(self) -> None:
        """The agent wants to talk to the customer: his phone rings."""
        if self._end(ACCEPTED):
            self.candidate.ring(self.agent, self.token, self.call_id)

    def decline(self) -> None:
        """Somebody else shall do it."""
        self._miss(DECLINED)

    def lose(self, _why: str = "") -> None:
        """The item is nobody's to call any more, or another agent has it: nobody is to blame."""
        if self._end(LOST):
            self.candidate.over(self)
            self.candidate.desk.offers.lost(self.agent, self.token)

    def _miss(self, outcome: str) -> None:
        if self._end(outcome):
            candidate = self.candidate
            candidate.over(self)
            candidate.desk.offers.failed(candidate.item.queue, self.agent, self.token, _CAUSES[outcome])

    def _end(self, outcome: str) -> bool:
        if self._timer is None:
            return False
        self._timer.cancel()
        self._timer = None
        self.candidate.desk.previews.pop(self.agent.extension, None)
        self._tell(Kind.CONTACT_PREVIEW_ENDED, queue=self.candidate.item.queue, outcome=outcome)
        return True

    def _tell(self, kind: Kind, **data: Any) -> None:
        services = self.candidate.desk.services
        told = {"agent": self.agent.extension, **{name: value for name, value in data.items() if value != ""}}
        services.bus.publish(CallEvent(kind, self.candidate.item.id, "", services.clock.unix(), told))
