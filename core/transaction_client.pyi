"""Client transactions: INVITE (RFC 3261 17.1.1, RFC 6026 7.2) and the rest (17.1.2)."""

from typing import Any

from core.transaction_layer import Layer

class ClientTransaction:
    """One request of ours until its last retransmission is absorbed; `send` makes it."""

    user: Any
    """Who sent the request (`pbx.sip.transaction_client.ClientUser`), None when the outcome matters to nobody."""
    timer_id: int
    @property
    def key(self) -> str:
        """The branch and the method."""
    @property
    def data(self) -> bytes:
        """The request, until the final response."""
    @property
    def destination(self) -> Any: ...
    @property
    def reliable(self) -> bool: ...
    @property
    def state(self) -> str:
        """As RFC 3261 names it, in small letters."""
    def on_response(self, response: Any) -> None: ...
    def on_timer(self) -> None: ...
    def on_send_failed(self) -> None: ...
    def on_cancelled(self) -> None:
        """Our CANCEL for this INVITE was sent: wait no longer than 64*T1 for the final response."""
    def acknowledge(self, data: bytes, destination: Any, to_tag: str) -> None:
        """Sends the ACK of a 2xx and keeps it: a repeated 2xx with this To tag is acknowledged without the user."""
    def keep_stray(self, to_tag: str, ack: bytes, destination: Any) -> None:
        """The answer of another fork was acknowledged and hung up: when it comes again only the ACK goes out again."""
    def forget(self) -> None: ...

def send(
    layer: Layer,
    data: bytes,
    destination: Any,
    branch: str,
    method: str,
    user: Any,
    fallback: tuple[bytes, Any] | None = None,
    patience_s: float = 0.0,
) -> ClientTransaction:
    """Starts the transaction of a request made with `branch`; `user` None: the outcome matters to nobody.

    `destination` is a tuple that begins with the transport; `fallback`: the same request for UDP and where it goes, if
    TCP was only tried for its size (18.1.1); `patience_s`: how long the first response is waited for, when that is less
    than 64*T1.
    """

def on_response(layer: Layer, response: Any) -> None:
    """Hands a response to its transaction; one that belongs to none is dropped (18.1.2: a UA does not forward)."""
