"""Wrap-up: the time an agent has after a call for the code and the note. It belongs to the agent, not to a queue; how
long it lasts and who ends it is a rule of the queue that gave the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pbx.config import Queue as QueueConfig
from pbx.queue.agent import Agent, AgentState
from pbx.queue.refusal import AgentRefused

TIMEOUT_CODE = "TIMEOUT"  # written when the time ran out before the agent chose a code
MAX_CODE = 29  # characters
MAX_NOTE = 2000


@dataclass(slots=True)
class Slip:
    """What an agent notes about one call of a queue. `mode` and `seconds` are the queue's rules of wrap-up."""

    queue: str
    call_id: str
    mode: str
    seconds: float
    codes: list[str]  # that may be chosen; empty: any
    code: str = ""
    note: str = ""
    requested: bool = False  # the agent asked for wrap-up
    ended: bool = False  # the talk is over

    @property
    def wants_code(self) -> bool:
        """The agent may not leave wrap-up without a code."""
        return self.mode in ("mandatory", "mandatory_timeboxed") and not self.code

    @property
    def limit_s(self) -> float:
        """How long wrap-up lasts if the agent does nothing; 0: not at all, infinity: until he chooses a code."""
        if self.mode == "mandatory":
            return 0.0 if self.code else float("inf")
        if self.mode == "agent_requested" and not self.requested:
            return 0.0
        return self.seconds


class WrapUps:
    """Slips and timers by extension. Whoever sees an agent leave wrap-up calls `forget`.

    `noted(agent, slip)` is told of each code or note, `closed(agent, slip, wrapup_s)` of each slip's end.
    """

    def __init__(self) -> None:
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._slips: dict[str, Slip] = {}
        self.noted: Callable[[Agent, Slip], None] = lambda _agent, _slip: None
        self.closed: Callable[[Agent, Slip, float], None] = lambda _agent, _slip, _seconds: None

    def open(self, agent: Agent, rules: QueueConfig, call_id: str) -> None:
        """A talk begins."""
        self._slips[agent.extension] = Slip(
            rules.name, call_id, rules.wrapup_mode, rules.wrapup_s, list(rules.wrapup_codes)
        )

    def start(self, agent: Agent) -> None:
        """Ends the talk; wrap-up lasts as the queue's rules say, at 0 s the agent is free at once."""
        slip = self._slips[agent.extension]
        slip.ended = True
        agent.bound = slip.wants_code or slip.mode == "mandatory_timeboxed_no_early"
        self._forget_timer(agent)
        limit_s = slip.limit_s
        if 0 < limit_s < float("inf"):
            loop = asyncio.get_running_loop()
            self._timers[agent.extension] = loop.call_later(limit_s, self._expire, agent)
        agent.end()
        if limit_s <= 0:
            agent.done(slip.code)

    def slip(self, agent: Agent) -> Slip | None:
        """What is noted about the call that the agent talks in, or that is in wrap-up."""
        return self._slips.get(agent.extension)

    def note(self, agent: Agent, code: str, note: str) -> Slip:
        """Keeps a code or a note ("" leaves what there is). Raises AgentRefused."""
        slip = self._slips.get(agent.extension)
        if slip is None:
            text = f"agent {agent.extension} is {agent.state}: a code and a note belong to a call of a queue"
            raise AgentRefused(f"{text}; give them during the call or in wrap-up")
        if code:
            self._check(slip, code)
        if len(note) > MAX_NOTE:
            raise AgentRefused(f"the note has {len(note)} characters and {MAX_NOTE} are kept; shorten it", 422)
        slip.code, slip.note = code or slip.code, note or slip.note
        agent.bound = agent.bound and (slip.wants_code or slip.mode == "mandatory_timeboxed_no_early")
        if code or note:
            self.noted(agent, slip)
        if slip.ended and slip.mode == "mandatory" and slip.code:  # nothing else is waited for
            agent.done(slip.code)
        return slip

    def request(self, agent: Agent) -> None:
        """The agent wants wrap-up after this call, whose queue gives it when asked."""
        slip = self._slips.get(agent.extension)
        if slip is None or slip.ended:
            raise AgentRefused(f"agent {agent.extension} is {agent.state}: wrap-up is asked for during a call")
        slip.requested = True

    def finish(self, agent: Agent, code: str = "", note: str = "") -> bool:
        """The agent is done, with this code. False when there is no wrap-up; raises AgentRefused when the queue's
        rules do not let it end so.
        """
        if agent.state is not AgentState.WRAPUP:
            return False
        slip = self.note(agent, code, note)
        if slip.mode == "mandatory" and slip.code:
            return True  # with the code it was over
        if slip.mode == "mandatory_timeboxed_no_early":
            if not code and not note:
                text = f"wrap-up of queue {slip.queue} lasts {slip.seconds:g} s and cannot be ended earlier"
                raise AgentRefused(text)
            return True
        if slip.wants_code:
            raise AgentRefused(f"queue {slip.queue} wants a code: {', '.join(slip.codes) or 'any'}")
        agent.done(slip.code)
        return True

    def forget(self, agent: Agent, wrapup_s: float) -> str:
        """Wrap-up ended, after so many seconds: returns the code that was given."""
        self._forget_timer(agent)
        slip = self._slips.pop(agent.extension, None)
        if slip is None:
            return ""
        self.closed(agent, slip, wrapup_s)
        return slip.code

    def left_s(self, agent: Agent) -> float:
        """Seconds until wrap-up ends by itself; 0 when there is none or it does not."""
        timer = self._timers.get(agent.extension)
        return max(0.0, timer.when() - asyncio.get_running_loop().time()) if timer is not None else 0.0

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _check(self, slip: Slip, code: str) -> None:
        if slip.codes and code not in slip.codes:
            raise AgentRefused(f"queue {slip.queue} has no code {code!r}; known: {', '.join(slip.codes)}", 422)
        if len(code) > MAX_CODE:
            raise AgentRefused(f"a code has {MAX_CODE} characters at most, {code!r} has {len(code)}", 422)

    def _forget_timer(self, agent: Agent) -> None:
        timer = self._timers.pop(agent.extension, None)
        if timer is not None:
            timer.cancel()

    def _expire(self, agent: Agent) -> None:
        self._timers.pop(agent.extension, None)
        if agent.state is AgentState.WRAPUP:
            slip = self._slips[agent.extension]
            slip.code = slip.code or TIMEOUT_CODE
            agent.done(slip.code)
