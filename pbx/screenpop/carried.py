"""What a caller told a flow before he asked for a callback, until his callback pops: it outlives call and process."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pbx.call.keeping import Keeper

ROOM = "screen_pop_ivr"
MOST = 10_000  # contacts; the oldest go first


class Carried:
    """Values by the name that pages have for them, of each open contact. `is_open` says whether it is one."""

    def __init__(self, keeper: Keeper, is_open: Callable[[str], bool]) -> None:
        self._keeper, self._is_open = keeper, is_open
        self._values: dict[str, dict[str, str]] = {}

    def start(self) -> None:
        """What an earlier process kept, of contacts that are still open."""
        for contact, value in self._keeper.load(ROOM).items():
            if self._is_open(contact) and isinstance(value, dict):
                self._values[contact] = {str(name): str(text) for name, text in value.items()}
            else:
                self._keeper.put(ROOM, contact, None)

    def of(self, contact: str) -> Mapping[str, str]:
        """Empty when nothing is known."""
        return self._values.get(contact, {})

    def note(self, contact: str, values: Mapping[str, str]) -> None:
        """The contact came of a call in which this was told; the newest stands."""
        if not values:
            return
        known = self._values[contact] = {**self._values.pop(contact, {}), **values}
        self._keeper.put(ROOM, contact, known)
        if len(self._values) > MOST:
            self._forget(next(iter(self._values)))

    def closed(self, contact: str, into: str) -> None:
        """It is closed; what was told goes on with the contact that it was merged into."""
        values = self._values.get(contact)
        if values is None:
            return
        self._forget(contact)
        if into and self._is_open(into):
            self.note(into, values)

    def _forget(self, contact: str) -> None:
        del self._values[contact]
        self._keeper.put(ROOM, contact, None)
