"""Server transactions (RFC 3261 17.2) are in `core.transaction_server` with their tables; here is who uses them."""

from __future__ import annotations

from typing import Protocol

from core.transaction_server import REFLECTION_LIMIT, ServerTransaction

__all__ = ["REFLECTION_LIMIT", "ServerTransaction", "ServerUser"]


class ServerUser(Protocol):
    """Who answers the request."""

    def on_send_failed(self, transaction: ServerTransaction) -> None:
        """The final response could not be sent."""
        ...
