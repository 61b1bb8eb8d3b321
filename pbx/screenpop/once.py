"""Which agent had which pop of a contact already. Of an item of pbx.contact this outlives the process.

A call is remembered while it runs, an item until it is closed and no call of it runs.
"""

from __future__ import annotations

from collections.abc import Callable

from pbx.call.keeping import Keeper

ROOM = "screen_pop"
MOST = 10_000  # contacts; the oldest go first
MOST_EACH = 200  # pops of one contact


class Once:
    """`is_open` says whether a contact is an open item."""

    def __init__(self, keeper: Keeper, is_open: Callable[[str], bool]) -> None:
        self._keeper, self._is_open = keeper, is_open
        self._had: dict[str, set[tuple[str, str]]] = {}

    def start(self) -> None:
        """What an earlier process kept, of items that are still open."""
        for contact, value in self._keeper.load(ROOM).items():
            if self._is_open(contact) and isinstance(value, list):
                self._had[contact] = {(str(pair[0]), str(pair[1])) for pair in value if len(pair) == 2}
            else:
                self._keeper.put(ROOM, contact, None)

    def had(self, contact: str, pop: str, agent: str) -> bool:
        """Whether it was opened for him."""
        return (pop, agent) in self._had.get(contact, ())

    def note(self, contact: str, pop: str, agent: str, *, keep: bool) -> None:
        """It is opened. `keep`: the contact is an item."""
        had = self._had.setdefault(contact, set())
        if len(had) < MOST_EACH:
            had.add((pop, agent))
        if keep:
            self._keeper.put(ROOM, contact, [list(pair) for pair in sorted(had)])
        if len(self._had) > MOST:
            self._forget(next(iter(self._had)))

    def over(self, contact: str, *, closed: bool = False) -> None:
        """No call runs for it any more; `closed`: nor is it an open item."""
        if contact in self._had and (closed or not self._is_open(contact)):
            self._forget(contact)

    def _forget(self, contact: str) -> None:
        del self._had[contact]
        self._keeper.put(ROOM, contact, None)
