"""Which failures another trunk may heal, and which are the called party's (Q.850, RFC 3398 section 8.2.6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Trunk
    from pbx.sip.message import Response

# SIP: it did not answer, is broken, full, or does not accept us. Not: busy, declined, no such number, no answer.
STATUSES = frozenset((401, 402, 403, 407, 408, 420, 423, 424, 500, 501, 502, 503, 504, 505, 513, 580))
# Q.850: no route (2, 3), no circuit or congestion (34, 42, 44, 47), network out of order (38), temporary failure (41),
# destination out of order (27), resource or service not available (46, 49, 50, 58, 63).
CAUSES = frozenset((2, 3, 25, 27, 34, 38, 41, 42, 43, 44, 46, 47, 49, 50, 58, 63))
# Q.850 causes that say that the called party was found, or never can be: they end the search whatever the SIP status.
FINAL = frozenset((1, 16, 17, 18, 19, 20, 21, 22, 26, 28, 31, 55, 87))

_Q850 = re.compile(r"\bQ\.850\s*;(?:[^,]*;)?\s*cause\s*=\s*(\d{1,3})", re.IGNORECASE)


def q850_cause(response: Response | None) -> int:
    """The Q.850 cause of a response's Reason header (RFC 3326); 0 when it gives none."""
    if response is None:
        return 0
    for value in response.headers("Reason"):
        found = _Q850.search(value)
        if found is not None:
            return int(found.group(1))
    return 0


def is_trunks_fault(trunk: Trunk, status: int, cause: int) -> bool:
    """Whether the next trunk should be tried after `trunk` failed with a SIP `status` and a Q.850 `cause` (0: none).

    A cause that is known decides: carriers put everything into 503 or 480, and tell the truth in the Reason header.
    """
    causes = CAUSES if trunk.reroute_causes is None else trunk.reroute_causes
    if cause and cause in causes:
        return True
    if cause and trunk.reroute_causes is None and cause in FINAL:
        return False
    statuses = STATUSES if trunk.reroute_statuses is None else trunk.reroute_statuses
    return status in statuses
