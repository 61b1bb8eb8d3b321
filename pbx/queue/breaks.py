"""Reasons of breaks and how long each may last: what exceeds its limit is an event, an alarm, or the break's end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pbx.clock import Clock
from pbx.config import BreakReason
from pbx.events import AgentBreakExceeded, Alarm, EventBus
from pbx.queue.agent import Agent, AgentState, Presence
from pbx.queue.refusal import AgentRefused

ALARM = "break_overrun"


class Breaks:
    """The configured reasons, and a timer for each break that has a limit. A listener of the roster."""

    def __init__(self, reasons: Sequence[BreakReason], bus: EventBus, clock: Clock) -> None:
        self.configure(reasons)
        self.exceeded_total = 0  # since the start
        self._bus = bus
        self._clock = clock
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._over: dict[str, str] = {}  # agent: reason, of breaks that last too long

    def configure(self, reasons: Sequence[BreakReason]) -> None:
        """From now on these reasons; breaks that run keep the limit that they began with."""
        self.reasons = {entry.name: entry for entry in reasons}
        self._codes = {entry.code: entry for entry in reasons if entry.code}

    def check(self, reason: str) -> None:
        """Raises AgentRefused for a reason that is none of those configured."""
        if self.reasons and reason not in self.reasons:
            known = ", ".join(self.reasons)
            what = f"{reason!r} is no reason for a break" if reason else "a break needs a reason"
            raise AgentRefused(f"{what}; known: {known}", 422)

    def by_code(self, code: str) -> BreakReason | None:
        """The reason that is dialled as `code`."""
        return self._codes.get(code)

    def limit_s(self, reason: str) -> float:
        """How long a break for `reason` may last; 0 for as long as one likes."""
        entry = self.reasons.get(reason)
        return entry.max_minutes * 60 if entry is not None else 0.0

    def over(self, extension: str) -> bool:
        """Whether the agent's break lasts longer than allowed."""
        return extension in self._over

    def moved(self, agent: Agent, previous: str, _previous_s: float) -> None:
        """The agent changed state, from one break to another as well."""
        if previous == AgentState.BREAK:
            self._forget(agent)
        if agent.state is AgentState.BREAK:
            self.watch(agent)

    def watch(self, agent: Agent) -> None:
        """The agent is on a break since `agent.since`."""
        limit_s = self.limit_s(agent.reason)
        if limit_s:
            left_s = max(0.0, agent.since + limit_s - self._clock.monotonic())
            entry, loop = self.reasons[agent.reason], asyncio.get_running_loop()
            self._timers[agent.extension] = loop.call_later(left_s, self._exceeded, agent, entry)

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _exceeded(self, agent: Agent, entry: BreakReason) -> None:
        self._timers.pop(agent.extension, None)
        returned = entry.when_exceeded == "return"
        self.exceeded_total += 1
        event = AgentBreakExceeded(agent.extension, entry.name, entry.max_minutes * 60, self._clock.unix(), returned)
        self._bus.publish(event)
        if returned:
            agent.choose(Presence.AVAILABLE)
            return
        self._over[agent.extension] = entry.name
        self._tell()

    def _forget(self, agent: Agent) -> None:
        timer = self._timers.pop(agent.extension, None)
        if timer is not None:
            timer.cancel()
        if self._over.pop(agent.extension, None) is not None:
            self._tell()

    def _tell(self) -> None:
        """One alarm for all of them; its text names who."""
        who = ", ".join(f"{agent} ({reason})" for agent, reason in sorted(self._over.items()))
        text = f"breaks longer than allowed: {who}; talk to them, or raise max_minutes of the [[break_reason]]"
        self._bus.publish(
            Alarm(ALARM, text if who else "no break is longer than allowed", bool(who), self._clock.unix())
        )
