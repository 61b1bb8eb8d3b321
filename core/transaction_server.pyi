"""Server transactions: INVITE (RFC 3261 17.2.1, RFC 6026 7.1) and the rest (17.2.2).

A 401 or 407 is sent once and forgotten: nothing is kept for who has not proved to be anybody, and a challenge is not
retransmitted. Other failures repeat (timer G) only within `REFLECTION_LIMIT` times the bytes that came in.
"""

from typing import Any

from core.transaction_layer import Layer

REFLECTION_LIMIT: int

class ServerTransaction:
    """One request from outside until its last retransmission is absorbed; `serve` makes it."""

    user: Any
    """Who answers the request (`pbx.sip.transaction_server.ServerUser`)."""
    timer_id: int
    @property
    def key(self) -> str: ...
    @property
    def request(self) -> Any:
        """Until the final response."""
    @property
    def source(self) -> Any: ...
    @property
    def destination(self) -> Any:
        """Where responses go."""
    @property
    def reliable(self) -> bool: ...
    @property
    def data(self) -> bytes:
        """The last response."""
    @property
    def state(self) -> str:
        """As RFC 3261 names it, in small letters."""
    @property
    def answered(self) -> bool:
        """Whether a final response was sent."""
    def respond(self, status: int, data: bytes) -> None:
        """Sends a response; after a final one only a repeated 2xx to INVITE is still sent."""
    def on_timer(self) -> None: ...
    def on_send_failed(self) -> None: ...
    def forget(self) -> None: ...

def serve(layer: Layer, request: Any, key: str, source: Any, destination: Any) -> ServerTransaction:
    """A new transaction of `layer`; `source` and `destination` are tuples that begin with the transport."""

def absorb(layer: Layer, request: Any, key: str) -> bool:
    """True if `request` repeats or acknowledges what a transaction already has, and is dealt with."""

def is_merged(layer: Layer, request: Any, transaction: ServerTransaction) -> bool:
    """Whether this request outside of a dialog also came on another path (8.2.2.2: to be refused with 482)."""
