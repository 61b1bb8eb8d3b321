"""Queues, agents, teams, skills, shifts and breaks that change while callers wait and agents talk.

Whoever waits keeps his place, his age and his needs; whoever talks goes on. An agent who is one no more serves his
caller to the end, wrap-up included, and is offline then. A queue with somebody in line is not removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pbx.config_queue import members_of
from pbx.configfile.problem import Problem
from pbx.queue.agent import Agent, AgentState, Presence
from pbx.queue.queue import Queue

if TYPE_CHECKING:
    from pbx.config import Config
    from pbx.configfile.change import ConfigChange
    from pbx.queue.service import QueueService

SECTIONS = ("queue", "team", "agent", "break_reason", "shift", "caller_list", "hours", "numbering")


class Reconfiguration:
    """Part of the queue service; follows changes from its construction on."""

    def __init__(self, service: QueueService) -> None:
        self._service = service
        self._leaving: set[str] = set()  # no agents any more, as soon as they are offline
        followers = service.services.followers
        followers.objection(self.objections, *SECTIONS)
        followers.add(self.follow, *SECTIONS)
        followers.add(self._rename, "extension")
        service.roster.listeners.append(self._moved)

    def objections(self, change: ConfigChange) -> Iterator[Problem]:
        """A queue that is to go while somebody needs it; more skills than can be told apart."""
        left = {entry.name for entry in change.new.queue}
        for name, queue in self._service.queues.items():
            waiting = self._service.dispatcher.in_line(name)
            if name not in left and (waiting or queue.waiting or queue.talking):
                text = f"{max(waiting, len(queue.waiting))} wait in the queue and {queue.talking} talk"
                yield Problem(("queue", name), text, "lead its numbers elsewhere, and remove it when it is empty")
        shortage = self._service.dispatcher.kinds.shortage(change.new)
        if shortage:
            yield Problem(("agent",), shortage, "restart the PBX, or use fewer")

    def _rename(self, change: ConfigChange) -> None:
        self._service.roster.rename(change.new)

    def follow(self, change: ConfigChange) -> None:
        """All of it in one turn; offers that have become possible are made at its end."""
        service, config = self._service, change.new
        new = service.roster.meet(config)
        for agent in new:
            service.dispatcher.add_agent(agent)
        service.dispatcher.configure(config)
        self._queues(config)
        service.tally.configure(config)
        service.wishes.configure(config)
        service.breaks.configure(config.break_reason)
        service.shifts.configure(config)
        service.explainer.configure(config)
        service.promises.forget_teams()
        service.lines.configure(config)
        for agent in new:
            self._welcome(agent)
        self._other_lines(change)
        service.lines.dial()
        self._part()
        service.dispatcher.match()

    def _queues(self, config: Config) -> None:
        service, agents = self._service, self._service.roster.agents
        known = dict(service.queues)
        service.queues.clear()
        for entry in config.queue:
            members = [agents[name] for name in members_of(entry, config.team)]
            queue = known.get(entry.name) or Queue(entry, service.dispatcher.index(entry.name), members)
            service.queues[entry.name] = queue
            queue.agents = members
            if queue.config != entry:
                queue.config = entry
                for stay in queue.waiting.values():
                    if stay.announcer is not None:
                        stay.announcer.configure(entry)
        service.teams.clear()
        service.teams.update({team.name: [agents[name] for name in team.members] for team in config.team})

    def _welcome(self, agent: Agent) -> None:
        """A new agent may be on the phone already."""
        service = self._service
        for call in service.services.running.calls.values():
            if call.setup.extension == agent.extension and call.setup.direction != "inbound":
                service.roster.on_call(agent, call.id, "a", outbound=call.setup.direction == "outbound")
            for leg in call.legs:
                if leg.target == agent.extension and not leg.is_ended:
                    service.roster.on_call(agent, call.id, leg.name)
        service.roster.welcome(agent)

    def _other_lines(self, change: ConfigChange) -> None:
        """Whoever is reached in another way now may be there, or not."""
        before, after = change.names("agent", "extension")
        for extension, entry in after.items():
            known = before.get(extension)
            if known is not None and (known.line, known.line_number) != (entry.line, entry.line_number):
                self._service.roster.agents[extension].set_registered(self._service.lines.reachable(extension))

    def _part(self) -> None:
        """Who is no agent any more goes offline, at once or when his caller is served; who is one again may stay."""
        strangers = self._service.roster.strangers()
        gone = {agent.extension for agent in strangers}
        for extension in self._leaving - gone:
            agent = self._service.roster.agents[extension]
            if agent.next is not None:
                agent.clear_next()
        self._leaving = gone
        for agent in strangers:
            if agent.state is AgentState.OFFLINE:
                self._drop(agent)
            else:
                agent.choose(Presence.OFFLINE)

    def _moved(self, agent: Agent, _previous: str, _previous_s: float) -> None:
        """A listener of the roster."""
        if agent.state is AgentState.OFFLINE and agent.extension in self._leaving:
            self._drop(agent)

    def _drop(self, agent: Agent) -> None:
        self._leaving.discard(agent.extension)
        self._service.dispatcher.drop_agent(agent)
        self._service.roster.drop(agent)
