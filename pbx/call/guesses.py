"""Guessing of passwords: how many wrong ones an address may send, and who hears of it (security.md R7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pbx.clock import Clock
from pbx.events import Alarm, EventBus

MAX_GUESSES = 30  # wrong passwords of one address that are judged in a window
WINDOW_S = 60.0
MAX_SOURCES = 65_536
ALARM = "password_guessing"


class Guesses:
    """Wrong passwords per address; forgets with time, and never grows beyond MAX_SOURCES.

    An address cannot be forged here: credentials are judged only with a nonce that was sent to it.
    """

    __slots__ = ("_clock", "_counts", "_on_exhausted", "judged_wrong", "refused")

    def __init__(self, clock: Clock, on_exhausted: Callable[[str], None] | None = None) -> None:
        self._clock = clock
        self._on_exhausted = on_exhausted
        # address -> (end of its window, wrong ones in it), the oldest first
        self._counts: dict[str, tuple[float, int]] = {}
        self.judged_wrong = 0
        self.refused = 0  # without being judged

    def exhausted(self, address: str) -> bool:
        """Whether nothing more is judged from `address` for now."""
        entry = self._counts.get(address)
        return entry is not None and entry[1] >= MAX_GUESSES and entry[0] > self._clock.monotonic()

    def wrong(self, address: str) -> None:
        """One more wrong password came from `address`."""
        self.judged_wrong += 1
        now = self._clock.monotonic()
        until, count = self._counts.pop(address, (0.0, 0))
        if until <= now:
            until, count = now + WINDOW_S, 0
        if len(self._counts) >= MAX_SOURCES:
            del self._counts[next(iter(self._counts))]
        self._counts[address] = (until, count + 1)
        if count + 1 == MAX_GUESSES and self._on_exhausted is not None:
            self._on_exhausted(address)


class GuessAlarm:
    """Raises an alarm when an address has used up its guesses; it is over when none has for a window."""

    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._over: asyncio.TimerHandle | None = None

    def __call__(self, address: str) -> None:
        text = (
            f"{address} sent {MAX_GUESSES} wrong passwords within {WINDOW_S:g} s and is not heard for the rest of "
            "them; block it in the firewall, or correct the secret of the phone there"
        )
        self._bus.publish(Alarm(ALARM, text, True, self._clock.unix()))
        if self._over is not None:
            self._over.cancel()
        self._over = asyncio.get_running_loop().call_later(WINDOW_S, self._end)

    def _end(self) -> None:
        self._over = None
        text = f"no address has used up its guesses for {WINDOW_S:g} s"
        self._bus.publish(Alarm(ALARM, text, False, self._clock.unix()))

    def close(self) -> None:
        """Stops waiting for the end."""
        if self._over is not None:
            self._over.cancel()
            self._over = None
