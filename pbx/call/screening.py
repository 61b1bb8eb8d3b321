"""Who may call in: the lists of blocked and allowed callers, with expiry, and the policy for withheld numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pbx.call.keeping import Keeper, MemoryKeeper
from pbx.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pbx.config import Screening as ScreeningConfig

ROOM = "screening"
MAX_ENTRIES = 100_000
MAX_REASON = 200
ANONYMOUS = "anonymous"  # the pattern of withheld numbers
ACCEPT = "accept"

Side = Literal["block", "allow"]


class ScreeningError(ValueError):
    """A list takes no such entry; the text says why."""


@dataclass(slots=True, frozen=True)
class Entry:
    """One line of a list. `pattern`: a number, its beginning with "*" at the end, or "anonymous"."""

    side: Side
    pattern: str
    action: str = "reject"  # of blocked ones: "reject", "announce" or "flow:NAME"
    reason: str = ""
    created: float = 0.0  # UTC seconds
    expires: float = 0.0  # UTC seconds; 0.0 never

    def row(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "side": self.side,
            "pattern": self.pattern,
            "action": self.action,
            "reason": self.reason,
            "created": self.created,
            "expires": self.expires,
        }


class _Side:
    """Patterns of one list: exact ones and beginnings, the longest of which wins."""

    __slots__ = ("exact", "lengths", "prefixes")

    def __init__(self) -> None:
        self.exact: dict[str, Entry] = {}
        self.prefixes: dict[str, Entry] = {}
        self.lengths: list[int] = []

    def __len__(self) -> int:
        return len(self.exact) + len(self.prefixes)

    def put(self, entry: Entry) -> None:
        if entry.pattern.endswith("*"):
            self.prefixes[entry.pattern[:-1]] = entry
            self._measure()
        else:
            self.exact[entry.pattern] = entry

    def drop(self, pattern: str) -> Entry | None:
        if not pattern.endswith("*"):
            return self.exact.pop(pattern, None)
        gone = self.prefixes.pop(pattern[:-1], None)
        self._measure()
        return gone

    def _measure(self) -> None:
        self.lengths = sorted({len(prefix) for prefix in self.prefixes}, reverse=True)

    def find(self, number: str) -> Entry | None:
        found = self.exact.get(number)
        if found is not None:
            return found
        for length in self.lengths:
            found = self.prefixes.get(number[:length])
            if found is not None:
                return found
        return None

    def entries(self) -> Iterator[Entry]:
        yield from self.exact.values()
        yield from self.prefixes.values()


class Screening:
    """Asked for every call that comes by a trunk. Who is allowed is never blocked, not even by a longer pattern."""

    def __init__(self, config: ScreeningConfig, clock: Clock, keeper: Keeper | None = None) -> None:
        self._clock = clock
        self._keeper: Keeper = keeper if keeper is not None else MemoryKeeper()
        self._sides: dict[Side, _Side] = {"block": _Side(), "allow": _Side()}
        self.anonymous = config.anonymous  # what callers without a number get
        self.refused = 0
        for key, row in self._keeper.load(ROOM).items():
            entry = Entry(**row)
            if self._over(entry):
                self._keeper.put(ROOM, key, None)
            else:
                self._sides[entry.side].put(entry)

    def judge(self, number: str, *, withheld: bool) -> Entry | None:
        """The entry that keeps a caller out; None when he may come in. `number` is "" when it is not known at all."""
        blocked = self._sides["block"]
        if not len(blocked) and not (withheld and self.anonymous != ACCEPT):
            return None
        if number and self._live("allow", number) is not None:
            return None
        found = self._live("block", number) if number else None
        if found is None and withheld:
            if self._live("allow", ANONYMOUS) is not None:
                return None
            found = self._live("block", ANONYMOUS)
            if found is None and self.anonymous != ACCEPT:
                found = Entry("block", ANONYMOUS, self.anonymous, "screening.anonymous")
        if found is not None:
            self.refused += 1
        return found

    def listed(self, number: str, *, withheld: bool) -> Entry | None:
        """The entry of the list of blocked callers that fits, for who has been let in all the same; nothing counts."""
        if not number and not withheld:
            return None
        if number and self._live("allow", number) is not None:
            return None
        return self._live("block", number if number else ANONYMOUS)

    def _live(self, side: Side, number: str) -> Entry | None:
        for form in _forms(number):
            entry = self._sides[side].find(form)
            if entry is None:
                continue
            if not self._over(entry):
                return entry
            self._drop(entry)
        return None

    def add(self, side: Side, pattern: str, *, action: str = "reject", reason: str = "", for_s: float = 0.0) -> Entry:
        """Puts a pattern on a list, in place of what stood there. Raises ScreeningError."""
        pattern = clean_pattern(pattern)
        if sum(map(len, self._sides.values())) >= MAX_ENTRIES and self._find(side, pattern) is None:
            raise ScreeningError(f"the lists hold {MAX_ENTRIES} entries; take some out with `centrala unblock`")
        now = self._clock.unix()
        entry = Entry(side, pattern, action, reason[:MAX_REASON], now, now + for_s if for_s > 0 else 0.0)
        self._sides[side].put(entry)
        self._keeper.put(ROOM, f"{side}:{pattern}", entry.row())
        return entry

    def remove(self, pattern: str, side: Side | None = None) -> list[Entry]:
        """Takes a pattern off one list, or off both; returns what stood there."""
        pattern = clean_pattern(pattern)
        gone = []
        for name in ("block", "allow") if side is None else (side,):
            entry = self._sides[name].drop(pattern)
            if entry is not None:
                self._keeper.put(ROOM, f"{name}:{pattern}", None)
                gone.append(entry)
        return gone

    def entries(self) -> list[Entry]:
        """All that is valid now, allowed ones first."""
        live: list[Entry] = []
        for side in ("allow", "block"):
            for entry in list(self._sides[side].entries()):
                if self._over(entry):
                    self._drop(entry)
                else:
                    live.append(entry)
        return live

    def _find(self, side: Side, pattern: str) -> Entry | None:
        held = self._sides[side]
        return held.prefixes.get(pattern[:-1]) if pattern.endswith("*") else held.exact.get(pattern)

    def _over(self, entry: Entry) -> bool:
        return bool(entry.expires) and entry.expires <= self._clock.unix()

    def _drop(self, entry: Entry) -> None:
        self._sides[entry.side].drop(entry.pattern)
        self._keeper.put(ROOM, f"{entry.side}:{entry.pattern}", None)


def clean_pattern(text: str) -> str:
    """A pattern as the lists keep it. Raises ScreeningError."""
    pattern = "".join(mark for mark in text.strip().lower() if mark not in " -().")
    if pattern == ANONYMOUS:
        return pattern
    body = pattern[:-1] if pattern.endswith("*") else pattern
    digits = body.removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise ScreeningError(
            f'{text!r} is no pattern: write a number ("+48600100200"), its beginning ("+4870*"), or "anonymous"'
        )
    return pattern


def _forms(number: str) -> Iterable[str]:
    """A number with and without its "+": lists are written by people."""
    if number == ANONYMOUS:
        return (number,)
    return (number, number[1:]) if number[:1] == "+" else (number, f"+{number}")
