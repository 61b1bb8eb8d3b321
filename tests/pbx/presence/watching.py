"""A world whose PBX has presence, and phones that subscribe and remember what they were told."""

from __future__ import annotations

import asyncio
from typing import Any

from pbx.call.keeping import MemoryKeeper
from pbx.config import Config, Parking
from pbx.presence.service import PresenceService
from pbx.sip import digest, requests
from pbx.sip.address import Destination
from pbx.sip.message import Request, Response
from tests.pbx.call.sip_world import DOMAIN, PBX, Phone, World


class WatchWorld(World):
    """With three extensions and a park slot 701. `keeper` outlives a second world made with it."""

    def __init__(self, settings: Config | None = None, keeper: MemoryKeeper | None = None) -> None:
        super().__init__(settings)
        self.keeper = keeper or MemoryKeeper()
        self.service.services.config.parking = [Parking(slots="701")]
        self.presence = PresenceService(self.service, self.pbx.ua, self.keeper)
        self.presence.start()

    async def settle(self) -> None:
        self.presence.stop()
        await super().settle()
        assert not len(self.presence.subscriptions)
        assert not self.pbx.ua.subscriptions
        assert not self.presence._lines._watched
        assert not self.presence._lines._calls


class Watcher:
    """One subscription of a phone: its requests inside the dialog, and the NOTIFYs that came."""

    def __init__(self, phone: Phone, event: str, resource: str) -> None:
        self.phone = phone
        self.event = event
        self.resource = resource
        self.call_id = f"{event}-{resource}-{phone.number}-{id(self)}"
        self.tag = f"t{id(self)}"
        self.remote_tag = ""
        self.cseq = 0
        self.notifies: list[Request] = []
        phone.watchers.append(self)  # type: ignore[attr-defined]

    async def subscribe(
        self, expires: int = 600, *headers: str, auth: bool = True, port: int = 5060, user: str = ""
    ) -> Response:
        """A first SUBSCRIBE, or one inside the dialog; repeated with credentials when challenged."""
        extra: tuple[str, ...] = ()
        for _ in range(2):
            response = await self._once(expires, (*headers, *extra), port, user)
            if response.status != 401 or not auth:
                break
            challenges = response.headers("WWW-Authenticate")
            who = user or self.phone.number
            value = digest.answer(challenges, "SUBSCRIBE", self._uri, who, self.phone.secret, 1)
            extra = (f"Authorization: {value}",)
        if response.status == 200:
            self.remote_tag = response.to_tag
        return response

    @property
    def _uri(self) -> str:
        return f"sip:{self.resource}@{DOMAIN}"

    async def _once(self, expires: int, headers: tuple[str, ...], port: int, user: str) -> Response:
        self.cseq += 1
        ua, host = self.phone.peer.ua, self.phone.peer.host
        branch = f"z9hG4bK{id(self)}{self.cseq}{port}"
        to = f"<{self._uri}>" + (f";tag={self.remote_tag}" if self.remote_tag else "")
        lines = (f"Contact: <sip:x@{host}:5060>", f"Expires: {expires}", f"Event: {self.event}", *headers)
        data = requests.build(
            "SUBSCRIBE",
            self._uri,
            "udp",
            (host, port),
            branch,
            f"<sip:{user or self.phone.number}@{DOMAIN}>;tag={self.tag}",
            to,
            self.call_id,
            self.cseq,
            requests.header_lines(lines),
        )
        waiter = _Waiter()
        ua.layer.send(data, Destination("udp", PBX, 5060), branch, "SUBSCRIBE", waiter)  # type: ignore[arg-type]
        ua.wake()
        return await waiter.response

    @property
    def bodies(self) -> list[str]:
        return [request.body.decode() for request in self.notifies]

    @property
    def states(self) -> list[str]:
        return [request.header("Subscription-State") or "" for request in self.notifies]


class _Waiter:
    def __init__(self) -> None:
        self.response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def on_response(self, _transaction: Any, response: Response) -> None:
        if response.status >= 200 and not self.response.done():
            self.response.set_result(response)

    def on_no_response(self, _transaction: Any, status: int) -> None:
        self.response.set_exception(TimeoutError(str(status)))

    def on_ringing_limit(self, _transaction: Any) -> None:
        pass


def watching(phone: Phone, answer: int = 200) -> Phone:
    """Lets `phone` take NOTIFYs, which a user agent of ours knows nothing of."""
    phone.watchers = []  # type: ignore[attr-defined]
    phone.notify_answer = answer  # type: ignore[attr-defined]
    ua = phone.peer.ua
    receive = ua.receive

    def received(message: Any, source: Any) -> None:
        if isinstance(message, Request) and message.method == "NOTIFY":
            watcher = next((w for w in phone.watchers if w.call_id == message.call_id), None)  # type: ignore[attr-defined]
            if watcher is not None and phone.notify_answer:  # type: ignore[attr-defined]
                new = not any(held.cseq == message.cseq for held in watcher.notifies)
                if new:
                    watcher.notifies.append(message)
                ua.refuse(message, source, phone.notify_answer)  # type: ignore[attr-defined]
            elif watcher is None and not message.to_tag:
                phone.events.append(("unsolicited", message))
                ua.refuse(message, source, 200)
            return
        receive(message, source)

    ua.receive = received  # type: ignore[method-assign]
    return phone
