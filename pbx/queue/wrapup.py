"""Wrap-up: the time an agent has after a call, time-boxed and ended early at will. It belongs to the agent, not to a
queue.
"""

from __future__ import annotations

import asyncio

from pbx.queue.agent import Agent, AgentState

TIMEOUT_CODE = "TIMEOUT"  # written when the time ran out before the agent chose a code


class WrapUps:
    """The timers of running wrap-ups, by extension. Whoever sees an agent leave wrap-up calls `forget`."""

    def __init__(self) -> None:
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def start(self, agent: Agent, seconds: float) -> None:
        """Ends the talk; the agent is free again after `seconds`, at once when 0."""
        agent.end()
        if seconds <= 0:
            agent.done("")
            return
        self.forget(agent)
        self._timers[agent.extension] = asyncio.get_running_loop().call_later(seconds, self._expire, agent)

    def finish(self, agent: Agent, code: str) -> bool:
        """The agent is done, with this code. False when there is no wrap-up."""
        if agent.state is not AgentState.WRAPUP:
            return False
        agent.done(code)
        return True

    def forget(self, agent: Agent) -> None:
        """Stops the timer: wrap-up ended otherwise."""
        timer = self._timers.pop(agent.extension, None)
        if timer is not None:
            timer.cancel()

    def left_s(self, agent: Agent) -> float:
        """Seconds until wrap-up ends by itself; 0 when there is none."""
        timer = self._timers.get(agent.extension)
        return max(0.0, timer.when() - asyncio.get_running_loop().time()) if timer is not None else 0.0

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _expire(self, agent: Agent) -> None:
        self._timers.pop(agent.extension, None)
        if agent.state is AgentState.WRAPUP:
            agent.done(TIMEOUT_CODE)
