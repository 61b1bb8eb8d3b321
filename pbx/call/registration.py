"""REGISTER (RFC 3261 section 10.3): reads a request, changes the bindings all or nothing, and says what is
registered now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from pbx.call.identity import clean_name
from pbx.call.location import Binding
from pbx.call.phone_flows import OutboundRefused, reg_id_of
from pbx.sip.address import Destination, same_host
from pbx.sip.message import parse_seconds

if TYPE_CHECKING:
    from pbx.call.addresses import LocalAddresses
    from pbx.call.gruu import Gruus
    from pbx.call.registrar import Registrar
    from pbx.clock import Clock
    from pbx.config import Sip
    from pbx.sip.address import Source
    from pbx.sip.headers import NameAddr
    from pbx.sip.message import Request

SIP_PORT = 5060


class Reply(NamedTuple):
    """The answer to a REGISTER."""

    status: int
    reason: str | None = None
    headers: Sequence[str] = ()


class _Refused(Exception):
    def __init__(self, status: int, reason: str, *headers: str) -> None:
        super().__init__(reason)
        self.reply = Reply(status, reason, headers)


class Registration:
    """Handles REGISTER of accounts that were authenticated already."""

    def __init__(self, sip: Sip, registrar: Registrar, addresses: LocalAddresses, clock: Clock, gruus: Gruus) -> None:
        self._sip = sip
        self._gruus = gruus
        self._registrar = registrar
        self._addresses = addresses
        self._clock = clock

    def handle(self, request: Request, source: Source, account: str) -> Reply:
        """Registers, refreshes, removes or only lists the contacts of `account`, which must be the address-of-
        record.
        """
        if request.to.uri.user != account:
            return Reply(403)
        try:
            if request.contact_is_star:
                self._remove_all(request, account)
            elif request.contacts:
                self._change(request, source, account)
        except _Refused as refused:
            return refused.reply
        except OutboundRefused as refused:
            return Reply(refused.status, refused.reason)
        return self._listing(request, source, account)

    def _remove_all(self, request: Request, account: str) -> None:
        """ "Contact: *": the sanity check has seen that Expires is 0."""
        held = self._registrar.held(account)
        for binding in held:
            self._check_order(request, binding)
        self._registrar.replace(account, (), held)

    def _change(self, request: Request, source: Source, account: str) -> None:
        if len(request.contacts) > self._sip.max_contacts:
            raise _Refused(403, f"More Than {self._sip.max_contacts} Contacts")
        held = {binding.uri: binding for binding in self._registrar.held(account)}
        path = tuple(request.values("Path"))
        changed, removed = [], []
        for contact in request.contacts:
            uri = str(contact.uri)
            old = held.get(uri)
            if old is not None:
                self._check_order(request, old)
            expires_s = self._expires_s(request, contact)
            if expires_s:
                if source.flow is not None:
                    source.flow.keep(expires_s)
                changed.append(self._binding(request, source, contact, uri, expires_s, path))
            elif old is not None:
                removed.append(old)
        self._registrar.replace(account, changed, removed)

    def _check_order(self, request: Request, binding: Binding) -> None:
        """A request that was overtaken by a later one of the same client changes nothing (section 10.3, step 7)."""
        if binding.call_id == request.call_id and request.cseq <= binding.cseq:
            raise _Refused(500, "CSeq Out Of Order")

    def _expires_s(self, request: Request, contact: NameAddr) -> int:
        asked = parse_seconds(contact.params.get("expires"))
        if asked is None:
            asked = request.expires
        if asked is None:
            asked = self._sip.max_expires_s
        if 0 < asked < self._sip.min_expires_s:
            raise _Refused(423, "Interval Too Brief", f"Min-Expires: {self._sip.min_expires_s}")
        return min(asked, self._sip.max_expires_s)

    def _binding(
        self, request: Request, source: Source, contact: NameAddr, uri: str, expires_s: int, path: tuple[str, ...]
    ) -> Binding:
        if contact.uri.scheme not in ("sip", "sips"):
            raise _Refused(400, "Contact Is Not a SIP URI")
        reg_id = reg_id_of(request, contact)
        if self._addresses.is_ours(contact.uri.host, contact.uri.port or SIP_PORT):
            raise _Refused(403, "Contact Leads Back Here")  # R13: it would make us call ourselves
        destination = source if reg_id else _destination(request, source, contact, path)
        if self._addresses.is_ours(destination.host, destination.port):
            raise _Refused(403, "Contact Leads Back Here")
        return Binding(
            uri,
            destination,
            self._clock.unix() + expires_s,
            request.call_id,
            request.cseq,
            path,
            contact.params.get("+sip.instance", "").replace('"', "").replace("\\", ""),
            float(contact.params.get("q") or 1.0),
            clean_name(request.header("User-Agent") or ""),
            reg_id,
        )

    def _listing(self, request: Request, source: Source, account: str) -> Reply:
        now = self._clock.unix()
        held = self._registrar.held(account)
        with_gruus = "gruu" in request.values("Supported")
        lines = [
            f"Contact: <{binding.uri}>;expires={max(1, int(binding.expires_at - now + 0.5))}"
            f"{self._parameters(account, binding, with_gruus)}"
            for binding in held
        ]
        if request.values("Path"):
            lines.append("Path: " + ", ".join(request.values("Path")))
        if self._sip.service_route:
            lines.append("Service-Route: " + ", ".join(self._sip.service_route))
        if any(binding.reg_id and binding.call_id == request.call_id for binding in held):
            lines.append("Require: outbound")
            if len(request.values("Via")) == 1:  # we are the phone's first hop: its pings come to us
                lines.append(f"Flow-Timer: {self._sip.flow_timer_s}")
                if source.flow is not None:
                    source.flow.expect_pings(self._sip.flow_timer_s)
        return Reply(200, None, lines)

    def _parameters(self, account: str, binding: Binding, with_gruus: bool) -> str:
        """What the listing tells of a contact besides its address and end."""
        if not binding.instance:
            return ""
        text = f';+sip.instance="{binding.instance}"'
        if binding.reg_id:
            text += f";reg-id={binding.reg_id}"
        if with_gruus:
            public, temporary = self._gruus.public(account, binding.instance), self._gruus.temporary(account, binding)
            text += f';pub-gruu="{public}";temp-gruu="{temporary}"'
        return text


def _destination(request: Request, source: Source, contact: NameAddr, path: tuple[str, ...]) -> Destination:
    """Where the phone really sits: whence the request came (RFC 3581, RFC 5626), since a NAT makes what it wrote
    useless.

    Only a phone that is not behind a NAT (its Via and Contact name the address it sent from) may listen on another port
    than it sends from. Through a proxy (Path) it is the proxy, again where the request came from.
    """
    via = request.via
    port = source.port
    direct = same_host(via.host, source.host) and same_host(contact.uri.host, source.host)
    if direct and not path:
        port = contact.uri.port or SIP_PORT
    return Destination(source.transport, source.host, port, source.flow)
