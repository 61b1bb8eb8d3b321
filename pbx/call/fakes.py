"""Stand-ins for what a call needs of SIP, SDP and speech: `pbx.call.testing` puts them and `fake_media` together."""

# ruff: noqa: ARG002  (fakes take what the real ones take)
from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pbx.call.fake_media import FakeClip
from pbx.ids import new_id
from pbx.sip.address import Destination

SPEECH_CHARS_PER_S = 15.0
SDP = b"fake sendrecv"
HELD = b"fake sendonly"


class LoopClock:
    """A Clock on the running loop's time, so that virtual time moves both."""

    def __init__(self, epoch: float = 1_790_000_000.0) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = epoch - self._loop.time()

    def monotonic(self) -> float:
        return self._loop.time()

    def unix(self) -> float:
        return self._epoch + self._loop.time()


class FakePrompts:
    """Speech whose length follows from its text; `get` may be made slow."""

    def __init__(self) -> None:
        self.delay_s = 0.0

    async def get(self, text: str, language: str, voice: str = "") -> FakeClip:
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return FakeClip(f"{language}:{text}", len(text) / SPEECH_CHARS_PER_S)

    def music(self, name: str) -> FakeClip:
        return FakeClip(f"music:{name}", 60.0)

    def ringback(self) -> FakeClip:
        return self.tone("ringback")

    def tone(self, name: str) -> FakeClip:
        return FakeClip(f"tone:{name}", 5.0 if name == "ringback" else 0.3)

    def cached(self, text: str, language: str, voice: str = "") -> FakeClip:
        return FakeClip(f"{language}:{text}", len(text) / SPEECH_CHARS_PER_S)


@dataclass(slots=True)
class FakeSettings:
    """What a fake negotiation agrees on."""

    remote_ip: str = "127.0.0.1"
    remote_port: int = 4000
    codec: int = 8
    send: bool = True
    receive: bool = True
    event_payload_type: int = -1


class FakeSdpError(Exception):
    """A refused SDP."""

    status = 488


class FakeNegotiator:
    """SDP as two words: "fake" and the direction as the far end sees it; everything else is refused with 488."""

    def offer(self, ip: str, port: int, *, prefer: int, session_id: int, version: int, security: Any = None) -> bytes:
        return SDP

    def answer(
        self, offer: bytes, ip: str, port: int, *, session_id: int, version: int, security: Any = None
    ) -> tuple[bytes, FakeSettings]:
        return SDP, self._settings(offer)

    def agreed(self, offer: bytes, answer: bytes, security: Any = None) -> FakeSettings:
        return self._settings(answer)

    def _settings(self, sdp: bytes) -> FakeSettings:
        word, _, direction = sdp.decode().partition(" ")
        if word != "fake":
            raise FakeSdpError(f"not acceptable: {sdp!r}")
        return FakeSettings(send=direction in ("sendrecv", "recvonly"), receive=direction in ("sendrecv", "sendonly"))


class FakeSession:
    """One dialog. `sent` lists what the PBX did: ("progress", 180), ("accept", sdp), ("reject", 486), ("bye",),
    ("cancel",).
    """

    def __init__(self, *, outgoing: bool, sdp: bytes = SDP, source: Any = None, observer: Any = None) -> None:
        self.outgoing = outgoing
        self.call_id = new_id(asyncio.get_running_loop().time())
        self.state = "early"
        self.heard = True  # a response to the INVITE came
        self.request: Any = None
        self.remote_sdp = sdp
        self.local_sdp = SDP
        self.wants_early_offer = False
        self.end_reason = ""
        self.source = source if source is not None else Destination("udp", "127.0.0.1", 5080, None)
        self.observer: Any = observer
        self.sent: list[tuple[Any, ...]] = []
        self.headers: list[str] = []
        self.body = b""
        self.on_sent: Callable[[str], None] | None = None

    def _did(self, *what: Any, headers: Sequence[str] = ()) -> None:
        self.sent.append(what)
        self.headers.extend(headers)
        if self.on_sent is not None:
            self.on_sent(what[0])

    def progress(
        self, status: int = 180, reason: str | None = None, body: bytes = b"", headers: Sequence[str] = ()
    ) -> None:
        assert self.state == "early"
        self._did("progress", status, headers=headers)

    def accept(self, body: bytes, headers: Sequence[str] = ()) -> None:
        assert self.state == "early"
        self.state = "confirmed"
        self.body = body
        self._did("accept", headers=headers)

    def reject(self, status: int, reason: str | None = None, headers: Sequence[str] = ()) -> None:
        assert self.state == "early"
        self.state = "terminated"
        self._did("reject", status, headers=headers)

    def cancel(self, headers: Sequence[str] = ()) -> None:
        assert self.outgoing
        if self.state == "early":
            self._did("cancel", headers=headers)
            self.state = "terminated"

    def bye(self, headers: Sequence[str] = ()) -> None:
        self.state = "terminated"
        self._did("bye", headers=headers)

    def end(self, status: int = 480, headers: Sequence[str] = ()) -> None:
        if self.state == "confirmed":
            self.bye(headers)
        elif self.state == "early" and self.outgoing:
            self.cancel(headers)
        elif self.state == "early":
            self.reject(status, None, headers)

    def reinvite(self, body: bytes) -> None:
        self._did("reinvite", body)

    def send(
        self,
        method: str,
        *,
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "",
        done: Callable[[int], None] | None = None,
    ) -> bool:
        if self.state == "terminated":
            return False
        self._did("send", method, body, headers=headers)
        if done is not None:
            asyncio.get_running_loop().call_soon(done, 200)
        return True

    def info(self, body: bytes, content_type: str) -> None:
        self._did("info", body)

    def accept_reinvite(self, body: bytes) -> None:
        self.body = body
        self._did("accept_reinvite")

    def reject_reinvite(self, status: int) -> None:
        self._did("reject_reinvite", status)
