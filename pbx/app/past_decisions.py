"""Why a call got which agent when the distributor has forgotten it: by the journey, and by what agents did then.

The distributor remembers its last decisions with all that it compared. What is older, or of an earlier process, is in
the database: each offer with its strategy, and the states of agents, so that for each agent of the queue it can be said
what he was doing. Members and strategies are those of today.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from pbx.app.history_reader import HistoryReader
from pbx.config_queue import members_of
from pbx.events import CallEvent, Kind
from pbx.queue.explain import Decided, Explanation, NotChosen, because
from pbx.store import schema
from pbx.store.journey import read_events

if TYPE_CHECKING:
    from typing import Any

    from pbx.app.pbx import Pbx

LONGEST_STATE_S = 24 * 3600.0  # a state that began earlier than this before the offer is not looked for
AVAILABLE = "available"
States = dict[str, tuple[str, str]]  # agent: (state, reason)


class PastDecisions:
    """`why(call_id)` is what Explainer.why is, as JSON, for calls that it has forgotten; None where no agent was ever
    offered the call.
    """

    def __init__(self, app: Pbx) -> None:
        self._app = app
        self._reader = HistoryReader(app.config)
        app.at_stop(self._reader.close)

    async def why(self, call_id: str) -> dict[str, Any] | None:
        """Raises Refused when the database does not answer."""

        def look(connection: Connection) -> tuple[list[CallEvent], list[States]]:
            events = read_events(connection, call_id)
            offers = [event for event in events if event.kind is Kind.QUEUE_OFFERED]
            return events, [_states_at(connection, event.at) for event in offers]

        events, states = await self._reader.read(look)
        decisions = self._decisions(events, states)
        if not decisions:
            return None
        queue = next((event.data["queue"] for event in events if event.kind is Kind.QUEUE_JOINED), decisions[0].queue)
        return asdict(Explanation(call_id, str(queue), False, decisions=decisions))

    def _decisions(self, events: list[CallEvent], states: list[States]) -> list[Decided]:
        found: list[Decided] = []
        joined, position = 0.0, 0
        following = iter(states)
        for index, event in enumerate(events):
            if event.kind is Kind.QUEUE_JOINED:
                joined, position = joined or event.at, int(event.data.get("position", 0))
            elif event.kind is Kind.QUEUE_OFFERED:
                found.append(self._decided(event, next(following), joined or event.at, position, _end(events, index)))
        return found

    def _decided(self, event: CallEvent, states: States, joined: float, position: int, outcome: str) -> Decided:
        agent, by = str(event.data["agent"]), str(event.data.get("by", ""))
        queue = str(event.data.get("through", event.data["queue"]))
        names = {entry.extension: entry.name for entry in self._app.config.agent}
        entry = next((entry for entry in self._app.config.queue if entry.name == queue), None)
        members = members_of(entry, self._app.config.team) if entry is not None else []
        others = [
            NotChosen(member, names.get(member, ""), _reason(states.get(member), by))
            for member in members
            if member != agent
        ]
        free = sum(states.get(member, ("", ""))[0] == AVAILABLE for member in members if member != agent) + 1
        return Decided(
            at=event.at,
            agent=agent,
            name=names.get(agent, ""),
            queue=queue,
            by=by,
            why=because(by),
            outcome=outcome,
            position=position,
            wait_s=event.at - joined,
            needs={},
            free=free,
            others=others,
        )


def _end(events: list[CallEvent], offered: int) -> str:
    """What became of the offer at `offered`: as the distributor's own outcomes are called."""
    agent = events[offered].data["agent"]
    for event in events[offered + 1 :]:
        if event.data.get("agent") != agent:
            continue
        if event.kind is Kind.QUEUE_ANSWERED:
            return "accepted"
        if event.kind is Kind.QUEUE_OFFER_ENDED:
            return "ended"
    return "ended"


def _states_at(connection: Connection, at: float) -> States:
    """What each agent was doing just before `at` (UTC seconds)."""
    log, now, at_us = schema.agent_log.c, schema.agent_states.c, round(at * 1e6)
    earlier = at_us - round(LONGEST_STATE_S * 1e6)
    running = select(now.agent, now.state, now.reason).where(now.since_us < at_us)
    found: States = {agent: (state, reason) for agent, state, reason in connection.execute(running)}
    past = select(log.agent, log.state, log.reason).where(
        log.started_us > earlier, log.started_us < at_us, log.ended_us >= at_us
    )
    found.update({agent: (state, reason) for agent, state, reason in connection.execute(past)})
    return found


def _reason(state: tuple[str, str] | None, by: str) -> str:
    if state is None:
        return "nothing is known of him then"
    if state[0] == AVAILABLE:
        return "was free as well" + ("; the caller preferred somebody else" if by == "preferred" else "")
    return f"was {state[0]}" + (f" ({state[1]})" if state[1] else "")
