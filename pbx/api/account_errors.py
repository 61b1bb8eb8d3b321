"""What accounts cannot do, as a refusal over HTTP."""

from __future__ import annotations

import math

from pbx.accounts.errors import AccountError, Reason
from pbx.api.control import Denied, Refused

STATUS: dict[Reason, int] = {
    "wrong": 401,
    "missing": 404,
    "conflict": 409,
    "invalid": 422,
    "forbidden": 403,
    "throttled": 429,
    "busy": 503,
    "provider": 502,
    "code": 401,
}


class CodeNeeded(Refused):
    """The password is right, and the code of the second factor is missing; a client can tell it by the place."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.errors = [{"where": ["body", "code"], "text": text}]


def refusal(error: AccountError) -> Refused:
    """With Retry-After where it says when."""
    status = STATUS[error.reason]
    if error.reason == "code":
        return CodeNeeded(status, str(error))
    if error.wait_s:
        return Denied(status, str(error), {"retry-after": str(max(1, math.ceil(error.wait_s)))})
    return Refused(status, str(error))
