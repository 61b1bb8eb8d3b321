"""What is known of a call before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pbx.sip.identity_headers import Diversion

RECORDED_WHEN_KNOWN = ("tag", "campaign", "medium", "caller_country", "caller_region", "caller_type")


@dataclass(slots=True)
class Setup:
    """Who calls whom: what was found out before the call began; nobody changes it afterwards."""

    caller: str
    callee: str
    application: str = ""
    caller_name: str = ""
    did: str = ""
    trunk: str = ""
    direction: str = "inbound"  # "inbound" from a trunk, "internal" or "outbound" from an extension
    extension: str = ""  # the authenticated extension that calls, "" for a trunk
    max_forwards: int = 70
    tag: str = ""  # of the [[number]] that was dialled
    source: str = ""  # "127.0.0.1:5060"
    limit_keys: tuple[str, ...] = ()
    campaign: str = ""  # of that [[number]] as well, like the next
    medium: str = ""
    caller_country: str = ""  # by the plan of the caller's number, where there is one; so the next three
    caller_region: str = ""
    caller_type: str = ""  # "mobile", "fixed", "toll_free"... (pbx.numbers.plan)
    caller_operator: str = ""
    withheld: bool = False  # the caller does not want the number shown (CLIR)
    diversions: tuple[Diversion, ...] = ()  # by whom the call was sent on before it came to us, the latest first
    emergency: str = ""  # the emergency number that was dialled
    secure: bool = False  # a sips URI was called: every hop has to be TLS (RFC 3261 section 26.2.2)
    off_hours: str = ""  # the application that the [[number]] leads to within its hours, where it is outside them
    ring: str = ""  # the distinctive ring of the [[number]] that was dialled
    call_info: tuple[str, ...] = ()  # Call-Info lines of a trunk that may give them to phones
    gruu: str = ""  # the Request-URI, where it means one phone of the callee (RFC 5627)
    contact: str = ""  # the item that the call was placed for (pbx.contact)
    origin: dict[str, Any] | None = None  # what CALL_ATTRIBUTED said of the call, from its beginning on

    def record(self) -> dict[str, Any]:
        """What CALL_STARTED says."""
        record: dict[str, Any] = {
            "direction": self.direction,
            "caller": self.caller,
            "callee": self.callee,
            "did": self.did,
            "trunk": self.trunk,
            "source": self.source,
        }
        if self.tag or self.campaign or self.medium or self.caller_country:
            more = {name: getattr(self, name) for name in RECORDED_WHEN_KNOWN}
            record.update({name: value for name, value in more.items() if value})
        if self.withheld:
            record["withheld"] = True
        if self.off_hours:
            record["off_hours"] = self.off_hours
        if self.contact:
            record["contact"] = self.contact
        if self.diversions:
            record["diverted_by"] = self.diversions[0].identity.number
        return record
