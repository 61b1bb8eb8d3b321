"""What an application has to expect from a call."""

from __future__ import annotations

from pbx.call.causes import cause_of


class CallError(Exception):
    """Base of what the call layer raises."""


class CallEnded(CallError):
    """The call is over; an application that did not notice yet is told so by its next request."""


class DialFailed(CallError):
    """A leg was not answered: `status` is the SIP status, `reason` its text, `cause` a word of `pbx.call.causes`."""

    def __init__(self, status: int, reason: str = "", cause: str = "") -> None:
        self.status = status
        self.reason = reason
        self.cause = cause or cause_of(status)
        super().__init__(f"{status} {reason or self.cause}")


class RouteError(CallError):
    """A number leads nowhere, or not for this caller; `status` is what the caller is answered with."""

    def __init__(self, status: int, cause: str, text: str) -> None:
        self.status = status
        self.cause = cause
        super().__init__(text)
