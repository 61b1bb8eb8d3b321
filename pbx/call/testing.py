"""Calls without SIP, RTP or speech: fakes with which features run in tests, in virtual time.

    async def test_menu():
        harness = CallHarness(extensions=("101",))
        phone = harness.phone("101")                # registered; answers after `answer_after_s`
        caller = harness.call(my_application)       # a real Call, driven by fakes
        await harness.sleep(1)
        caller.press("1")
        caller.hang_up()
        await caller.over()
        assert harness.kinds()[-1] is Kind.CALL_ENDED

A clip's text is what was played: `caller.heard` lists (loop seconds, text).
"""

# ruff: noqa: ARG002  (fakes take what the real ones take)
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pbx.call.assembly import assemble
from pbx.call.call import Application, Call, Setup
from pbx.call.location import Binding
from pbx.clock import Clock
from pbx.config import Config, Extension
from pbx.events import AgentStateChanged, Alarm, CallEvent, EventBus, Kind, RegistrationChanged
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


@dataclass(slots=True, frozen=True)
class FakeClip:
    """A clip known by what it says."""

    text: str
    duration_s: float


class FakePrompts:
    """Speech whose length follows from its text; `get` may be made slow."""

    def __init__(self) -> None:
        self.delay_s = 0.0

    async def get(self, text: str, language: str) -> FakeClip:
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return FakeClip(f"{language}:{text}", len(text) / SPEECH_CHARS_PER_S)

    def music(self, name: str) -> FakeClip:
        return FakeClip(f"music:{name}", 60.0)

    def ringback(self) -> FakeClip:
        return FakeClip("tone:ringback", 5.0)


@dataclass(slots=True)
class FakeCounters:
    """What a closed stream reports."""

    rx_packets: int = 50
    tx_packets: int = 49
    lost_packets: int = 1
    jitter_ms: float = 2.5


class FakeRecording:
    """Counts its seconds."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._began = asyncio.get_running_loop().time()

    async def stop(self) -> float:
        return asyncio.get_running_loop().time() - self._began


class FakeMediaSession:
    """A stream that plays into a list."""

    ports = iter(range(20000, 1 << 30, 2))

    def __init__(self, near: FakeMediaSession | None = None) -> None:
        self.local_ip = "127.0.0.1"
        self.local_port = next(self.ports)
        self.closed = False
        self.tag = ""
        self.worker: int = near.worker if near is not None else 0
        self.on_digit: Callable[[str, str], None] | None = None
        self.on_timeout: Callable[[float], None] | None = None
        self.settings: Any = None
        self.configured = 0
        self.partner: FakeMediaSession | None = None
        self.played: list[tuple[float, str]] = []
        self.playing: list[str] = []
        self.sent_digits = ""
        self.echoing = False
        self.recordings: list[FakeRecording] = []
        self.record_fails: OSError | None = None
        self._future: asyncio.Future[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def configure(self, settings: Any, *, signalling_ip: str, latch: Any = None) -> None:
        self._alive()
        self.settings = settings
        self.configured += 1

    def play(self, clips: Sequence[Any], *, repeat: bool = False) -> asyncio.Future[bool]:
        self._alive()
        self.stop_play()
        loop = asyncio.get_running_loop()
        self.playing = [clip.text for clip in clips]
        self.played.extend((loop.time(), text) for text in self.playing)
        self._future = future = loop.create_future()
        if not repeat:
            self._timer = loop.call_later(sum(clip.duration_s for clip in clips), self._played, True)
        return future

    def stop_play(self) -> None:
        if self._future is not None:
            self._played(False)

    def _played(self, finished: bool) -> None:
        future, self._future = self._future, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.playing = []
        if future is not None and not future.done():
            future.set_result(finished)

    def send_digits(self, digits: str) -> None:
        self._alive()
        self.sent_digits += digits

    def echo(self, on: bool) -> None:
        self._alive()
        self.echoing = on

    def bridge(self, other: FakeMediaSession) -> None:
        self._alive()
        other._alive()
        assert self.worker == other.worker, "bridged streams must share a worker"
        for stream in (self, other):
            if stream.partner is not None:
                stream.partner.partner = None
        self.partner, other.partner = other, self

    def unbridge(self) -> None:
        if self.partner is not None:
            self.partner.partner = None
            self.partner = None

    def record(self, path: str, other: FakeMediaSession | None) -> FakeRecording:
        self._alive()
        if self.record_fails is not None:
            raise self.record_fails
        recording = FakeRecording(path)
        self.recordings.append(recording)
        return recording

    def close(self) -> FakeCounters | None:
        if self.closed:
            return None
        self.stop_play()
        self.unbridge()
        self.closed = True
        return FakeCounters()

    def digit(self, digit: str, method: str = "rfc4733") -> None:
        """The far end pressed `digit`."""
        assert self.on_digit is not None
        self.on_digit(digit, method)

    def _alive(self) -> None:
        assert not self.closed, "the stream is closed"


class FakeMedia:
    """Opens FakeMediaSessions; `open_streams` must be empty when all calls are over. `fail` is raised by the next
    open.
    """

    def __init__(self) -> None:
        self.sessions: list[FakeMediaSession] = []
        self.fail: Exception | None = None

    def open(self, near: FakeMediaSession | None = None) -> FakeMediaSession:
        if self.fail is not None:
            error, self.fail = self.fail, None
            raise error
        session = FakeMediaSession(near)
        self.sessions.append(session)
        return session

    @property
    def open_streams(self) -> list[FakeMediaSession]:
        return [session for session in self.sessions if not session.closed]


@dataclass(slots=True)
class FakeSettings:
    """What a fake negotiation agrees on."""

    remote_ip: str = "127.0.0.1"
    remote_port: int = 4000
    codec: int = 8
    send: bool = True
    receive: bool = True


class FakeSdpError(Exception):
    """A refused SDP."""

    status = 488


class FakeNegotiator:
    """SDP as two words: "fake" and the direction as the far end sees it; everything else is refused with 488."""

    def offer(self, ip: str, port: int, *, prefer: int, session_id: int, version: int) -> bytes:
        return SDP

    def answer(self, offer: bytes, ip: str, port: int, *, session_id: int, version: int) -> tuple[bytes, FakeSettings]:
        return SDP, self._settings(offer)

    def agreed(self, offer: bytes, answer: bytes) -> FakeSettings:
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
        self.request: Any = None
        self.remote_sdp = sdp
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

    def info(self, body: bytes, content_type: str) -> None:
        self._did("info", body)

    def accept_reinvite(self, body: bytes) -> None:
        self.body = body
        self._did("accept_reinvite")

    def reject_reinvite(self, status: int) -> None:
        self._did("reject_reinvite", status)


@dataclass(slots=True)
class FakePhone:
    """A registered phone. Change its behaviour at any time; `sessions` are the INVITEs that it got."""

    extension: str
    answer_after_s: float | None = 1.0  # None: it rings and nobody comes
    refuse: int = 0  # this status instead of an answer, after `answer_after_s`
    rings: bool = True
    early_sdp: bytes = b""
    answer_sdp: bytes = SDP
    talk_s: float | None = None  # hangs up so long after answering; None: never
    sessions: list[FakeSession] = field(default_factory=list)
    invites: list[dict[str, Any]] = field(default_factory=list)  # the arguments of each INVITE

    def invited(self, session: FakeSession, invite: dict[str, Any]) -> None:
        self.sessions.append(session)
        self.invites.append(invite)
        loop = asyncio.get_running_loop()
        if self.rings:
            loop.call_soon(self._progress, session)
        if self.answer_after_s is not None:
            loop.call_later(self.answer_after_s, self.final, session)

    def _progress(self, session: FakeSession) -> None:
        if session.state == "early":
            status = 183 if self.early_sdp else 180
            session.observer.on_progress(session, status, "", self.early_sdp, None)

    def final(self, session: FakeSession) -> None:
        """Answers or refuses now."""
        if session.state != "early":
            return
        if self.refuse:
            session.state = "terminated"
            session.observer.on_failure(session, self.refuse, "", None)
            return
        session.state = "confirmed"
        session.observer.on_answer(session, self.answer_sdp, None)
        if self.talk_s is not None:
            asyncio.get_running_loop().call_later(self.talk_s, self.hang_up, session)

    def hang_up(self, session: FakeSession | None = None) -> None:
        """BYE from the phone, of the latest dialog unless one is given."""
        session = session or self.sessions[-1]
        if session.state == "confirmed":
            session.state = "terminated"
            session.observer.on_ended(session, "bye")

    @property
    def ringing(self) -> bool:
        return bool(self.sessions) and self.sessions[-1].state == "early"

    @property
    def talking(self) -> bool:
        return any(session.state == "confirmed" for session in self.sessions)


class FakeAgent:
    """The user agent: gives each INVITE to the phone that sits at its destination."""

    def __init__(self) -> None:
        self.phones: dict[tuple[str, int], FakePhone] = {}
        self.sessions: list[FakeSession] = []

    def invite(self, *, destination: Any, observer: Any, **rest: Any) -> FakeSession:
        session = FakeSession(outgoing=True, observer=observer, source=destination)
        session.headers.extend(rest.get("headers", ()))
        self.sessions.append(session)
        phone = self.phones.get((destination.host, destination.port))
        if phone is not None:
            phone.invited(session, {"destination": destination, **rest})
        return session


class FakeCaller:
    """The far end of a call's first leg."""

    def __init__(self, call: Call, session: FakeSession) -> None:
        self.call = call
        self.session = session
        self.media: FakeMediaSession = call.a.media  # type: ignore[assignment]
        self._over = asyncio.Event()

    def press(self, digits: str, method: str = "rfc4733") -> None:
        for digit in digits:
            self.media.digit(digit, method)

    def hang_up(self) -> None:
        """CANCEL before the answer, BYE after it."""
        if self.session.state == "terminated":
            return
        early, self.session.state = self.session.state == "early", "terminated"
        if early:
            self.session.observer.on_cancelled(self.session)
        else:
            self.session.observer.on_ended(self.session, "bye")

    def hold(self) -> None:
        self.session.observer.on_reinvite(self.session, HELD)

    def resume(self) -> None:
        self.session.observer.on_reinvite(self.session, SDP)

    @property
    def heard(self) -> list[tuple[float, str]]:
        """(loop seconds, text) of every clip that was started."""
        return self.media.played

    @property
    def status(self) -> int:
        """The final status that the PBX sent to the INVITE; 0 while there is none."""
        for what in self.session.sent:
            if what[0] == "accept":
                return 200
            if what[0] == "reject":
                return int(what[1])
        return 0

    def ended(self, _call: Call) -> None:
        self._over.set()

    def forget(self) -> None:
        """Drops the call, for tests that look at what is left in memory."""
        del self.call

    async def over(self) -> None:
        """Waits for the end of the call."""
        await self._over.wait()


class CallHarness:
    """Services on fakes, in the running loop (use it inside an async test). `events` holds all that was published."""

    def __init__(
        self,
        config: Config | None = None,
        *,
        extensions: Sequence[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self.config = config if config is not None else Config()
        known = {extension.number for extension in self.config.extension}
        self.config.extension.extend(Extension(number=n, secret="s") for n in extensions if n not in known)  # noqa: S106
        self.clock: Clock = clock if clock is not None else LoopClock()
        self.bus = EventBus(on_error=self._failed)
        self.events: list[Any] = []
        for kind in (CallEvent, AgentStateChanged, RegistrationChanged, Alarm):
            self.bus.subscribe(kind, self.events.append)
        self.media = FakeMedia()
        self.prompts = FakePrompts()
        self.agent = FakeAgent()
        self.callers: list[FakeCaller] = []
        self.service = assemble(
            self.config,
            bus=self.bus,
            clock=self.clock,
            agent=self.agent,
            media=self.media,
            prompts=self.prompts,
            negotiator=FakeNegotiator(),
            listening=[("127.0.0.1", 5060)],
        )
        self.services = self.service.services
        self._phones = 0

    def _failed(self, event: object, error: BaseException) -> None:
        raise AssertionError(f"a listener failed on {event}: {error!r}") from error

    def phone(self, extension: str, *, port: int = 0, **behaviour: Any) -> FakePhone:
        """A phone of `extension`, registered for an hour; keyword arguments are FakePhone's fields."""
        self._phones += 1
        port = port or 30000 + self._phones
        phone = FakePhone(extension, **behaviour)
        self.agent.phones[("127.0.0.1", port)] = phone
        binding = Binding(
            f"sip:{extension}@127.0.0.1:{port}",
            Destination("udp", "127.0.0.1", port, None),
            self.clock.unix() + 3600,
            f"reg-{port}",
            1,
        )
        self.services.registrar.replace(extension, [binding])
        return phone

    def unregister(self, extension: str) -> None:
        self.services.registrar.replace(extension, (), self.services.registrar.bindings(extension))

    def call(
        self,
        application: Application | str,
        *,
        caller: str = "+48600100200",
        callee: str = "600",
        sdp: bytes = SDP,
        **setup: Any,
    ) -> FakeCaller:
        """An incoming call that runs `application` (a coroutine function, or a registered name)."""
        name = application if isinstance(application, str) else getattr(application, "__name__", "test")
        run = self.services.applications.find(application) if isinstance(application, str) else application
        session = FakeSession(outgoing=False, sdp=sdp)
        call = Call(
            self.services,
            session,
            Setup(caller=caller, callee=callee, application=name, **setup),
            new_id(self.clock.unix()),
        )
        call.a.negotiate(sdp)
        fake = FakeCaller(call, session)
        self.callers.append(fake)
        call.start(run, fake.ended)
        return fake

    def kinds(self, call: Call | None = None) -> list[Kind]:
        """The kinds of all call events so far, in order; of one call when given."""
        return [event.kind for event in self.journey(call)]

    def journey(self, call: Call | None = None, kind: Kind | None = None) -> list[CallEvent]:
        """Call events so far, of one call and of one kind when given."""
        return [
            event
            for event in self.events
            if isinstance(event, CallEvent)
            and (call is None or event.call_id == call.id)
            and (kind is None or event.kind is kind)
        ]

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Hangs up every caller and waits; asserts that no stream, leg or limit is left."""
        for caller in self.callers:
            caller.hang_up()
        for caller in self.callers:
            await caller.over()
        await self.services.recorder.settle()
        self.services.registrar.close()
        assert not self.media.open_streams, "streams left open"
        assert not self.services.limits._in_use, f"limits not given back: {self.services.limits._in_use}"


TestApplication = Callable[[Call], Awaitable[None]]
