"""Random secrets, and what is kept of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_MARK = "ctr_"  # noqa: S105 - by which scanners of source code find a token that got into it
PREFIX_LENGTH = len(TOKEN_MARK) + 6
MAX_SECRET = 256  # characters that are looked at


def new_secret() -> str:
    """256 random bits, as text for URLs and cookies."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept: SHA-256, without salt and slowness, as 256 random bits can be neither guessed nor listed."""
    return hashlib.sha256(secret[:MAX_SECRET].encode("utf-8", "replace")).hexdigest()


class DeviceMarks:
    """What a browser keeps when somebody has logged in on it, so that guesses from elsewhere cannot lock him out."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, login: str) -> str:
        """A mark for this login."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._sign(nonce, login)}"

    def read(self, mark: str, login: str) -> str:
        """The device that the mark names, "" when it is not one of ours for this login."""
        nonce, _, signature = mark[:MAX_SECRET].partition(".")
        known = hmac.compare_digest(signature.encode(), self._sign(nonce, login).encode())
        return nonce if nonce and known else ""

    def _sign(self, nonce: str, login: str) -> str:
        text = f"device\n{nonce}\n{login.casefold()}".encode("utf-8", "replace")
        return hmac.new(self._key, text, "sha256").hexdigest()
