"""The live transactions: matches responses, retransmissions, ACKs and CANCELs to them (RFC 3261 17.1.3, 17.2.3).

A transaction leaves by its own timer. What matches nothing is counted and dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.sip.address import DEFAULT_PORTS, Destination, same_host, same_peer
from pbx.sip.outputs import Outputs
from pbx.sip.timers import TimerValues
from pbx.sip.transaction_client import ClientTransaction, ClientUser
from pbx.sip.transaction_server import ServerTransaction

if TYPE_CHECKING:
    from pbx.sip.message import Request, Response


class TransactionLayer:
    """Owns every transaction; counters are plain integers for the metrics."""

    def __init__(
        self, timers: TimerValues, out: Outputs, on_stray_answer: Callable[[Response, ClientTransaction], None]
    ) -> None:
        self.timers = timers
        self.out = out
        self.on_stray_answer = on_stray_answer  # a 2xx that opens a dialog nobody wants (a fork): ACK and BYE it
        self.clients: dict[str, ClientTransaction] = {}
        self.servers: dict[str, ServerTransaction] = {}
        self._merge: dict[str, str] = {}  # (Call-ID, From tag, CSeq) of a dialog-less request -> server key
        self.created = 0
        self.retransmitted = 0  # messages we sent again
        self.retransmits_received = 0
        self.stray_responses = 0
        self.stray_acks = 0

    def send(
        self,
        data: bytes,
        destination: Destination,
        branch: str,
        method: str,
        user: ClientUser | None,
        fallback: tuple[bytes, Destination] | None = None,
        patience_s: float = 0.0,
    ) -> ClientTransaction:
        """Starts the client transaction of a request made with `branch`; `user` None: the outcome matters to nobody.

        `patience_s`: how long the first response is waited for, when that is less than 64*T1.
        """
        key = branch + method
        transaction = ClientTransaction(
            self,
            key,
            data,
            destination,
            user,
            method == "INVITE",
            fallback,
            patience_s,
        )
        self.clients[key] = transaction
        self.created += 1
        transaction.start()
        return transaction

    def on_response(self, response: Response) -> None:
        """Hands a response to its transaction; one that belongs to none is dropped (18.1.2: a UA does not forward)."""
        transaction = self.clients.get(response.response_key)
        if transaction is None:
            self.stray_responses += 1
        else:
            transaction.on_response(response)

    def absorb(self, request: Request, key: str) -> bool:
        """True if `request` repeats or acknowledges what a transaction already has, and is dealt with."""
        transaction = self.servers.get(key)
        if transaction is None:
            return False
        if request.method == "ACK":
            if transaction.state == "accepted":  # RFC 6026 7.1: the ACK of a 2xx is the dialog's, even with this branch
                return False
            transaction.on_ack()
        else:
            self.retransmits_received += 1
            transaction.on_request(len(request.data))
        return True

    def open(self, request: Request, key: str, source: Destination) -> ServerTransaction:
        """A new server transaction."""
        transaction = ServerTransaction(self, key, request, source, answer_address(request, source))
        self.servers[key] = transaction
        self.created += 1
        return transaction

    def is_merged(self, request: Request, transaction: ServerTransaction) -> bool:
        """Whether this dialog-less request also came on another path (8.2.2.2: to be refused with 482)."""
        key = f"{request.call_id} {request.from_tag} {request.cseq} {request.method}"
        if key in self._merge:
            return True
        self._merge[key] = transaction.key
        transaction.merge_key = key
        return False

    def find_cancelled(self, request: Request, source: Destination) -> ServerTransaction | None:
        """The INVITE that a CANCEL means: same branch (9.2), and it must come from where the INVITE came from."""
        transaction = self.servers.get(server_key(request, "INVITE"))
        if transaction is None or not same_peer(transaction.source, source):
            return None
        return transaction

    def forget_client(self, transaction: ClientTransaction) -> None:
        self.clients.pop(transaction.key, None)

    def forget_server(self, transaction: ServerTransaction) -> None:
        self.servers.pop(transaction.key, None)
        if transaction.merge_key:
            self._merge.pop(transaction.merge_key, None)


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
