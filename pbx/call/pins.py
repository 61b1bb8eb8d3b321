"""PINs as they are kept: salted scrypt hashes; wrong ones are counted and lock, over a restart too."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.call.keeping import Keeper
    from pbx.clock import Clock

COST = 2**13  # scrypt's N: with r = 8 about 8 MB and 20 ms
SALT_BYTES = 12
HASH_BYTES = 24
MIN_DIGITS, MAX_DIGITS = 4, 16
ROOM = "pin_locks"
MAX_KEPT = 20_000
FORGET_S = 86_400.0  # wrong ones are forgotten after this without another
_FOUR = r"[A-Za-z0-9+/]{4}"
_LAST = rf"(?:{_FOUR}|[A-Za-z0-9+/]{{3}}=|[A-Za-z0-9+/]{{2}}==)"  # base64 that can be decoded, RFC 4648
_FORM = re.compile(rf"scrypt\$((?:{_FOUR}){{1,15}}{_LAST})\$((?:{_FOUR}){{3,15}}{_LAST})")


def hash_pin(pin: str, salt: bytes | None = None) -> str:
    """ "scrypt$SALT$HASH" of 4 to 16 digits. Takes 20 ms. Raises ValueError."""
    if not (pin.isascii() and pin.isdigit() and MIN_DIGITS <= len(pin) <= MAX_DIGITS):
        raise ValueError(f"a PIN has {MIN_DIGITS} to {MAX_DIGITS} digits")
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    return f"scrypt${_text(salt)}${_text(_derive(pin, salt))}"


def is_hash(text: str) -> bool:
    """Whether `hash_pin` could have written it."""
    return _FORM.fullmatch(text) is not None


def salt_of(hashed: str) -> bytes:
    """The salt of a hash, for others that are to be compared with it at once."""
    return base64.b64decode(hashed.split("$")[1])


async def find_pin(pin: str, hashes: Mapping[str, str]) -> str | None:
    """The name whose hash is that of `pin`; None for nobody's. Hashed on a thread, once for each different salt."""
    return await asyncio.to_thread(_find, pin, hashes)


def _find(pin: str, hashes: Mapping[str, str]) -> str | None:
    derived: dict[str, str] = {}
    found: str | None = None
    for name, hashed in hashes.items():
        match = _FORM.fullmatch(hashed)
        if match is None:
            continue
        salt, wanted = match.groups()
        if salt not in derived:
            derived[salt] = _text(_derive(pin, base64.b64decode(salt)))
        if hmac.compare_digest(derived[salt], wanted) and found is None:
            found = name
    return found


def _derive(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=COST, r=8, p=1, dklen=HASH_BYTES)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class PinLocks:
    """Counts wrong PINs by key ("caller +48...", "list staff/alice") and locks a key after too many."""

    def __init__(self, keeper: Keeper, clock: Clock) -> None:
        self._keeper = keeper
        self._clock = clock
        self._wrong: dict[str, tuple[int, float, float]] = {}  # how many, when the last one, locked until (UTC s)
        for key, kept in keeper.load(ROOM).items():
            self._wrong[key] = int(kept["wrong"]), float(kept["at"]), float(kept["until"])

    def locked_s(self, key: str) -> float:
        """How long `key` is still locked, in seconds; 0.0 when it is not."""
        return max(0.0, self._wrong.get(key, (0, 0.0, 0.0))[2] - self._clock.unix())

    async def wrong(self, key: str, after: int, lock_s: float) -> bool:
        """One wrong PIN; the `after`-th in a row locks for `lock_s`. True when it locked. Durable when this returns."""
        now = self._clock.unix()
        count, at, until = self._wrong.get(key, (0, 0.0, 0.0))
        if now - at > FORGET_S or 0 < until <= now:
            count = 0
        count += 1
        until = now + lock_s if count >= after else 0.0
        if key not in self._wrong and len(self._wrong) >= MAX_KEPT:
            self._forget_oldest(now)
        self._wrong[key] = count, now, until
        await self._keeper.keep(ROOM, key, {"wrong": count, "at": now, "until": until})
        return until > 0

    def right(self, key: str) -> None:
        """The right one: nothing is counted any more."""
        if self._wrong.pop(key, None) is not None:
            self._keeper.put(ROOM, key, None)

    def _forget_oldest(self, now: float) -> None:
        over = [key for key, (_, at, until) in self._wrong.items() if until <= now and now - at > FORGET_S]
        for key in over or [min(self._wrong, key=lambda key: self._wrong[key][1])]:
            del self._wrong[key]
            self._keeper.put(ROOM, key, None)
