"""A pool of numbers: who holds which, and which is given out next. Time is an argument (steady seconds).

A number is free, held, or in quarantine. Held is what a visit was shown, until `hold_s` after its last sign; in
quarantine it is nobody's; then it is free again, behind all that were free before. So the number that is given out
next is the one that was released first, and no number ever has two holders.

Visitors of one place (a network) hold at most `most_of_place` numbers at once, so that nobody empties the pool alone.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from pbx.tracking.places import most_of_place

MAX_PAST = 4  # former holders of one number that are remembered


@dataclass(slots=True)
class Holding:
    """A visit holds, or held, a number; `seen` is its last sign, `place` the network it came from ("": unknown, as
    after a restart).
    """

    visit: str
    visitor: str
    since: float
    seen: float
    place: str = ""


class Pool:
    """Instants are steady seconds, and never go back."""

    def __init__(
        self, name: str, numbers: Iterable[str], *, hold_s: float, quarantine_s: float, share: float = 1.0
    ) -> None:
        """`share` of the numbers is what visitors of one place may hold at once."""
        self.name = name
        self.hold_s = hold_s
        self.quarantine_s = quarantine_s
        self._free: OrderedDict[str, None] = OrderedDict.fromkeys(numbers)
        self.held: OrderedDict[str, Holding] = OrderedDict()  # the one longest without a sign first
        self._quarantine: OrderedDict[str, float] = OrderedDict()  # number -> free again at
        self.past: dict[str, deque[Holding]] = {}  # the latest last
        self.size = len(self._free)
        self.most_of_place = most_of_place(self.size, share)
        self._of_place: Counter[str] = Counter()  # held by each
        self.given = self.short = self.crowded = 0  # since the start
        self.most_held = 0  # since `peak` was asked last

    @property
    def free(self) -> int:
        return len(self._free)

    @property
    def quarantined(self) -> int:
        return len(self._quarantine)

    def is_crowded(self, place: str, now: float) -> bool:
        """Whether visitors of the place hold their share already; counts who is turned away by that."""
        if not place or self._of_place[place] < self.most_of_place:
            return False
        self.expire(now)
        if self._of_place[place] < self.most_of_place:
            return False
        self.crowded += 1
        return True

    def allocate(self, visit: str, visitor: str, now: float, wish: str = "", place: str = "") -> str:
        """A number for `visit`, `wish` if it may have that; "" when there is none."""
        self.expire(now)
        number = ""
        if wish in self._free:
            number = wish
            del self._free[wish]
        elif wish in self._quarantine and visitor and self._was(wish, visitor):
            number = wish  # its last holder comes back: whoever calls it meant him in any case
            del self._quarantine[wish]
        elif self._free:
            number, _ = self._free.popitem(last=False)
        if not number:
            self.short += 1
            return ""
        self.given += 1
        self._hold(number, Holding(visit, visitor, now, now, place))
        self.most_held = max(self.most_held, len(self.held))
        return number

    def touch(self, number: str, visit: str, now: float) -> bool:
        """A sign of life of the holder; False when it holds the number no longer."""
        self.expire(now)
        holding = self.held.get(number)
        if holding is None or holding.visit != visit:
            return False
        holding.seen = now
        self.held.move_to_end(number)
        return True

    def hand_over(self, number: str, visit: str, heir: str, now: float) -> bool:
        """The next visit of the same visitor goes on with his number."""
        if not self.touch(number, visit, now):
            return False
        former = self.held[number]
        self._remember(number, former)
        self.held[number] = Holding(heir, former.visitor, now, now, former.place)
        return True

    def expire(self, now: float) -> list[str]:
        """Moves on what has been held or in quarantine long enough; returns the numbers that were released."""
        released = []
        while self.held:
            number, holding = next(iter(self.held.items()))
            gone = holding.seen + self.hold_s
            if gone > now:
                break
            del self.held[number]
            self._leave(holding.place)
            self._remember(number, holding)
            self._quarantine[number] = gone + self.quarantine_s
            released.append(number)
        while self._quarantine:
            number, until = next(iter(self._quarantine.items()))
            if until > now:
                break
            del self._quarantine[number]
            self._free[number] = None
        return released

    def restore(self, number: str, holding: Holding, now: float) -> None:
        """At the start: what an earlier process had given out, in the order of `seen`."""
        if number in self._free and holding.seen + self.hold_s + self.quarantine_s > now:
            del self._free[number]
            self._hold(number, holding)

    def recall(self, number: str, holding: Holding) -> None:
        """At the start: a former holder, and that the number was released after it; in the order of `seen`."""
        self._remember(number, holding)
        if number in self._free:
            self._free.move_to_end(number)

    def suspect(self, until: float) -> int:
        """At the start, when nobody knows what was given out last: nothing that is free is given out before `until`."""
        count = len(self._free)
        for number in tuple(self._free):
            self._quarantine[number] = until
        self._free.clear()
        return count

    def holders(self, number: str) -> list[Holding]:
        """Who may have called it: the present holder first, then the former ones, the latest first."""
        now = [self.held[number]] if number in self.held else []
        return now + list(reversed(self.past.get(number, ())))

    def forget(self, visits: set[str]) -> None:
        """Takes visits out of the memory of former holders; present ones lose their visitor."""
        for number, past in self.past.items():
            if any(holding.visit in visits for holding in past):
                self.past[number] = deque((h for h in past if h.visit not in visits), MAX_PAST)
        for holding in self.held.values():
            if holding.visit in visits:
                holding.visitor = ""

    def _hold(self, number: str, holding: Holding) -> None:
        self.held[number] = holding
        if holding.place:
            self._of_place[holding.place] += 1

    def _leave(self, place: str) -> None:
        if place:
            self._of_place[place] -= 1
            if not self._of_place[place]:
                del self._of_place[place]

    def _was(self, number: str, visitor: str) -> bool:
        past = self.past.get(number)
        return bool(past) and past[-1].visitor == visitor  # type: ignore[index]

    def _remember(self, number: str, holding: Holding) -> None:
        past = self.past.get(number)
        if past is None:
            past = self.past[number] = deque(maxlen=MAX_PAST)
        past.append(holding)
