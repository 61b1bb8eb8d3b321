"""ACK and BYE for a 2xx that nobody wants: a second fork, or one that outlived its session. Made from the 2xx alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.sip.dialog import as_client

if TYPE_CHECKING:
    from pbx.sip.address import Destination
    from pbx.sip.message import Response


def refuse_answer(
    response: Response, destination: Destination, local_address: tuple[str, int], branches: Sequence[str]
) -> tuple[bytes, bytes, Destination]:
    """(ACK, BYE, where to send both); `branches` are one for each (RFC 3261 13.2.2.4)."""
    dialog = as_client(
        response,
        str(response.to.uri),
        response.header("From") or "",
        response.cseq,
        destination,
        local_address,
        "",
        follow_contact=None,
    )
    ack = dialog.build("ACK", branches[0], response.cseq)
    bye = dialog.build("BYE", branches[1], response.cseq + 1)
    return ack, bye, dialog.peer
