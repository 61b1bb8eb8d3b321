"""The control socket and the metrics of agents: only looks and hands on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused
from pbx.metrics.agents import AgentsNow
from pbx.queue.refusal import AgentRefused, QueueError

if TYPE_CHECKING:
    from pbx.queue.service import QueueService

SECONDS = ("since_s", "wrapup_left_s")


class AppAgentControl:
    """Implements pbx.api.agent_routes.AgentControl."""

    def __init__(self, queues: QueueService) -> None:
        self._queues = queues

    def agents(self) -> list[dict[str, Any]]:
        return [_rounded(asdict(agent)) for agent in self._queues.agents()]

    def set_agent(self, extension: str, state: str, reason: str, *, force: bool) -> dict[str, Any]:
        with _refusals():
            self._queues.desk.set(extension, state, reason, force=force)
        return self._row(extension)

    def clear_next(self, extension: str) -> dict[str, Any]:
        with _refusals():
            self._queues.desk.clear_next(extension)
        return self._row(extension)

    def note(self, extension: str, code: str, note: str) -> dict[str, Any]:
        with _refusals():
            self._queues.desk.note(extension, code, note)
        return self._row(extension)

    def finish_wrapup(self, extension: str, code: str, note: str) -> dict[str, Any]:
        with _refusals():
            if not self._queues.desk.finish_wrapup(extension, code, note):
                text = f"agent {extension} is {self._queues.agent(extension).state}: there is no wrap-up to end"
                raise Refused(409, text)
        return self._row(extension)

    def request_wrapup(self, extension: str) -> dict[str, Any]:
        with _refusals():
            self._queues.desk.request_wrapup(extension)
        return self._row(extension)

    def teams(self) -> list[dict[str, Any]]:
        sites = {team.name: team.site for team in self._queues.services.config.team}
        return [
            {
                "name": name,
                "site": sites[name],
                "members": [agent.extension for agent in members],
                "agents": dict(Counter(agent.state.value for agent in members)),
            }
            for name, members in self._queues.teams.items()
        ]

    def break_reasons(self) -> list[dict[str, Any]]:
        return [reason.model_dump() for reason in self._queues.breaks.reasons.values()]

    def now(self) -> AgentsNow:
        """The figures of a scrape."""
        queues = self._queues
        clock = queues.services.clock.monotonic()
        return AgentsNow(
            running=[(agent.state.value, clock - agent.since) for agent in queues.roster.agents.values()],
            teams={name: Counter(agent.state.value for agent in members) for name, members in queues.teams.items()},
            breaks_over=sum(queues.breaks.over(extension) for extension in queues.roster.agents),
            lines_up=sum(line.up for line in queues.lines.persistent.values()),
        )

    def _row(self, extension: str) -> dict[str, Any]:
        return next(row for row in self.agents() if row["extension"] == extension)


@contextmanager
def _refusals() -> Iterator[None]:
    """What the desk refuses becomes the socket's refusal."""
    try:
        yield
    except AgentRefused as refusal:
        raise Refused(refusal.status, str(refusal)) from None
    except QueueError as error:
        raise Refused(404, str(error)) from None


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 1) if key in SECONDS else value for key, value in row.items()}
