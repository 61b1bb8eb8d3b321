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

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pbx.call.assembly import assemble
from pbx.call.call import Application, Call, Setup
from pbx.call.fake_media import FakeClip, FakeMedia, FakeMediaSession
from pbx.call.fakes import HELD, SDP, FakeNegotiator, FakePrompts, FakeSession, LoopClock
from pbx.call.location import Binding
from pbx.clock import Clock
from pbx.config import Config, Extension
from pbx.events import AgentBreakExceeded, AgentStateChanged, Alarm, CallEvent, EventBus, Kind, RegistrationChanged
from pbx.ids import new_id
from pbx.sip.address import Destination

__all__ = [
    "CallHarness",
    "FakeAgent",
    "FakeCaller",
    "FakeClip",
    "FakeMedia",
    "FakeMediaSession",
    "FakePhone",
    "FakePrompts",
    "FakeSession",
    "LoopClock",
]


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
        self.extensions: Any = None
        self.sessions: list[FakeSession] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def invite(self, *, destination: Any, observer: Any, **rest: Any) -> FakeSession:
        session = FakeSession(outgoing=True, observer=observer, source=destination)
        session.headers.extend(rest.get("headers", ()))
        self.sessions.append(session)
        phone = self.phones.get((destination.host, destination.port))
        if phone is not None:
            phone.invited(session, {"destination": destination, **rest})
        return session

    def find_replaced(self, call_id: str, *_tags: str) -> FakeSession | None:
        """Fake dialogs are known by their Call-ID alone."""
        return next((s for s in self.sessions if s.call_id == call_id and s.state != "terminated"), None)

    def local_address(self, _destination: Any, /) -> tuple[str, int]:
        return "127.0.0.1", 5060

    def request(self, method: str, **rest: Any) -> None:
        """A request outside of dialogs; nobody answers it unless a test calls its `on_response`."""
        self.requests.append((method, rest))


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
        for kind in (CallEvent, AgentStateChanged, AgentBreakExceeded, RegistrationChanged, Alarm):
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
        call_class: type[Call] = Call,
        **setup: Any,
    ) -> FakeCaller:
        """An incoming call that runs `application` (a coroutine function, or a registered name)."""
        name = application if isinstance(application, str) else getattr(application, "__name__", "test")
        run = self.services.applications.find(application) if isinstance(application, str) else application
        session = FakeSession(outgoing=False, sdp=sdp)
        call = call_class(
            self.services,
            session,
            Setup(caller=caller, callee=callee, application=name, **setup),
            new_id(self.clock.unix()),
        )
        call.a.negotiate(sdp)
        fake = FakeCaller(call, session)
        self.callers.append(fake)
        self.services.running.start(call, run, fake.ended)
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
