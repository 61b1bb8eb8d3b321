"""What cannot be done with accounts, with the reason in a word and the remedy in the text."""

from __future__ import annotations

from typing import Literal

Reason = Literal["wrong", "missing", "conflict", "invalid", "forbidden", "throttled", "busy", "provider", "code"]


class AccountError(Exception):
    """`wait_s`: after which it may be tried again, of throttled and busy. "code": a second factor is asked for."""

    def __init__(self, reason: Reason, text: str, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.reason: Reason = reason
        self.wait_s = wait_s
