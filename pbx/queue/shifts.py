"""Shifts: who works when, by the calendar. Agents of a shift are signed out at its end, signed in at its beginning when
it says so, and refused outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.call.keeping import Keeper
from pbx.clock import Clock
from pbx.config import Config, Shift
from pbx.queue.refusal import AgentRefused

if TYPE_CHECKING:
    from pbx.call.dialplan import Dialplan

ROOM = "shifts"  # of what is kept: by agent, whether a shift of his was on
MINUTE_S = 60.0  # spans of hours begin and end on whole minutes


class Shifts:
    """Looks at the calendar at each full minute, if there are shifts at all.

    `move(agent, signed_in)` is called when a shift begins (for those it signs in) and when the last one ends.
    """

    def __init__(
        self, config: Config, dialplan: Dialplan, clock: Clock, keeper: Keeper, move: Callable[[str, bool], None]
    ) -> None:
        self._dialplan = dialplan
        self._clock = clock
        self._keeper = keeper
        self._move = move
        self._timer: asyncio.Handle | None = None
        self._on: dict[str, bool] = {}  # agent: was a shift on when we looked last?
        self.of: dict[str, list[Shift]] = {}  # by agent
        self._configure(config)

    def configure(self, config: Config) -> None:
        """From now on these shifts: who is in another one is moved within the minute, as at its beginning or end."""
        self._configure(config)
        self.stop()
        self._on = {name: on for name, on in self._on.items() if name in self.of}
        if self.of:
            self._timer = asyncio.get_running_loop().call_soon(self._look)

    def _configure(self, config: Config) -> None:
        members = {team.name: team.members for team in config.team}
        self.of = {}
        for shift in config.shift:
            listed = [*shift.agents, *(name for team in shift.teams for name in members[team])]
            for name in dict.fromkeys(listed):
                self.of.setdefault(name, []).append(shift)

    def start(self) -> None:
        """Applies what changed while nobody looked, and goes on looking."""
        if not self.of:
            return
        kept = self._keeper.load(ROOM)
        self._on = {name: bool(kept[name]) for name in self.of if name in kept}
        self._look()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def on_now(self, agent: str) -> list[Shift]:
        """The agent's shifts that are on."""
        return [shift for shift in self.of.get(agent, ()) if self._is_on(shift, agent)]

    def check(self, agent: str) -> None:
        """Raises AgentRefused when the agent has shifts and none is on."""
        shifts = self.of.get(agent)
        if shifts and not self.on_now(agent):
            names = ", ".join(f"{shift.name} (hours {shift.hours} {shift.during})" for shift in shifts)
            raise AgentRefused(f"agent {agent} works in {names}, and it is not that time; a supervisor may force it")

    def _is_on(self, shift: Shift, agent: str) -> bool:
        is_open = self._dialplan.hours.state(shift.hours, self._dialplan.zone_of(agent)) == "open"
        return is_open == (shift.during == "open")

    def _look(self) -> None:
        now = self._clock.unix()
        self._timer = asyncio.get_running_loop().call_later(MINUTE_S - now % MINUTE_S + 0.01, self._look)
        for agent in self.of:
            active = self.on_now(agent)
            was = self._on.get(agent)
            if was is bool(active):
                continue
            self._on[agent] = bool(active)
            self._keeper.put(ROOM, agent, bool(active))
            if any(shift.sign_in for shift in active):
                self._move(agent, True)
            elif not active:
                self._move(agent, False)
