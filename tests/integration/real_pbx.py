"""A PBX of real parts (sockets, media threads) in this process, and phones that speak SIP and RTP to it over
loopback.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import struct
from pathlib import Path
from typing import Any

from core.engine.engine import Engine
from pbx.call.assembly import assemble
from pbx.clock import SystemClock
from pbx.config import Config, Sip
from pbx.events import CallEvent, EventBus, Kind
from pbx.media.engine import MediaEngine
from pbx.sdp.offer_answer import MediaSettings, answer, make_offer, read_answer
from pbx.sip import digest
from pbx.sip.address import Destination
from pbx.sip.client_auth import ClientCredentials
from pbx.sip.message import Response
from pbx.transport.driver import Driver

# Tests may run in several processes at once: each has a /24 of its own in 127.15.
_net = f"127.15.{64 + os.getpid() % 180}"
_hosts = itertools.count(2)
PCMA, PCMU = 8, 0


class Silence:
    """Prompts without a speech engine: real clips of a constant sample."""

    def __init__(self, media: MediaEngine) -> None:
        self._media = media

    def _clip(self, key: str, seconds: float) -> Any:
        return self._media.clip(struct.pack("<h", 1000) * int(8000 * seconds), key)

    async def get(self, text: str, language: str) -> Any:
        return self._clip(f"{language}:{text}", 0.2)

    def music(self, name: str) -> Any:
        return self._clip(f"music:{name}", 1.0)

    def ringback(self) -> Any:
        return self._clip("ringback", 1.0)


class RealPbx:
    """`async with RealPbx(config_dict, folder) as pbx`; `pbx.events` holds the journey."""

    def __init__(self, tables: dict[str, Any], folder: Path) -> None:
        self.host = f"{_net}.1"
        self.config = Config.model_validate(
            {
                "sip": {"listen": [f"udp:{self.host}:0", f"tcp:{self.host}:0"]},
                "media": {"listen": self.host, "realtime": False, "rtp_timeout_s": 2.0, **tables.pop("media", {})},
                **tables,
            }
        )
        self.bus = EventBus(on_error=self._failed)
        self.events: list[CallEvent] = []
        self.bus.subscribe(CallEvent, self.events.append)
        self.errors: list[BaseException] = []
        self.driver = Driver(self.config.sip)
        media = self.config.media
        engine = Engine(workers=1, port_min=media.port_min, port_max=media.port_max, realtime=False)
        self.media = MediaEngine(engine, media, bus=self.bus, recordings_dir=folder)
        self.service: Any = None

    def _failed(self, event: object, error: BaseException) -> None:
        self.errors.append(error)

    async def __aenter__(self) -> RealPbx:
        self.media.start()
        await self.driver.start()
        self.service = assemble(
            self.config,
            bus=self.bus,
            clock=SystemClock(),
            agent=self.driver.user_agent,
            media=self.media,
            prompts=Silence(self.media),
            listening=[(address.host, address.port) for address in self.driver.listening],
        )
        self.driver.user_agent.handler = self.service
        self.driver.user_agent.screen = self.service.screen
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.service.drain(1)
        self.service.services.registrar.close()
        left = self.media.sessions
        await self.driver.stop()
        self.media.stop()
        assert left == 0, "streams left open"
        assert self.errors == []
        assert self.driver.user_agent.errors == 0
        assert not self.service.services.limits._in_use

    def address(self, transport: str = "udp") -> Destination:
        port = next(a.port for a in self.driver.listening if a.transport == transport)
        return Destination(transport, self.host, port)

    def kinds(self) -> list[Kind]:
        return [event.kind for event in self.events]

    def last(self, kind: Kind) -> dict[str, Any]:
        return next(event.data for event in reversed(self.events) if event.kind is kind)


class _Rtp(asyncio.DatagramProtocol):
    def __init__(self, phone: RealPhone) -> None:
        self.phone = phone

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.phone.rtp.append(data)


class RealPhone:
    """One account on sockets of its own. `tone` is the G.711 byte that its audio consists of."""

    def __init__(self, pbx: RealPbx, number: str, secret: str, *, tone: int = 0x2A, transport: str = "udp") -> None:
        self.pbx = pbx
        self.number = number
        self.secret = secret
        self.tone = tone
        self.transport = transport
        self.host = f"{_net}.{next(_hosts)}"
        self.driver = Driver(Sip(listen=[f"{transport}:{self.host}:0"]), self)
        self.rtp: list[bytes] = []
        self.rtp_port = 0
        self.settings: MediaSettings | None = None
        self.session: Any = None
        self.log: list[tuple[Any, ...]] = []
        self.answer_after_s: float | None = 0.05
        self._speaking: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> RealPhone:
        loop = asyncio.get_running_loop()
        await self.driver.start()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Rtp(self), local_addr=(self.host, 0))
        self.rtp_port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
        self._transport.close()
        await self.driver.stop()

    async def register(self, expires: int = 600) -> int:
        port = self.driver.listening[0].port
        contact = f"Contact: <sip:{self.number}@{self.host}:{port};transport={self.transport}>"
        uri = f"sip:{self.pbx.host}"
        response = await self._request("REGISTER", uri, [contact, f"Expires: {expires}"])
        if response.status == 401:
            value = digest.answer(response.headers("WWW-Authenticate"), "REGISTER", uri, self.number, self.secret, 1)
            response = await self._request("REGISTER", uri, [contact, f"Expires: {expires}", f"Authorization: {value}"])
        return response.status

    async def _request(self, method: str, uri: str, headers: list[str]) -> Response:
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        me = f"<sip:{self.number}@centrala.local>"
        self.driver.user_agent.request(
            method,
            uri=uri,
            destination=self.pbx.address(self.transport),
            from_=me,
            to=me,
            headers=headers,
            on_response=lambda _status, response: done.set_result(response),
        )
        return await done

    def sdp(self, direction: str = "sendrecv", version: int = 1) -> bytes:
        return make_offer(self.host, self.rtp_port, session_id=1, version=version, direction=direction)

    def call(self, number: str, codecs: tuple[str, ...] = ("PCMA", "PCMU")) -> None:
        body = make_offer(self.host, self.rtp_port, session_id=1, version=1, codecs=codecs)
        self.session = self.driver.user_agent.invite(
            uri=f"sip:{number}@{self.pbx.host}",
            destination=self.pbx.address(self.transport),
            from_=f"<sip:{self.number}@centrala.local>",
            to=f"<sip:{number}@centrala.local>",
            body=body,
            observer=self,
            credentials=ClientCredentials(self.number, self.secret),
        )

    async def until(self, name: str, timeout_s: float = 30.0) -> tuple[Any, ...]:
        """Waits for something in the log by its name and takes it out."""
        async with asyncio.timeout(timeout_s):
            while True:
                for item in self.log:
                    if item[0] == name:
                        self.log.remove(item)
                        return item
                self._changed.clear()
                await self._changed.wait()

    def _note(self, *what: Any) -> None:
        self.log.append(what)
        self._changed.set()

    def _start(self, settings: MediaSettings) -> None:
        self.settings = settings
        if self._speaking is None:
            self._speaking = asyncio.create_task(self._speak())

    async def _speak(self) -> None:
        for n in itertools.count():
            settings = self.settings
            if settings is not None and settings.send and settings.remote_port:
                header = struct.pack("!BBHII", 0x80, settings.payload_type, n & 0xFFFF, n * 160 & 0xFFFFFFFF, 0xABCD)
                self._transport.sendto(header + bytes([self.tone]) * 160, (settings.remote_ip, settings.remote_port))
            await asyncio.sleep(0.02)

    def hush(self) -> None:
        """Stops sending audio, as a phone does that lost its power."""
        self.settings = None

    def heard(self, tone: int) -> int:
        """How many packets of just that byte came."""
        return sum(1 for packet in self.rtp if packet[12:] == bytes([tone]) * (len(packet) - 12))

    async def hears(self, tone: int, count: int) -> None:
        """Until so many packets of just that byte have come from now on."""
        self.rtp.clear()
        async with asyncio.timeout(30):
            while self.heard(tone) < count:  # noqa: ASYNC110 - what is awaited has no event
                await asyncio.sleep(0.02)

    async def listen(self, seconds: float) -> None:
        """Forgets what was heard, and listens."""
        self.rtp.clear()
        await asyncio.sleep(seconds)

    # -- UserAgentHandler and SessionObserver ---------------------------------------------------------------------

    def on_invite(self, session: Any, request: Any, source: Any) -> None:
        self.session = session
        session.observer = self
        session.progress(180)
        self._note("invite", request)
        if self.answer_after_s is not None:
            body, settings = answer(request.body, self.host, self.rtp_port, session_id=2, version=1)

            def pick_up() -> None:
                if session.accept(body):
                    self._start(settings)

            asyncio.get_running_loop().call_later(self.answer_after_s, pick_up)

    def on_request(self, transaction: Any, request: Any, source: Any) -> None:
        transaction.respond(200)

    def on_progress(self, session: Any, status: int, *_: Any) -> None:
        self._note("progress", status)

    def on_answer(self, session: Any, body: bytes, response: Any) -> None:
        self._start(read_answer(body))
        self._note("answer", body)

    def on_failure(self, session: Any, status: int, *_: Any) -> None:
        self._note("failure", status)

    def on_cancelled(self, session: Any) -> None:
        self._note("cancelled")

    def on_established(self, session: Any, body: bytes) -> None:
        self._note("established")

    def on_reinvite(self, session: Any, body: bytes) -> None:
        session.accept_reinvite(self.sdp(version=9))

    def on_reinvite_answer(self, session: Any, status: int, body: bytes) -> None:
        self.settings = read_answer(body) if status == 200 else self.settings
        self._note("reinvite answer", status)

    def on_info(self, session: Any, content_type: str, body: bytes) -> None:
        self._note("info", body)

    def on_refer(self, session: Any, request: Any, handle: Any) -> None:
        self._note("refer")
        handle.respond(405)

    def on_notify(self, session: Any, request: Any, handle: Any) -> None:
        self._note("notify")
        handle.respond(200)

    def on_message(self, session: Any, request: Any, handle: Any) -> None:
        self._note("message")
        handle.respond(200)

    def on_ended(self, session: Any, reason: str) -> None:
        self.hush()
        self._note("ended", reason)
