"""The part of a call's fold that concerns talks: who heard whom for how long, and how much of it on hold."""

# ruff: noqa: ARG002 - every handler of an event kind takes the same arguments
from __future__ import annotations

from typing import Any

from pbx.store.encode import micros, number
from pbx.store.stays import Stays
from pbx.store.visits import Visit

Data = dict[str, Any]


class Talks(Stays):
    """A base of pbx.store.fold.CallFold, which makes the state."""

    __slots__ = (
        "bridged_us",
        "bridges",
        "first_bridge_us",
        "held_by",
        "held_legs",
        "held_since_us",
        "held_us",
        "parted",
    )
    bridges: dict[tuple[str, str], int]  # open ones, since when
    bridged_us: int
    first_bridge_us: int
    held_legs: set[str]
    held_by: str  # who held first
    held_since_us: int
    held_us: int
    parted: tuple[Visit, int, int] | None  # whose talk began and ended while somebody holds that still

    def _open_bridge(self, now_us: int) -> int:
        return max(now_us - since for since in self.bridges.values()) if self.bridges else 0

    def _open_hold(self, now_us: int) -> int:
        return max(now_us - self.held_since_us, 0) if self.held_legs else 0

    def _open_of(self, visit: Visit, now_us: int) -> tuple[int, int]:
        """Of the talk of a visit the (talk, hold) that nobody ended: it goes on, or was cut off by a crash."""
        if visit.outcome != "answered":
            return 0, 0
        if self.held_legs and self.parted is not None and self.parted[0] is visit:
            return 0, self._hold_within(now_us, now_us - self.held_since_us, *self.parted[1:])
        since = self.bridges.get(visit.pair) if visit.pair is not None else None
        if since is None:
            return 0, 0
        held_us = self._hold_within(now_us, now_us - self.held_since_us, since, now_us) if self.held_legs else 0
        return now_us - since, held_us

    def _bridged(self, now_us: int) -> int:
        return self.bridged_us + self._open_bridge(now_us)

    def _held(self, now_us: int) -> int:
        return self.held_us + self._open_hold(now_us)

    def _bridge_started(self, leg: str, at_us: int, data: Data) -> None:
        pair = _pair(leg, data)
        self.bridges.setdefault(pair, at_us)
        if not self.first_bridge_us:
            self.first_bridge_us = at_us
        visit = self.visits[-1] if self.visits else None
        if visit is not None and visit.outcome == "answered" and visit.pair is None:
            visit.pair = pair  # the agent's: to whom a caller is transferred afterwards is no talk of the queue

    def _bridge_ended(self, leg: str, at_us: int, data: Data) -> None:
        # Both legs may tell of the same bridge: only the first end of an open pair counts.
        since = self.bridges.pop(_pair(leg, data), 0)
        if not since:
            return
        talked = data.get("talk_s")  # measured on a clock that never jumps
        bridged_us = micros(number(talked)) if talked is not None else max(at_us - since, 0)
        self.bridged_us += bridged_us
        visit = self.visits[-1] if self.visits else None
        if visit is not None and visit.outcome == "answered" and visit.pair == _pair(leg, data):
            visit.bridged_us += bridged_us
            if self.held_legs:  # who was held hung up: the hold ends after the bridge
                self.parted = visit, since, at_us

    def _hold_started(self, leg: str, at_us: int, data: Data) -> None:
        if not self.held_legs:
            self.held_since_us, self.held_by = at_us, leg
        self.held_legs.add(leg)

    def _hold_ended(self, leg: str, at_us: int, data: Data) -> None:
        self._release_hold(leg, at_us, data.get("hold_s"))

    def _release_hold(self, leg: str, at_us: int, told_s: object = None) -> None:
        """`leg` holds no longer; time on hold runs from the first leg that holds to the last that lets go."""
        if leg not in self.held_legs:
            return
        self.held_legs.discard(leg)
        if self.held_legs:
            return
        held_us = max(at_us - self.held_since_us, 0)
        if told_s is not None and leg == self.held_by:  # measured on a clock that never jumps
            held_us = micros(number(told_s))
        self.held_us += held_us
        parted, self.parted = self.parted, None
        visit = self.visits[-1] if self.visits else None
        if parted is not None:
            parted[0].held_us += self._hold_within(at_us, held_us, *parted[1:])
        elif visit is not None and visit.outcome == "answered" and visit.pair in self.bridges:
            visit.held_us += self._hold_within(at_us, held_us, self.bridges[visit.pair], at_us)

    def _hold_within(self, at_us: int, held_us: int, since_us: int, until_us: int) -> int:
        """What of a hold of that length, which ends now, lies in a talk."""
        before_us, after_us = max(since_us - self.held_since_us, 0), max(at_us - until_us, 0)
        return max(held_us - before_us - after_us, 0)


def _pair(leg: str, data: Data) -> tuple[str, str]:
    other = str(data.get("with_leg", ""))
    return (leg, other) if leg < other else (other, leg)
