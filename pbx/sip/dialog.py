"""A dialog (RFC 3261 12): tags, route set, remote target and sequence numbers, and the requests they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.sip import requests
from pbx.sip.address import DEFAULT_PORTS, Destination, is_ip_literal, same_host, same_peer
from pbx.sip.message import SipParseError
from pbx.sip.uri import Uri, UriError, transport_of

if TYPE_CHECKING:
    from pbx.sip.message import Message, Request, Response

Address = tuple[str, int]  # IP or name, port
Follow = Callable[[str], bool]  # whether an IP address is the far end's as well
REACHABLE = ("udp", "tcp", "tls")  # we can go there ourselves; to a browser only its own connection leads


class Dialog:
    """One peer relationship. `local` and `remote` are header values with tags; `local_address` is what Via names."""

    __slots__ = (
        "_extra",
        "_target",
        "call_id",
        "contact",
        "follow_contact",
        "local",
        "local_address",
        "local_cseq",
        "peer",
        "remote",
        "remote_cseq",
        "remote_tag",
        "routes",
        "start_line_uri",
    )

    def __init__(
        self,
        call_id: str,
        local: str,
        remote: str,
        remote_tag: str,
        target: str,
        routes: Sequence[str],
        local_cseq: int,
        remote_cseq: int,
        peer: Destination,
        local_address: Address,
        contact: str,
        follow_contact: Follow | None = None,
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.remote_tag = remote_tag
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.peer = peer
        self.local_address = local_address
        self.contact = contact  # our Contact as a whole line with CRLF
        self.follow_contact = follow_contact
        self.routes = tuple(routes)
        self._target = target
        self._prepare()

    @property
    def target(self) -> str:
        """The remote target: the URI of the far end's Contact."""
        return self._target

    def build(
        self,
        method: str,
        branch: str,
        cseq: int,
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "application/sdp",
    ) -> bytes:
        """A request of this dialog with sequence number `cseq` (12.2.1.1)."""
        return requests.build(
            method,
            self.start_line_uri,
            self.peer.transport,
            self.local_address,
            branch,
            self.local,
            self.remote,
            self.call_id,
            cseq,
            self._extra + requests.header_lines(headers) if headers else self._extra,
            body,
            content_type,
        )

    def next_cseq(self) -> int:
        self.local_cseq += 1
        return self.local_cseq

    def refresh(self, message: Message) -> None:
        """Takes the remote target of a re-INVITE or its 2xx (12.2.1.2, 12.2.2)."""
        target = contact_uri(message)
        if target and target != self._target:
            self._target = target
            self.peer = next_hop(self.peer, target, self.routes, self.follow_contact)
            self._prepare()

    def allows(self, source: Destination) -> bool:
        """Whether a request of this dialog may come from `source`: the peer's IP address and transport."""
        if same_peer(self.peer, source):
            return True
        return self.follow_contact is not None and self.follow_contact(source.host)

    def _prepare(self) -> None:
        """Request-URI and Route of this route set; a first route without `lr` is a strict router (12.2.1.1)."""
        routes: tuple[str, ...] = self.routes
        if not routes:
            self.start_line_uri = self._target
            self._extra = self.contact
            return
        if ";lr" in self.routes[0].lower():
            self.start_line_uri = self._target
        else:
            self.start_line_uri = self.routes[0].strip().removeprefix("<").partition(">")[0]
            routes = (*self.routes[1:], f"<{self._target}>")
        self._extra = "".join(f"Route: {route}\r\n" for route in routes) + self.contact


def as_server(
    invite: Request,
    source: Destination,
    local_tag: str,
    local_address: Address,
    contact: str,
    *,
    follow_contact: Follow | None,
) -> Dialog:
    """The callee's half of the dialog that `invite` opens (12.1.1)."""
    routes = tuple(invite.values("Record-Route"))
    target = contact_uri(invite)
    symmetric = source.transport != "udp" or invite.wants_rport
    return Dialog(
        invite.call_id,
        f"{invite.header('To')};tag={local_tag}",
        invite.header("From") or "",
        invite.from_tag,
        target,
        routes,
        0,
        invite.cseq,
        source if symmetric and follow_contact is None else next_hop(source, target, routes, follow_contact),
        local_address,
        contact,
        follow_contact,
    )


def as_client(
    response: Response,
    invite_uri: str,
    local: str,
    cseq: int,
    destination: Destination,
    local_address: Address,
    contact: str,
    *,
    follow_contact: Follow | None,
) -> Dialog:
    """The caller's half of the dialog that a 2xx opens (12.1.2)."""
    routes = tuple(reversed(response.values("Record-Route")))
    target = contact_uri(response) or invite_uri
    return Dialog(
        response.call_id,
        local,
        response.header("To") or "",
        response.to_tag,
        target,
        routes,
        cseq,
        -1,
        next_hop(destination, target, routes, follow_contact) if destination.flow is None else destination,
        local_address,
        contact,
        follow_contact,
    )


def contact_uri(message: Message) -> str:
    """The URI of the first Contact as text, "" when there is none that can be read."""
    try:
        contacts = message.contacts
    except SipParseError:
        return ""
    return contacts[0].uri.text if contacts else ""


def _may_follow(host: str, follow_contact: Follow | None) -> bool:
    return follow_contact is not None and is_ip_literal(host) and follow_contact(host.strip("[]"))


def next_hop(peer: Destination, target: str, routes: Sequence[str], follow_contact: Follow | None) -> Destination:
    """Where the next request goes. By default only to the IP address the peer itself uses, whatever its Contact says.

    A Contact that names another address is behind a NAT, or wants us to talk to someone else. Of a trusted trunk it is
    obeyed if it is an IP address of which `follow_contact` says that it is the trunk's as well.
    """
    if routes and follow_contact is None:
        return peer
    text = routes[0].strip().removeprefix("<").partition(">")[0] if routes else target
    if f"@{peer.host}:{peer.port}" in f"{text}:" and not routes:
        return peer
    try:
        uri = Uri.parse(text)
    except UriError:
        return peer
    if not same_host(uri.host, peer.host) and not _may_follow(uri.host, follow_contact):
        return peer
    transport = transport_of(uri)
    if peer.transport in requests.SECURE and transport not in requests.SECURE:
        return peer  # nobody's Contact takes a dialog out of TLS (26.2.2)
    if transport not in REACHABLE or (transport != peer.transport and follow_contact is None):
        return peer
    same = transport == peer.transport
    port = uri.port or DEFAULT_PORTS[transport]
    return Destination(transport, uri.host.strip("[]"), port, peer.flow if same else None, peer.security)
