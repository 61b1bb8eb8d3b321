"""Client transactions (RFC 3261 17.1) are in `core.transaction_client` with their tables; here is who uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from core.transaction_client import ClientTransaction

if TYPE_CHECKING:
    from pbx.sip.message import Response

__all__ = ["ClientTransaction", "ClientUser"]


class ClientUser(Protocol):
    """Who sent the request."""

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        """A provisional or final response; a repeated 2xx comes only if it opens another dialog (a fork)."""
        ...

    def on_no_response(self, transaction: ClientTransaction, status: int) -> None:
        """The end without a final response: 408 nobody answered in time, 503 the transport failed (8.1.3.1)."""
        ...

    def on_ringing_limit(self, transaction: ClientTransaction) -> None:
        """An INVITE had provisional responses only for timer C: it is to be cancelled."""
        ...
