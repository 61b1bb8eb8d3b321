"""Passwords as argon2id digests. A hash takes tens of milliseconds and megabytes: in a thread, two at a time."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from pbx.accounts.errors import AccountError
from pbx.config_accounts import Accounts as Settings

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Result = TypeVar("Result")
PARALLEL = 2
MAX_WAITING = 32  # who wait for a thread; beyond them one is asked to come again
MAX_LENGTH = 256  # characters
NOBODY = "no password has this form"


class Passwords:
    """`close` ends the threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = ThreadPoolExecutor(PARALLEL, "passwords")
        self._waiting = 0
        self._nobody = ""  # the digest that is compared where there is no password, so that it takes as long

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def check(self, password: str, login: str) -> None:
        """Raises AccountError for one that is too short, too long, or the login itself."""
        least = self._settings.password_min
        if len(password) < least:
            raise AccountError("invalid", f"the password is shorter than {least} characters")
        if len(password) > MAX_LENGTH:
            raise AccountError("invalid", f"the password is longer than {MAX_LENGTH} characters")
        plain = password.casefold()
        if plain == login.casefold() or len(set(plain)) < 4:
            raise AccountError("invalid", "the password is easy to guess; use several words")

    async def hash(self, password: str) -> str:
        """The digest, with its parameters and salt in it."""
        return await self._run(self._hash, password)

    async def verify(self, kept: str, password: str) -> tuple[bool, str]:
        """(whether it is the password, a new digest where `kept` is weaker than the settings). An empty `kept` is
        nobody's and takes as long.
        """
        return await self._run(self._verify, kept, password)

    async def _run(self, function: Callable[..., Result], *arguments: str) -> Result:
        if self._waiting >= MAX_WAITING:
            raise AccountError("busy", "too many people log in at this moment; try again in a second", 1.0)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
        finally:
            self._waiting -= 1

    # All below runs in a thread.

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        settings = self._settings
        return PasswordHasher(settings.argon2_time, settings.argon2_memory_kib, parallelism=1)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_plain(password))

    def _verify(self, kept: str, password: str) -> tuple[bool, str]:
        from argon2.exceptions import InvalidHashError, VerificationError

        if not self._nobody:
            self._nobody = self._hasher.hash(NOBODY)
        plain = _plain(password[:MAX_LENGTH])
        try:
            self._hasher.verify(kept or self._nobody, plain)
        except (VerificationError, InvalidHashError):
            return False, ""
        if not kept:
            return False, ""
        return True, self._hasher.hash(plain) if self._hasher.check_needs_rehash(kept) else ""


def _plain(password: str) -> bytes:
    """The same bytes for the same characters, whatever keyboard wrote them."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
