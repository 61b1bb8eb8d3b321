"""What an INVITE says beyond From and To: whether its phone wants to be shown (RFC 3323), and by which way it came
(Diversion, RFC 5806; History-Info, RFC 7044), which is believed from a trusted trunk alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pbx.call.identity import clean_number
from pbx.sip import identity_headers as headers
from pbx.sip.identity_headers import Diversion, Identity
from pbx.sip.ring_headers import info_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pbx.call.setup import Setup
    from pbx.call.trunks import Trunk
    from pbx.sip.message import Request

_NAMES: Final = ("Privacy", "Diversion", "Call-Info")


def introduce(setup: Setup, request: Request, trunk: Trunk | None) -> None:
    """Completes `setup`; most INVITEs have none of these headers, and cost one look.

    Who calls by a trunk is found by `pbx.call.trunks.inbound`.
    """
    if not request.has_any(_NAMES):
        return
    if trunk is None:
        setup.withheld = headers.wants_privacy(request)
        return
    if trunk.config.trust_identity:
        setup.diversions = tuple(_clean(diversion) for diversion in headers.diversions(request))
    if trunk.config.call_info:
        setup.call_info = info_lines(request)


def way_lines(diversions: Sequence[Diversion], target: str, domain: str) -> tuple[str, ...]:
    """Diversion (the latest first) and History-Info for the INVITE to `target`; () for a call that was not diverted."""
    if not diversions:
        return ()
    entries = headers.history_of_diversions(diversions, f"sip:{clean_number(target)}@{domain}")
    return (*map(headers.diversion_line, diversions), headers.history_line(entries))


def diverted(target: str, domain: str, reason: str) -> Diversion:
    """Our own diversion away from `target`."""
    return Diversion(Identity(clean_number(target), "", domain), reason)


def _clean(diversion: Diversion) -> Diversion:
    """As it may be written again: nothing but a number, and words of the grammar (security.md R11)."""
    identity = diversion.identity
    return Diversion(
        Identity(clean_number(identity.number), "", "".join(c for c in identity.host if c.isalnum() or c in ".-:[]")),
        diversion.reason if diversion.reason in headers.DIVERSION_REASONS else "unknown",
        max(1, min(diversion.counter, 99)),
        diversion.privacy if diversion.privacy in ("off", "full", "name", "uri") else "full",
    )
