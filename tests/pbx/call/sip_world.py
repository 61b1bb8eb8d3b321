"""A PBX with real SIP and SDP and fake media, and phones that speak SIP to it, all in memory and virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

from pbx.call.assembly import assemble
from pbx.call.testing import FakeMedia, FakePrompts, LoopClock
from pbx.config import Config
from pbx.events import Alarm, CallEvent, EventBus, Kind, RegistrationChanged
from pbx.sdp.offer_answer import answer, make_offer
from pbx.sip import digest
from pbx.sip.address import Destination
from pbx.sip.client_auth import ClientCredentials
from pbx.sip.message import Response
from pbx.transport.base import bracketed
from tests.support.sip_loop import LoopNetwork, LoopPeer

PBX = "127.15.0.1"
DOMAIN = "centrala.local"
BASIC: dict[str, Any] = {
    "extension": [
        {"number": "101", "secret": "one-zero-one", "name": "Anna"},
        {"number": "102", "secret": "one-zero-two"},
        {"number": "103", "secret": "one-zero-three", "outbound": True},
    ],
    "trunk": [
        {
            "name": "carrier",
            "peers": ["127.15.2.0/24"],
            "host": "127.15.2.1",
            "max_calls": 2,
            "caller_id": "+48220000000",
        }
    ],
    "route": [
        {"match": "0", "trunk": "carrier", "strip": 1},
        {"match": "000", "trunk": "carrier", "international": True},
    ],
    "number": [
        {"number": "601", "application": "echo"},
        {"number": "+48221112233", "application": "extension:101", "trunks": ["carrier"], "internal": False},
    ],
}


def config(**more: Any) -> Config:
    """BASIC with `more` tables in place of its own."""
    return Config.model_validate({**BASIC, **more})


class World:
    """The PBX at 127.15.0.1, its events, and the network."""

    def __init__(self, settings: Config | None = None) -> None:
        self.net = LoopNetwork()
        self.config = settings if settings is not None else config()
        self.clock = LoopClock()
        self.bus = EventBus(on_error=self._failed)
        self.events: list[Any] = []
        for kind in (CallEvent, RegistrationChanged, Alarm):
            self.bus.subscribe(kind, self.events.append)
        self.media = FakeMedia()
        self.pbx = self.net.add(PBX)
        self.service = assemble(
            self.config,
            bus=self.bus,
            clock=self.clock,
            agent=self.pbx.ua,
            media=self.media,
            prompts=FakePrompts(),
            listening=[(PBX, 5060)],
        )
        self.services = self.service.services
        self.pbx.ua.handler = self.service

    def _failed(self, event: object, error: BaseException) -> None:
        raise AssertionError(f"a listener failed on {event}") from error

    def phone(self, number: str, host: str, secret: str = "") -> Phone:
        return Phone(self, number, host, secret or f"one-zero-{('zero', 'one', 'two', 'three')[int(number[-1])]}")

    def journey(self) -> list[Kind]:
        return [event.kind for event in self.events if isinstance(event, CallEvent)]

    def last(self, kind: Kind) -> dict[str, Any]:
        return next(e.data for e in reversed(self.events) if isinstance(e, CallEvent) and e.kind is kind)

    async def settle(self) -> None:
        """Waits out every transaction, and asserts that nothing is left of any call."""
        await asyncio.sleep(70)
        self.services.registrar.close()
        assert self.pbx.ua.errors == 0
        assert not self.service.calls
        assert not self.media.open_streams
        assert not self.services.limits._in_use
        assert self.pbx.is_clean(), (self.pbx.ua.sessions, self.pbx.ua.layer.servers, self.pbx.ua.layer.clients)


class Phone:
    """A SIP user agent with one account. `behaviour` for INVITEs: a status to refuse with, or seconds until it
    answers.
    """

    def __init__(self, world: World, number: str, host: str, secret: str) -> None:
        self.world = world
        self.number = number
        self.secret = secret
        self.peer: LoopPeer = world.net.add(host, self)
        self.refuse = 0
        self.ring_s: float | None = 1.0
        self.early = False
        self.early_tag = ""  # of the last provisional response
        self.events: list[tuple[Any, ...]] = []
        self.sessions: list[Any] = []
        self.sdp = make_offer(host, 4000, codecs=("PCMA", "PCMU"), session_id=1, version=1)

    @property
    def session(self) -> Any:
        return self.sessions[-1]

    def names(self) -> list[Any]:
        return [event[0] for event in self.events]

    # -- as a client ----------------------------------------------------------------------------------------------

    async def request(
        self, method: str, uri: str, *headers: str, to: str = "", user: str = "", auth: bool = True
    ) -> Response:
        """One request out of dialog, repeated with credentials when challenged; returns the final response."""
        extra = list(headers)
        for _ in range(2):
            response = await self._once(method, uri, extra, to, user)
            if response.status != 401 or not auth:
                break
            challenges = response.headers("WWW-Authenticate")
            value = digest.answer(challenges, method, uri, user or self.number, self.secret, 1)
            extra = [*headers, f"Authorization: {value}"]
        return response

    async def _once(self, method: str, uri: str, headers: list[str], to: str, user: str) -> Response:
        done: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        me = f"<sip:{user or self.number}@{DOMAIN}>"
        self.peer.ua.request(
            method,
            uri=uri,
            destination=Destination("udp", PBX, 5060),
            from_=me,
            to=to or me,
            headers=headers,
            on_response=lambda _status, response: done.set_result(response),
        )
        return await done

    async def register(self, *headers: str, contact: str = "", expires: int = 3600) -> Response:
        contact = contact or f"<sip:{self.number}@{bracketed(self.peer.host)}:5060>"
        lines = [f"Contact: {contact}", f"Expires: {expires}", *headers]
        return await self.request("REGISTER", f"sip:{DOMAIN}", *lines)

    def call(self, number: str, *headers: str, body: bytes | None = None, **more: Any) -> Any:
        session = self.peer.ua.invite(
            uri=f"sip:{number}@{DOMAIN}",
            destination=Destination("udp", PBX, 5060),
            from_=more.pop("from_", f'"{self.number}" <sip:{self.number}@{DOMAIN}>'),
            to=f"<sip:{number}@{DOMAIN}>",
            body=self.sdp if body is None else body,
            headers=headers,
            observer=self,
            credentials=ClientCredentials(self.number, self.secret) if self.secret else None,
            **more,
        )
        self.sessions.append(session)
        return session

    # -- as a server and observer ---------------------------------------------------------------------------------

    def on_invite(self, session: Any, request: Any, source: Any) -> None:
        session.observer = self
        self.sessions.append(session)
        self.events.append(("invite", request))
        if self.refuse:
            session.reject(self.refuse)
            return
        if self.early:
            session.progress(183, None, self._answer(request.body))
        else:
            session.progress(180)
        if self.ring_s is not None:
            body = request.body
            asyncio.get_running_loop().call_later(self.ring_s, lambda: session.accept(self._answer(body)))

    def _answer(self, offer: bytes) -> bytes:
        return answer(offer, self.peer.host, 4000, session_id=2, version=1)[0]

    def on_request(self, transaction: Any, request: Any, source: Any) -> None:
        transaction.respond(200)

    def on_progress(self, session: Any, status: int, reason: str, body: bytes, response: Any) -> None:
        self.events.append(("progress", status, body))
        self.early_tag = response.to_tag

    def on_answer(self, session: Any, body: bytes, response: Any) -> bytes | None:
        self.events.append(("answer", body))
        return self._answer(body) if body and not session._offer else None

    def on_failure(self, session: Any, status: int, reason: str, response: Any) -> None:
        self.events.append(("failure", status, response))

    def on_cancelled(self, session: Any) -> None:
        self.events.append(("cancelled",))

    def on_established(self, session: Any, body: bytes) -> None:
        self.events.append(("established",))

    def on_reinvite(self, session: Any, body: bytes) -> None:
        session.accept_reinvite(self._answer(body))

    def on_reinvite_answer(self, session: Any, status: int, body: bytes) -> bytes | None:
        self.events.append(("reinvite answer", status, body))
        return None

    def on_info(self, session: Any, content_type: str, body: bytes) -> None:
        self.events.append(("info", body))

    def on_refer(self, session: Any, request: Any, handle: Any) -> None:
        self.events.append(("refer", request))
        handle.respond(405)

    def on_notify(self, session: Any, request: Any, handle: Any) -> None:
        self.events.append(("notify", request))
        handle.respond(200)

    def on_message(self, session: Any, request: Any, handle: Any) -> None:
        self.events.append(("message", request))
        handle.respond(200)

    def on_ended(self, session: Any, reason: str) -> None:
        self.events.append(("ended", reason))
