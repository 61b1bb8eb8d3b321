"""What is known of a call before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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

    def record(self) -> dict[str, Any]:
        """What CALL_STARTED says."""
        return {
            "direction": self.direction,
            "caller": self.caller,
            "callee": self.callee,
            "did": self.did,
            "trunk": self.trunk,
            "source": self.source,
        }
