"""What supervisors do for a caller who waits: send him elsewhere, give him to an agent, take him out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pbx.call.errors import CallEnded
from pbx.queue.age import CARRIED
from pbx.queue.refusal import AgentRefused, QueueError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pbx.call.call import Call
    from pbx.queue.offer import Offer
    from pbx.queue.queue import Queue
    from pbx.queue.service import QueueService
    from pbx.queue.wishes import Wishes

MOVED, REMOVED = "moved", "removed"
ALONE_S = 120.0  # for which the agent whom a caller was given to is waited for, before others may have him


class Hands:
    """Base of Waiting. Refuses with QueueError (not there) or AgentRefused (not now)."""

    __slots__ = ("key", "wishes")

    if TYPE_CHECKING:
        _decided: asyncio.Future[Any] | None
        call: Call
        key: int
        offers: dict[int, Offer]
        queue: Queue
        service: QueueService
        since: float
        wishes: Wishes

        def _left(self, reason: str) -> Any: ...

    def move(self, application: Callable[[Call], Awaitable[None]], name: str) -> None:
        """The caller goes on with `application`; in a queue he keeps his age."""
        self._undecided()
        self.call.variables[CARRIED] = self.since
        self._left(MOVED)
        try:
            self.call.redirect(application, name)
        except CallEnded as error:
            raise AgentRefused(str(error)) from None

    def remove(self) -> None:
        """The caller goes on as one who has waited for too long."""
        self._undecided().set_result(REMOVED)

    def give(self, extension: str) -> None:
        """The caller goes to this agent before everybody else: at once when he is free, else as soon as he is."""
        self._undecided()
        agent = next((agent for agent in self.queue.agents if agent.extension == extension), None)
        if agent is None:
            raise QueueError(f"{extension!r} is no agent of queue {self.queue.name!r}")
        if not agent.on_duty:
            raise AgentRefused(f"agent {extension} is {agent.state.value}")
        dispatcher = self.service.dispatcher
        for offer in tuple(self.offers.values()):
            offer.lose()
        dispatcher.leave(self.key)
        self.wishes = replace(self.wishes, preferred=extension)
        self.key = dispatcher.enter(
            self.queue.name,
            self,  # type: ignore[arg-type]  # it is a Waiting
            since_s=self.since,
            priority=self.wishes.priority,
            skills=self.wishes.skills,
            preferred=extension,
            grace_s=ALONE_S,
        )
        dispatcher.to_front(self.key)
        dispatcher.match()

    def _undecided(self) -> asyncio.Future[Any]:
        if self._decided is None or self._decided.done():
            raise AgentRefused(f"the caller of call {self.call.id} is being answered, or goes already")
        return self._decided
