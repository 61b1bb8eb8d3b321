"""Digits of one call, from wherever they came: kept in order until the application asks for them."""

from __future__ import annotations

import asyncio

DIGITS = frozenset("0123456789*#ABCD")
TYPE_AHEAD = 64  # digits pressed and not asked for; more of them are noise
HIDDEN = "x"  # what is told of a digit that nobody shall read: no key has this name


class Digits:
    """A queue with one reader."""

    __slots__ = ("_ignored", "_pressed", "_waiter", "hide", "hide_ahead")

    def __init__(self) -> None:
        self._pressed: list[str] = []  # a deque takes half a kilobyte, in every call
        self._waiter: asyncio.Future[None] | None = None
        self._ignored: tuple[str, float] | None = None
        self.hide = False  # what is pressed now is a secret
        self.hide_ahead = False  # a secret will be asked for: what nobody waits for yet may be one

    def told(self, digit: str) -> str:
        """What events say of `digit`, which is pressed now."""
        return HIDDEN if self.hide or (self.hide_ahead and self._waiter is None) else digit

    def __len__(self) -> int:
        return len(self._pressed)

    def press(self, digit: str) -> None:
        """Takes one digit; the oldest are kept when nobody reads."""
        ignored, self._ignored = self._ignored, None
        if ignored is not None and digit == ignored[0] and asyncio.get_running_loop().time() < ignored[1]:
            return
        if len(self._pressed) < TYPE_AHEAD:
            self._pressed.append(digit)
        self.wake()

    def ignore(self, digit: str, for_s: float) -> None:
        """Drops `digit` if it is the next one and comes within `for_s`, as the "#" after a number that was complete."""
        self._ignored = (digit, asyncio.get_running_loop().time() + for_s)
        if self._pressed[:1] == [digit]:
            self._pressed.pop(0)
            self._ignored = None

    def wake(self) -> None:
        """Ends a `wait` that is going on, digit or not."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def take(self) -> str:
        """The next digit, or "" when there is none."""
        return self._pressed.pop(0) if self._pressed else ""

    def put_back(self, digit: str) -> None:
        """The next `take` or `wait` gives `digit` again."""
        self._pressed.insert(0, digit)

    def clear(self) -> None:
        self._pressed.clear()

    async def wait(self, timeout_s: float | None = None) -> str:
        """The next digit; "" after `timeout_s` seconds or after `wake`."""
        if self._pressed:
            return self._pressed.pop(0)
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = None if timeout_s is None else loop.call_later(timeout_s, self.wake)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()
        return self.take()


def info_digit(content_type: str, body: bytes) -> str:
    """The digit of an INFO request, "" when it carries none.

    `application/dtmf-relay` says "Signal=5" and "Duration=160" on two lines; `application/dtmf` is the digit alone.
    Some phones send 10 and 11 for star and hash.
    """
    kind = content_type.partition(";")[0].strip().lower()
    text = body[:200].decode("ascii", "replace")
    if kind == "application/dtmf-relay":
        for line in text.splitlines():
            name, _, value = line.partition("=")
            if name.strip().lower() == "signal":
                text = value
                break
        else:
            return ""
    elif kind != "application/dtmf":
        return ""
    digit = text.strip().upper()
    digit = {"10": "*", "11": "#"}.get(digit, digit)
    return digit if digit in DIGITS else ""
