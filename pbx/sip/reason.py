"""The Reason header (RFC 3326): why a request was sent, carried from leg to leg."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from pbx.sip.headers import HeaderError, parse_params, quote

if TYPE_CHECKING:
    from pbx.sip.message import Message

MAX_REASONS: Final = 8
MAX_TEXT: Final = 128
_PROTOCOL: Final = re.compile(r"[A-Za-z0-9.\-]{1,16}")


class Reason(NamedTuple):
    """`protocol` is "SIP" (cause: a status) or "Q.850" (cause: ITU-T Q.850 table 1)."""

    protocol: str
    cause: int
    text: str = ""


def read_reasons(message: Message) -> list[Reason]:
    """All reasons that can be read; at most one for each protocol (section 2), the first."""
    found: dict[str, Reason] = {}
    for value in message.values("Reason")[:MAX_REASONS]:
        protocol, semicolon, rest = value.partition(";")
        protocol = protocol.strip()
        try:
            params = parse_params(semicolon + rest) if rest else {}
        except HeaderError:
            continue
        cause = params.get("cause", "")
        if _PROTOCOL.fullmatch(protocol) and cause.isascii() and cause.isdigit() and len(cause) <= 3:
            found.setdefault(protocol.upper(), Reason(protocol.upper(), int(cause), params.get("text", "")[:MAX_TEXT]))
    return list(found.values())


def reason_line(*reasons: Reason) -> str:
    """One line of them all."""
    values = (f"{protocol};cause={cause}{f';text={quote(text)}' if text else ''}" for protocol, cause, text in reasons)
    return f"Reason: {', '.join(values)}"


def completed_elsewhere(message: Message) -> bool:
    """Whether a CANCEL or BYE says that somebody else answered: the call then is no missed one (RFC 3326 section 2)."""
    return any(reason.protocol == "SIP" and reason.cause == 200 for reason in read_reasons(message))


def said_reason(message: Message) -> str:
    """The message's Reason as a line that may be said to another far end: what was read, nothing else. "" if none."""
    if message.header("Reason") is None:
        return ""
    reasons = read_reasons(message)
    return reason_line(*reasons) if reasons else ""
