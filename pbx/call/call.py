"""One call: the caller's leg, the legs that were started for it, and the application that runs it as a coroutine.

An application is `async def application(call: Call) -> None`. When the caller hangs up, the application is
cancelled where
it stands: what must be done in any case belongs in `finally`. When it returns, the call is hung up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pbx.call import bridge as bridging
from pbx.call import dialing
from pbx.call.bridge import BridgeResult
from pbx.call.caller import CallerLeg
from pbx.call.causes import status_of
from pbx.call.dialing import DialResult
from pbx.call.digits import Digits
from pbx.call.errors import CallEnded, DialFailed, RouteError
from pbx.call.leg import Leg
from pbx.call.outgoing import OutgoingLeg
from pbx.events import CallEvent, Kind

if TYPE_CHECKING:
    from pbx.call.ports import Session
    from pbx.call.services import Services

log = logging.getLogger("centrala.call")

Application = Callable[["Call"], Awaitable[None]]
ACK_TIMEOUT_S = 32.0  # 64*T1: how long an SDP answer in the ACK is waited for


@dataclass(slots=True)
class Setup:
    """Who calls whom: what was found out before the call began; nobody changes it afterwards."""

    caller: str
    callee: str
    application: str = ""
    caller_name: str = ""
    did: str = ""
    trunk: str = ""
    direction: str = "inbound"  # "inbound" from a trunk, "internal" or "outbound" from an extension
    extension: str = ""  # the authenticated extension that calls, "" for a trunk
    max_forwards: int = 70
    tag: str = ""  # of the [[number]] that was dialled
    source: str = ""  # "127.0.0.1:5060"
    limit_keys: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """What CALL_STARTED says."""
        return {
            "direction": self.direction,
            "caller": self.caller,
            "callee": self.callee,
            "did": self.did,
            "trunk": self.trunk,
            "source": self.source,
        }


class Call:
    """See the module. All methods belong to the event loop's thread."""

    __slots__ = (
        "__weakref__",
        "_bridged",
        "_digits",
        "_legs_started",
        "_music",
        "_on_end",
        "_spawned",
        "_task",
        "a",
        "admitted",
        "answered_at",
        "application",
        "cause",
        "dialling",
        "ended",
        "ended_by",
        "id",
        "language",
        "legs",
        "queue",
        "services",
        "setup",
        "sip_status",
        "started",
        "started_at",
        "variables",
    )

    def __init__(self, services: Services, session: Session, setup: Setup, call_id: str) -> None:
        self.id = call_id
        self.services = services
        self.setup = setup
        self.application = setup.application
        self.language: str = services.config.server.language
        self.variables: dict[str, Any] = {}
        self.queue = ""  # the queue that holds the call, for lists; set by the queue
        self.started_at = services.clock.unix()
        self.started = asyncio.get_running_loop().time()
        self.answered_at = 0.0  # the loop's seconds; 0.0 while not answered
        self.admitted = False  # CALL_STARTED was published
        self.ended = False
        self.ended_by = ""  # "caller", "callee" or "pbx"
        self.cause = ""
        self.sip_status = 0
        self.a = CallerLeg(self, session)
        self.legs: list[OutgoingLeg] = []  # alive, in the order they were started
        self.dialling: OutgoingLeg | None = None  # its progress is the caller's to hear
        self._legs_started = 0
        self._digits = Digits()
        self._music: Any = None
        self._bridged: BridgeResult | None = None  # the bridge that ended last, until the caller hears something else
        self._spawned: set[asyncio.Task[Any]] | None = None
        self._task: asyncio.Task[None] | None = None
        self._on_end: Callable[[Call], None] | None = None
        session.observer = self.a

    # -- who ------------------------------------------------------------------------------------------------------

    @property
    def caller(self) -> str:
        return self.setup.caller

    @property
    def caller_name(self) -> str:
        return self.setup.caller_name

    @property
    def callee(self) -> str:
        return self.setup.callee

    @property
    def did(self) -> str:
        return self.setup.did

    @property
    def trunk(self) -> str:
        return self.setup.trunk

    @property
    def direction(self) -> str:
        return self.setup.direction

    @property
    def extension(self) -> str:
        """The authenticated extension that calls, "" when the call came by a trunk."""
        return self.setup.extension

    @property
    def answered(self) -> bool:
        return self.answered_at > 0.0

    @property
    def state(self) -> str:
        """ "ringing", "answered", "bridged" or "ended"."""
        if self.ended:
            return "ended"
        if self.a.peer is not None and self.answered:
            return "bridged"
        return "answered" if self.answered else "ringing"

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self, application: Application, on_end: Callable[[Call], None] | None = None) -> None:
        """Runs `application` as the call's task; `on_end(call)` is called once, when everything is closed."""
        self._on_end = on_end
        self.admitted = True
        self.emit(Kind.CALL_STARTED, **self.setup.record())
        self.emit(Kind.CALL_ROUTED, application=self.setup.application)
        self._task = asyncio.get_running_loop().create_task(self._run(application))
        self._task.add_done_callback(self._finish)

    async def _run(self, application: Application) -> None:
        try:
            await application(self)
        except CallEnded:
            pass
        except DialFailed as failure:
            self._end(failure.cause, failure.status, "callee")
        except RouteError as error:
            self._end(error.cause, error.status, "pbx")
        except Exception:
            log.exception("call %s: the application %s failed", self.id, self.application)
            self.services.counters.application_errors += 1
            self._end("error", 500, "pbx")

    def _end(self, cause: str, status: int, by: str) -> None:
        """Notes why the call ends; what was noted first stays."""
        if not self.ended_by:
            self.cause, self.sip_status, self.ended_by = cause, status, by

    def _finish(self, _task: asyncio.Task[None]) -> None:
        """The task is over, by itself or cancelled before its first step: closes all, and leaves no reference
        behind.
        """
        if self.ended:
            return
        if _task.cancelled():  # by nobody who said why: the application awaited something that was cancelled
            self._end("error", 500, "pbx")
        elif self._bridged is not None:
            self._end(self._bridged.cause, 200, self._bridged.ended_by)
        else:
            self._end("normal", 480, "pbx")
        self.ended = True
        for task in self._spawned or ():
            task.cancel()
        self._spawned = None
        for leg in tuple(self.legs):
            leg.finish(self.cause, self.sip_status if not leg.answered_at else 200)
        status = 200 if self.answered else self.sip_status
        self.a.finish(self.cause, status)
        setup_s = self.answered_at - self.started if self.answered else None
        self.emit(Kind.CALL_ENDED, cause=self.cause, sip_status=status, ended_by=self.ended_by, setup_s=setup_s)
        self._task = self.dialling = self._music = None
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self)

    async def hangup(self, cause: str = "normal", status: int = 0, *, by: str = "pbx") -> None:
        """Ends the call: BYE when answered, else `status` (0: what fits `cause`). The application should return after
        it.
        """
        self._end(cause, status or status_of(cause), by)
        self.a.finish(self.cause, 200 if self.answered else self.sip_status)

    def terminate(self, cause: str = "shutdown", by: str = "pbx") -> None:
        """Ends the call from outside its application (CLI, API, shutdown)."""
        self._end(cause, status_of(cause), by)
        if self._task is not None:
            self._task.cancel()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs `work` beside the application; it is cancelled with the call at the latest."""
        self._check()
        task = asyncio.get_running_loop().create_task(work)
        if self._spawned is None:
            self._spawned = set()
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)
        return task

    def emit(self, kind: Kind, leg: str = "a", /, **data: Any) -> None:
        """Publishes one step of the journey, of the caller's leg unless `leg` names another."""
        services = self.services
        services.bus.publish(CallEvent(kind, self.id, leg, services.clock.unix(), data))

    def _check(self) -> None:
        if self.ended or self.a.is_ended:
            raise CallEnded(f"call {self.id} is over: {self.cause}")

    # -- the caller's side ----------------------------------------------------------------------------------------

    async def ring(self) -> None:
        """Tells the caller that it rings (180); does nothing when already told or answered."""
        self._check()
        self.a.ring()

    async def answer(self) -> None:
        """Answers the caller (200); does nothing when already answered. CallEnded when the caller never
        acknowledged.
        """
        self._check()
        if self.answered:
            return
        self.a.accept()
        self.answered_at = self.a.answered_at
        self.emit(Kind.CALL_ANSWERED)
        if self.a.awaits_answer:
            await self._wait_for_ack()

    async def _wait_for_ack(self) -> None:
        """The caller left the offer to us: nothing can be heard until its answer came in the ACK."""
        deadline = asyncio.get_running_loop().time() + ACK_TIMEOUT_S
        while self.a.awaits_answer:
            if asyncio.get_running_loop().time() > deadline:
                await self.hangup("lost", 408)
            self._check()
            await asyncio.sleep(0.02)

    async def play(self, clips: Sequence[Any], *, interruptible: bool = False) -> str:
        """Plays `clips` one after the other; with `interruptible` a digit stops them and is returned, else "".

        An unanswered caller hears them as early media (183); music that runs goes on afterwards.
        """
        self._check()
        self._bridged = None
        if not self.answered and not self.a.start_early_media():
            await self.answer()
        if interruptible and len(self._digits):
            return self._digits.take()
        assert self.a.media is not None
        playing = self.a.media.play(list(clips))
        try:
            return await self._listen(playing, interruptible)
        finally:
            if not playing.done() and self.a.media is not None:
                self.a.media.stop_play()
            self._resume_music()

    async def _listen(self, playing: asyncio.Future[bool], interruptible: bool) -> str:
        if not interruptible:
            await asyncio.shield(playing)
            return ""
        digits = self._digits

        def over(_: asyncio.Future[bool]) -> None:
            digits.wake()

        playing.add_done_callback(over)
        try:
            while not playing.done():
                digit = await digits.wait()
                if digit:
                    return digit
        finally:
            playing.remove_done_callback(over)
        return ""

    async def say(self, text: str | Mapping[str, str], *, interruptible: bool = False) -> str:
        """Speaks `text` in the call's language; a mapping gives the text by language. KeyError when it has none that
        fits.
        """
        if not isinstance(text, str):
            language = self.language if self.language in text else self.services.config.server.language
            if language not in text:
                raise KeyError(f"no text for language {self.language!r} nor {language!r}: {sorted(text)}")
            words = text[language]
        else:
            language, words = self.language, text
        clip = await self.services.prompts.get(words, language)
        return await self.play([clip], interruptible=interruptible)

    async def collect(
        self,
        *,
        minimum: int = 1,
        maximum: int = 1,
        timeout_s: float = 5.0,
        between_s: float = 3.0,
        terminator: str = "#",
        prompt: Sequence[Any] | None = None,
    ) -> str:
        """Collects digits, RFC 4733, INFO and in-band alike; those pressed before count.

        The first digit is waited for `timeout_s` after `prompt` (clips, stopped by a digit), each further one
        `between_s`.
        Returns what came, without the terminator: "" or fewer than `minimum` digits when the caller did not press
        enough.
        """
        self._check()
        collected = ""
        digit = await self.play(prompt, interruptible=True) if prompt else ""
        while True:
            if not digit:
                digit = await self._digits.wait(between_s if collected else timeout_s)
            if not digit or (terminator and digit == terminator and (collected or minimum == 0 or maximum > 1)):
                return collected
            collected += digit
            if len(collected) >= maximum:
                return collected
            digit = ""

    def unread_digit(self, digit: str) -> None:
        """Puts back a digit that interrupted `play`, for the next `collect`."""
        self._digits.put_back(digit)

    def clear_digits(self) -> None:
        """Forgets digits that were pressed and not collected."""
        self._digits.clear()

    def start_music(self, name: str = "default") -> None:
        """Plays music until `stop_music` or a bridge; announcements of `play` interrupt it."""
        self._check()
        if not self.answered and not self.a.start_early_media():
            raise CallEnded("music needs an answered call: the caller's INVITE had no SDP")
        self._music = self.services.prompts.music(name)
        self._resume_music()

    def stop_music(self) -> None:
        if self._music is not None:
            self._music = None
            if self.a.media is not None:
                self.a.media.stop_play()

    def _resume_music(self) -> None:
        if self._music is not None and self.a.media is not None and self.a.peer is None:
            self.a.media.play([self._music], repeat=True)

    # -- other legs -----------------------------------------------------------------------------------------------

    def originate(
        self, target: str, *, timeout_s: float, role: str = "callee", headers: Sequence[str] = (), account: str = ""
    ) -> OutgoingLeg:
        """Starts a leg to an extension or number, on the caller's media worker; what goes wrong `leg.answered()` tells.

        `account` is the extension that pays for an outbound leg: the calling one unless another is named.
        """
        self._check()
        self._legs_started += 1
        services = self.services
        name = f"b{self._legs_started}"
        leg = OutgoingLeg(self, name, role, target)
        self.legs.append(leg)
        try:
            dialled = services.dialplan.resolve(self, target, account)
        except DialFailed as failure:
            leg.refuse(failure)
            return leg
        leg.trunk = dialled.trunk
        leg.start(dialled, timeout_s=timeout_s, headers=headers, near=self.a.media)
        return leg

    async def bridge(self, leg: OutgoingLeg, *, record: bool = False) -> BridgeResult:
        """Both hear each other until one hangs up; answers the caller first. Returns when the other side hung up."""
        self._check()
        self._music = None
        await self.answer()
        self._bridged = await bridging.join(self, leg, record=record)
        return self._bridged

    async def dial(self, target: str, *, timeout_s: float, role: str = "callee", record: bool = False) -> DialResult:
        """Rings `target`, follows its forwarding, bridges, and waits until the end. Never raises for a target that
        fails.
        """
        self._check()
        return await dialing.dial(self, target, timeout_s=timeout_s, role=role, record=record)

    # -- what the legs tell ---------------------------------------------------------------------------------------

    def on_leg_digit(self, leg: Leg, digit: str, method: str) -> None:
        """A digit of any leg: INFO ones are carried over a bridge, the caller's go to the application when there is
        none.
        """
        self.emit(Kind.DIGIT, leg.name, digit=digit, method=method)
        peer = leg.peer
        if peer is not None:
            if method == "info" and peer.media is not None:
                peer.media.send_digits(digit)
        elif leg is self.a:
            self._digits.press(digit)

    def on_leg_ringing(self, leg: OutgoingLeg) -> None:
        """The caller hears that it rings: 180, or a tone when the call is answered already and no music runs."""
        if leg is not self.dialling or self.a.is_ended:
            return
        if not self.answered and not self.a.early:
            self.a.ring()
        elif self._music is None and self.a.media is not None:
            self.a.media.play([self.services.prompts.ringback()], repeat=True)

    def on_leg_early(self, leg: OutgoingLeg) -> None:
        """Early media of a dialled leg are passed to the caller."""
        if leg is not self.dialling or self.a.is_ended:
            return
        if self.answered or self.a.start_early_media():
            self._music = None
            self.a.join(leg)
        else:
            self.a.ring()

    def on_leg_ended(self, leg: Leg) -> None:
        """The caller's leg ends the call; any other only leaves it."""
        if leg is not self.a:
            assert isinstance(leg, OutgoingLeg)
            if leg in self.legs:
                self.legs.remove(leg)
            self._give_back(leg)
            return
        self._end(leg.cause, leg.sip_status, "caller" if leg.by_far_end else "pbx")
        self._digits.wake()
        if self._task is not None and not self.ended and self._task is not asyncio.current_task():
            self._task.cancel()

    def _give_back(self, leg: OutgoingLeg) -> None:
        """The leg's place in the limits, and its talk from the payer's allowance."""
        limits = self.services.limits
        limits.release(leg.limit_keys)
        if leg.account and leg.answered_at:
            limits.spend(leg.account, asyncio.get_running_loop().time() - leg.answered_at)
