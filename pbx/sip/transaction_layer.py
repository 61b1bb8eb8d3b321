"""The live transactions: matches responses, retransmissions, ACKs and CANCELs to them (RFC 3261 17.1.3, 17.2.3).

A transaction leaves by its own timer. What matches nothing is counted and dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.transaction_client import ClientTransaction, on_response, send
from core.transaction_layer import Layer
from core.transaction_server import ServerTransaction, absorb, is_merged, serve
from pbx.sip.address import DEFAULT_PORTS, Destination, same_host, same_peer
from pbx.sip.outputs import Outputs
from pbx.sip.requests import acknowledge_failure
from pbx.sip.timers import TimerValues

if TYPE_CHECKING:
    from pbx.sip.message import Request, Response


class TransactionLayer(Layer):
    """Owns every transaction; counters are plain integers for the metrics."""

    __slots__ = ()

    # Functions of the core that are methods here; what they do is in their .pyi.
    send = send
    on_response = on_response
    absorb = absorb
    is_merged = is_merged

    def __init__(
        self, timers: TimerValues, out: Outputs, on_stray_answer: Callable[[Response, ClientTransaction], None]
    ) -> None:
        """`on_stray_answer`: a 2xx that opens a dialog nobody wants (a fork), to be acknowledged and hung up."""
        super().__init__(timers, out, on_stray_answer, acknowledge_failure)

    def open(self, request: Request, key: str, source: Destination) -> ServerTransaction:
        """A new server transaction."""
        return serve(self, request, key, source, answer_address(request, source))

    def find_cancelled(self, request: Request, source: Destination) -> ServerTransaction | None:
        """The INVITE that a CANCEL means: same branch (9.2), and it must come from where the INVITE came from."""
        transaction = self.servers.get(server_key(request, "INVITE"))
        if transaction is None or not same_peer(transaction.source, source):
            return None
        return transaction


def server_key(request: Request, method: str) -> str:
    """What a server transaction is found by: branch, sent-by, method; the fields of RFC 2543 without the cookie."""
    return request.transaction_key(method)


def answer_address(request: Request, source: Destination) -> Destination:
    """Where responses go (18.2.2, RFC 3581 4): the connection, or the packet's source.

    Without `rport` the port is the one of the Via - if the sender's Via names the address it sends from. Behind a NAT
    it does not, and only the source port works.
    """
    if source.transport != "udp":  # the port matters only if the connection is gone by then
        return source._replace(port=request.sent_by_port or DEFAULT_PORTS[source.transport])
    if request.wants_rport or not same_host(request.sent_by_host, source.host):
        return source
    port = request.sent_by_port or DEFAULT_PORTS["udp"]
    return source if port == source.port else source._replace(port=port)
