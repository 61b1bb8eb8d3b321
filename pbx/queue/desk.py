"""What agents and their supervisors do: sign in and out, breaks, the next state, codes and notes of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.keeping import Keeper
from pbx.queue.agent import Agent, AgentState, Presence
from pbx.queue.refusal import AgentRefused, QueueError

if TYPE_CHECKING:
    from pbx.queue.breaks import Breaks
    from pbx.queue.lines import Lines
    from pbx.queue.roster import Roster
    from pbx.queue.shifts import Shifts
    from pbx.queue.wrapup import Slip, WrapUps

ROOM = "agent_next"  # of what is kept: by agent, what he chose for after the call
MAX_REASON = 200  # characters


class Desk:
    """Each method refuses with QueueError (unknown agent or state) or AgentRefused (not now, not so)."""

    def __init__(self, roster: Roster, wrapups: WrapUps, breaks: Breaks, lines: Lines, keeper: Keeper) -> None:
        self._roster = roster
        self._wrapups = wrapups
        self._breaks = breaks
        self._lines = lines
        self._keeper = keeper
        self._kept: set[str] = set()
        self.shifts: Shifts | None = None

    def restore(self) -> None:
        """After a restart: what agents had chosen for after a call that is over now."""
        for extension, row in self._keeper.load(ROOM).items():
            self._keeper.put(ROOM, extension, None)
            agent = self._roster.agents.get(extension)
            if agent is not None and agent.state is not AgentState.OFFLINE:
                agent.choose(Presence(row["state"]), row["reason"])

    def agent(self, extension: str) -> Agent:
        agent = self._roster.agents.get(extension)
        if agent is None:
            text = f"{extension!r} is no agent; list the extension in [[agent]] or in the agents of a queue"
            raise QueueError(text)
        return agent

    def set(self, extension: str, state: str, reason: str = "", *, force: bool = False) -> Agent:
        """Moves an agent to "available", "break" or "offline": now, or after what he is doing for a caller.

        `force`: outside his shifts, too.
        """
        agent = self.agent(extension)
        try:
            presence = Presence(state)
        except ValueError:
            raise QueueError(f"an agent cannot be set to {state!r}; use available, break or offline") from None
        if len(reason) > MAX_REASON:
            raise AgentRefused(f"the reason has {len(reason)} characters, {MAX_REASON} are kept; shorten it", 422)
        if presence is Presence.BREAK:
            self._breaks.check(reason)
        if presence is not Presence.OFFLINE and self.shifts is not None and not force:
            self.shifts.check(extension)
        if presence is Presence.AVAILABLE:
            self._roster.alive(agent)
        agent.choose(presence, reason)
        self._keep(agent)
        if presence is Presence.AVAILABLE:
            self._lines.wanted(agent)
        return agent

    def clear_next(self, extension: str) -> None:
        """Forgets the state that was chosen for after the call."""
        agent = self.agent(extension)
        agent.clear_next()
        self._keep(agent)

    def note(self, extension: str, code: str = "", note: str = "") -> Slip:
        """The code and the note of the call that the agent talks in, or has just talked in."""
        return self._wrapups.note(self.agent(extension), code, note)

    def request_wrapup(self, extension: str) -> None:
        """The agent wants time after this call."""
        self._wrapups.request(self.agent(extension))

    def finish_wrapup(self, extension: str, code: str = "", note: str = "") -> bool:
        """Ends an agent's wrap-up with a code; False when there is none."""
        return self._wrapups.finish(self.agent(extension), code, note)

    def shift_moved(self, extension: str, signed_in: bool) -> None:
        """A shift of the agent began, or the last one ended."""
        agent = self.agent(extension)
        if signed_in and agent.presence is Presence.OFFLINE:
            self.set(extension, "available", force=True)
        elif not signed_in and (agent.presence is not Presence.OFFLINE or agent.next is not None):
            self.set(extension, "offline")

    def moved(self, agent: Agent, _previous: str, _previous_s: float) -> None:
        """A listener of the roster."""
        if agent.extension in self._kept:
            self._keep(agent)

    def _keep(self, agent: Agent) -> None:
        """What was chosen for afterwards outlives the process; otherwise a restart would make a break a working day."""
        extension, chosen = agent.extension, agent.next
        if chosen is not None:
            self._kept.add(extension)
            self._keeper.put(ROOM, extension, {"state": chosen[0].value, "reason": chosen[1]})
        elif extension in self._kept:
            self._kept.discard(extension)
            self._keeper.put(ROOM, extension, None)
