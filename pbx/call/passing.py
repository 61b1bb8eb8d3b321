"""What passes from one side of a bridge to the other inside their dialogs: MESSAGE (RFC 3428 section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.call.leg import Leg
    from pbx.sip.in_dialog import InDialogRequest
    from pbx.sip.message import Request


def pass_message(leg: Leg, request: Request, handle: InDialogRequest) -> None:
    """A MESSAGE of `leg`'s far end goes to whom it talks to, and the answer comes back; 480 when it talks to nobody."""
    peer = leg.peer
    if len(request.body) > leg.live_call.services.config.messages.max_bytes:
        handle.respond(413)
        return
    if peer is None or peer.session is None:
        handle.respond(480)
        return

    def answered(status: int) -> None:
        handle.respond(status if status < 500 else 480)

    kind = request.content_type or "text/plain"
    if not peer.session.send("MESSAGE", body=request.body, content_type=kind, done=answered):
        handle.respond(480)
