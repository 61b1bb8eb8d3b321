"""One press, one digit: a phone may say it by RTP (RFC 4733, or a tone) and by INFO, in either order."""

from __future__ import annotations

TWICE_S = 1.0  # the second saying comes within this; the RTP event is told at its end, the INFO at any time
CARRY_S = 0.5  # an INFO waits so long for its twin before it is carried to the other leg


class Presses:
    """What one leg has pressed last, and by which ways it presses."""

    __slots__ = ("_at", "_digit", "_methods", "both", "one")

    def __init__(self) -> None:
        self._digit = ""
        self._methods: tuple[str, ...] = ()  # by which the last press was told
        self._at = 0.0
        self.both = False  # it says the same digit in two ways: the one in RTP goes on by itself
        self.one = False  # an INFO had no twin

    def is_repeat(self, digit: str, method: str, now: float) -> bool:
        """Whether this is the press that was told already, by another method. `now` in seconds of any clock."""
        if digit == self._digit and method not in self._methods and now - self._at < TWICE_S:
            self._methods = (*self._methods, method)
            self.both = True
            return True
        self._digit, self._methods, self._at = digit, (method,), now
        return False
