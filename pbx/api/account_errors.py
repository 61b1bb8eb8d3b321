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
}


def refusal(error: AccountError) -> Refused:
    """With Retry-After where it says when."""
    status = STATUS[error.reason]
    if error.wait_s:
        return Denied(status, str(error), {"retry-after": str(max(1, math.ceil(error.wait_s)))})
    return Refused(status, str(error))
