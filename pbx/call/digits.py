"""Digits of one call, from wherever they came: kept in order until the application asks for them."""

from __future__ import annotations

import asyncio

DIGITS = frozenset("0123456789*#ABCD")
TYPE_AHEAD = 64  # digits pressed and not asked for; more of them are noise


class Digits:
    """A queue with one reader."""

    __slots__ = ("_pressed", "_waiter")

    def __init__(self) -> None:
        self._pressed: list[str] = []  # a deque takes half a kilobyte, in every call
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._pressed)

    def press(self, digit: str) -> None:
        """Takes one digit; the oldest are kept when nobody reads."""
        if len(self._pressed) < TYPE_AHEAD:
            self._pressed.append(digit)
        self.wake()

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
