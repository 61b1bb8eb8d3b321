"""What each agent did today: calls and talk time, for the strategies that compare them. A restart does not lose it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pbx.clock import Clock
from pbx.config import Config
from pbx.queue.agent import Agent, AgentState

if TYPE_CHECKING:
    from pbx.queue.memory import Keeper

ROOM = "agent_tally"
EVERY_S = 60.0  # at most so much is lost by a crash
TALKING = frozenset({AgentState.TALKING, AgentState.HOLD})
NS = 1_000_000_000
COMPARING = frozenset({"least-talk", "fewest-calls"})


@dataclass(slots=True)
class Day:
    date: str  # ISO 8601, in the server's time zone
    calls: int = 0
    talk_s: float = 0.0


class Tally:
    """`moved` listens to the roster; `start` restores what was kept, `stop` keeps once more. Without a queue that
    compares the figures nothing is counted.
    """

    def __init__(self, config: Config, clock: Clock, keeper: Keeper) -> None:
        self._clock = clock
        self._zone = ZoneInfo(config.server.timezone)
        self._used = _compares(config)
        self._keeper = keeper
        self._days: dict[str, Day] = {}  # by extension
        self._changed: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self, agents: Mapping[str, Agent]) -> None:
        if not self._used:
            return
        today = self._today()
        for extension, kept in self._keeper.load(ROOM).items():
            if extension in agents and isinstance(kept, dict) and kept.get("date") == today:
                self._days[extension] = Day(today, int(kept.get("calls", 0)), float(kept.get("talk_s", 0.0)))
        self._again()

    def configure(self, config: Config) -> None:
        """From now on counted or not; what was counted today counts on."""
        used, self._used = self._used, _compares(config)
        if self._used and not used and self._timer is None:
            self._again()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._write()

    def moved(self, agent: Agent, previous: str, previous_s: float) -> None:
        """A roster listener: a call is counted when it is answered, its time when it is over."""
        answered = agent.state is AgentState.TALKING and previous not in TALKING
        if not self._used or (not answered and previous not in TALKING):
            return
        day = self._day(agent.extension)
        day.calls += answered
        day.talk_s += previous_s if previous in TALKING else 0.0
        self._changed.add(agent.extension)

    def figures(self, agent: Agent) -> tuple[int, int]:
        """(calls, nanoseconds talked) today."""
        day = self._days.get(agent.extension)
        if day is None or day.date != self._today():
            return 0, 0
        return day.calls, int(day.talk_s * NS)

    def _day(self, extension: str) -> Day:
        today = self._today()
        day = self._days.get(extension)
        if day is None or day.date != today:
            day = self._days[extension] = Day(today)
        return day

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock.unix(), self._zone).date().isoformat()

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._due)

    def _due(self) -> None:
        self._write()
        self._again()

    def _write(self) -> None:
        for extension in self._changed:
            day = self._days[extension]
            self._keeper.put(ROOM, extension, {"date": day.date, "calls": day.calls, "talk_s": round(day.talk_s, 3)})
        self._changed.clear()


def _compares(config: Config) -> bool:
    return any(queue.strategy in COMPARING for queue in config.queue)
