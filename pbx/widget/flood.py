"""Floods of short calls to one of the numbers that pages show: an alarm while they last (conventions.md E9).

Short calls are those that end within seconds. More of them within ten minutes than five, and than four times what is
normal for the number (its mean of the last day), are a flood; it is over when ten minutes had no more than five.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.events import Alarm, CallEvent, Kind
from pbx.numbers.plan import NumberPlan

if TYPE_CHECKING:
    from pbx.call.services import Services

SHORT_S = 10.0  # from the call's begin to its end
WINDOW_S = 600.0
LEAST = 5
TIMES = 4.0  # what is normal
DAY_S = 86_400.0
MOST = 2000  # short calls of a number that are remembered
MOST_CALLS = 20_000  # running calls to such numbers
LOOK_S = 60.0  # until a flood is looked at again, to see whether it is over


class FloodGuard:
    """Listens to calls of the numbers that sites and pools show."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._running: dict[str, tuple[str, float]] = {}  # call: number, begin
        self._short: dict[str, deque[float]] = {}  # number: ends of short calls within a day
        self.floods: dict[str, float] = {}  # number: since when
        self._timer: asyncio.TimerHandle | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._shown: frozenset[str] = frozenset()
        self._plan = NumberPlan()

    def start(self, shown: frozenset[str]) -> None:
        """`shown` are numbers as calls name them (E.164). Without any nothing is listened to; again after a change."""
        self.stop()
        self._shown = shown
        self._plan = NumberPlan(self._services.config.numbering.country)
        if shown:
            listen = self._services.bus.subscribe
            self._unsubscribe = [
                listen(CallEvent, self._started, (Kind.CALL_STARTED,)),
                listen(CallEvent, self._ended, (Kind.CALL_ENDED,)),
            ]

    def stop(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _started(self, event: CallEvent) -> None:
        data = event.data
        if data.get("direction") != "inbound":
            return
        heard = str(data.get("did") or "")
        number = self._plan.e164(heard) or heard
        if number in self._shown and len(self._running) < MOST_CALLS:
            self._running[event.call_id] = number, event.at

    def _ended(self, event: CallEvent) -> None:
        found = self._running.pop(event.call_id, None)
        if found is None or event.at - found[1] >= SHORT_S:
            return
        number = found[0]
        times = self._short.setdefault(number, deque(maxlen=MOST))
        times.append(event.at)
        if number not in self.floods and self._is_flood(number, event.at):
            self.floods[number] = event.at
            count = self._recent(number, event.at)
            data = {"number": number, "calls": count, "window_s": WINDOW_S}
            self._services.bus.publish(CallEvent(Kind.FLOOD_STARTED, event.call_id, "", event.at, data))
            text = (
                f"{count} calls to {number} within {WINDOW_S / 60:.0f} minutes ended within {SHORT_S:.0f} s; look at "
                "who calls, and refuse them with `centrala block`"
            )
            self._services.bus.publish(Alarm(f"flood:{number}", text, True, event.at))
            self._look_later()

    def _recent(self, number: str, now: float) -> int:
        return sum(now - at < WINDOW_S for at in self._short.get(number, ()))

    def _is_flood(self, number: str, now: float) -> bool:
        """The normal is the day before these ten minutes: a flood may not make itself normal."""
        recent = self._recent(number, now)
        before = sum(WINDOW_S <= now - at < DAY_S for at in self._short[number])
        return recent > max(LEAST, TIMES * before * WINDOW_S / (DAY_S - WINDOW_S))

    def _look_later(self) -> None:
        if self._timer is None and self.floods:
            self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._services.clock.unix()
        for number in [number for number in self.floods if self._recent(number, now) <= LEAST]:
            del self.floods[number]
            text = f"{number} is called as usual again"
            self._services.bus.publish(Alarm(f"flood:{number}", text, False, now))
        self._look_later()
