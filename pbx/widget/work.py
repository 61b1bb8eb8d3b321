"""Proof of work: a visitor's browser computes for some tenths of a second, who asks a thousand times for much longer.

A challenge is signed and says itself how many zero bits are wanted; it counts once, for an hour, in this process: what
an earlier one gave out is refused as stale, and the page solves a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from math import floor, log2

from pbx.clock import Clock

VALID_S = 3600.0
WINDOW_S = 600.0  # over which requests are counted
MOST_SPENT = 50_000
MOST_BITS = 8  # more than a quiet site asks for
LENIENT = 1  # bits that a challenge may be short of what is asked now: pages stand open while it rises


class Work:
    """Of one site. `base` bits in quiet times, more when over `free` requests came within ten minutes."""

    def __init__(self, clock: Clock, base: int, free: int) -> None:
        self._clock = clock
        self.base, self.free = base, free
        self._secret = secrets.token_bytes(32)
        self._spent: OrderedDict[str, float] = OrderedDict()
        self._came: deque[float] = deque(maxlen=100_000)
        self._of: dict[str, deque[float]] = {}  # address: when it asked

    def asked(self, address: str) -> None:
        """A request came, good or bad."""
        now = self._clock.unix()
        self._came.append(now)
        self._of.setdefault(address, deque(maxlen=16)).append(now)
        if len(self._of) > MOST_SPENT:
            self._of = {each: times for each, times in self._of.items() if now - times[-1] < WINDOW_S}

    def bits(self, address: str) -> int:
        """That are asked of an address now: one more for each doubling of the site's requests, two for each request of
        its own.
        """
        if not self.base:
            return 0
        now = self._clock.unix()
        while self._came and now - self._came[0] > WINDOW_S:
            self._came.popleft()
        own = sum(now - at < WINDOW_S for at in self._of.get(address, ()))
        flood = floor(log2(len(self._came) / self.free)) + 1 if len(self._came) >= self.free else 0
        return self.base + min(max(flood, 0) + 2 * own, MOST_BITS)

    def challenge(self, address: str) -> str:
        """A new one."""
        head = f"{self.bits(address)}.{round(self._clock.unix())}.{secrets.token_urlsafe(9)}"
        return f"{head}.{self._sign(head)}"

    def judge(self, challenge: str, number: str, counter: int, address: str) -> str:
        """ "" for work that is done, and is spent by that; else "stale" (ask for a new challenge) or "wrong"."""
        if not self.base:
            return ""
        head, _, signature = challenge.rpartition(".")
        if not hmac.compare_digest(self._sign(head).encode(), signature.encode()):
            return "stale"
        bits, issued = (int(part) for part in head.split(".")[:2])
        now = self._clock.unix()
        if now - issued > VALID_S or challenge in self._spent or bits + LENIENT < self.bits(address):
            return "stale"
        digest = hashlib.sha256(f"{challenge}:{number}:{counter}".encode()).digest()
        if int.from_bytes(digest[:4], "big") >> max(32 - bits, 0):
            return "wrong"
        self._spent[challenge] = now
        while len(self._spent) > MOST_SPENT or now - next(iter(self._spent.values())) > VALID_S:
            self._spent.popitem(last=False)
        return ""

    def _sign(self, head: str) -> str:
        return hmac.new(self._secret, head.encode(), "sha256").hexdigest()[:16]
