"""The life of a call: its task, what ends it and why, and that nothing of it is left when it is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from pbx.call.bridge import BridgeResult
from pbx.call.caller import CallerLeg
from pbx.call.causes import for_caller, status_of
from pbx.call.digits import Digits
from pbx.call.errors import CallEnded, DialFailed, RouteError
from pbx.call.leg import Leg
from pbx.call.originated import OriginatedLeg, OriginatedTrunkLeg
from pbx.call.outgoing import OutgoingLeg
from pbx.call.setup import Setup
from pbx.events import CallEvent, Kind
from pbx.numbers.prices import MICRO

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import Session
    from pbx.call.recorder import Tape
    from pbx.call.services import Services
    from pbx.call.transfer.transfer import Transfer
    from pbx.call.trunks.meter import Meter

log = logging.getLogger("centrala.call")
# Bound here: a member of an enumeration is looked up thirty times slower than a name of the module.
_CALL_STARTED, _CALL_ROUTED, _CALL_ENDED = Kind.CALL_STARTED, Kind.CALL_ROUTED, Kind.CALL_ENDED


class Life:
    """Base of `pbx.call.call.Call`, which adds what applications do with a call."""

    __slots__ = (
        "__weakref__",
        "_bridged",
        "_digits",
        "_legs_started",
        "_meter",
        "_music",
        "_next",
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
        "last_wait",
        "legs",
        "loop",
        "nothing_follows",
        "queue",
        "reason_line",
        "recordings",
        "rings_all",
        "services",
        "setup",
        "sip_status",
        "started",
        "started_at",
        "tape",
        "transfer",
        "variables",
    )

    def __init__(self, services: Services, session: Session | None, setup: Setup, call_id: str) -> None:
        """`session` None: the caller is still to be rung (`pbx.call.originated`)."""
        self.id = call_id
        self.services = services
        self.setup = setup
        self.application = setup.application
        self.language: str = services.dialplan.language_of(setup.extension) or services.config.server.language
        self.variables: dict[str, Any] = {}
        self.queue = ""  # the queue that holds the call, for lists; set by the queue
        self.started_at = services.clock.unix()
        self.loop = asyncio.get_running_loop()  # kept: to ask asyncio for it is a system call each time
        self.started = self.loop.time()
        self.answered_at = 0.0  # the loop's seconds; 0.0 while not answered
        self.admitted = False  # CALL_STARTED was published
        self.ended = False
        self.ended_by = ""  # "caller", "callee" or "pbx"
        self.cause = ""
        self.reason_line = ""  # the far end's Reason for ending the call, said on to the others (RFC 3326)
        self.sip_status = 0
        call = cast("Call", self)
        self.a: CallerLeg | OriginatedLeg | OriginatedTrunkLeg = (
            OriginatedLeg(call) if session is None else CallerLeg(call, session)
        )
        self.legs: list[OutgoingLeg] = []  # alive, in the order they were started
        self.dialling: OutgoingLeg | None = None  # its progress is the caller's to hear
        # Whose end the application waits for in a bridge, when all it does then is return; set by such an application.
        self.last_wait: OutgoingLeg | None = None
        self.nothing_follows = False
        self.rings_all = False  # every leg that rings is the caller's to hear
        self._legs_started = 0
        self.transfer: Transfer | None = None  # under way, or the last one
        self.tape: Tape | None = None  # its recording, while it has one
        self.recordings = 0  # begun so far
        self._digits = Digits()
        self._music: Any = None
        self._bridged: BridgeResult | None = None  # the bridge that ended last, until the caller hears something else
        self._meter: Meter | None = None  # charges the caller's talk, when it was dialled once
        self._spawned: set[asyncio.Task[Any]] | None = None
        self._task: asyncio.Task[None] | None = None
        self._on_end: Callable[[Any], None] | None = None
        self._next: Callable[[Any], Awaitable[None]] | None = None  # takes the call over from the application
        if session is not None:
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
    def recording(self) -> bool:
        """Whether what the caller talks is recorded."""
        return self.tape is not None

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

    def start(self, application: Callable[[Any], Awaitable[None]], on_end: Callable[[Any], None] | None = None) -> None:
        """Runs `application` as the call's task; `on_end(call)` is called once, when everything is closed."""
        self._on_end = on_end
        self.admitted = True
        services = self.services
        started = CallEvent(_CALL_STARTED, self.id, "a", services.clock.unix(), self.setup.record())
        services.bus.publish(started)
        if services.attribute is not None:
            services.attribute(self.id, self.setup, started.at)
        self.emit(_CALL_ROUTED, application=self.setup.application)
        self._task = self.loop.create_task(self._run(application))
        self._task.add_done_callback(self._finish)

    async def _run(self, application: Callable[[Any], Awaitable[None]]) -> None:
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
        """Notes why the call ends; what was noted first stays. `status` may be another leg's."""
        if not self.ended_by:
            self.cause, self.sip_status, self.ended_by = cause, for_caller(status), by

    def _finish(self, _task: asyncio.Task[None]) -> None:
        """The task is over, by itself or cancelled before its first step: closes all, and leaves no reference
        behind.
        """
        if self.ended:
            return
        if self._next is not None and not self.ended_by and not self.a.is_ended:
            self._hand_over(self._next)
            return
        if _task.cancelled():  # by nobody who said why: the application awaited something that was cancelled
            self._end("error", 500, "pbx")
        elif self._bridged is not None:
            self._end(self._bridged.cause, 200, self._bridged.ended_by)
        else:
            self._end("normal", 480, "pbx")
        if self.transfer is not None:
            self.transfer.over()
            self.transfer = None
        self.ended = True
        self.services.recorder.stop(cast("Call", self))
        for task in self._spawned or ():
            task.cancel()
        self._spawned = None
        for leg in tuple(self.legs):
            leg.finish(self.cause, self.sip_status if not leg.answered_at else 200)
        status = 200 if self.answered else self.sip_status
        self.a.finish(self.cause, status)
        setup_s = self.answered_at - self.started if self.answered else None
        self.emit(_CALL_ENDED, cause=self.cause, sip_status=status, ended_by=self.ended_by, setup_s=setup_s)
        self._task = self.dialling = self._music = self._next = None
        if self._meter is not None:
            self.settle("a", self.trunk, self._meter)
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self)

    async def hangup(self, cause: str = "normal", status: int = 0, *, by: str = "pbx") -> None:
        """Ends the call: BYE when answered, else `status` (0: what fits `cause`). The application should return after
        it.

        A party who is being transferred and reached nobody goes back to the transferor instead.
        """
        status = status or status_of(cause)
        if self.transfer is not None and self.transfer.refused(cause, status):
            return
        self._end(cause, status, by)
        self.a.finish(self.cause, 200 if self.answered else self.sip_status)

    def terminate(self, cause: str = "shutdown", by: str = "pbx") -> None:
        """Ends the call from outside its application (CLI, API, shutdown)."""
        self._end(cause, status_of(cause), by)
        if self._task is not None:
            self._task.cancel()

    async def over(self) -> None:
        """Waits for the end of the call, from outside of it."""
        while not self.ended and self._task is not None:
            await asyncio.wait({self._task})
            await asyncio.sleep(0)  # what is done when the task is over has had its turn

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs `work` beside the application; it is cancelled with the call at the latest."""
        self._check()
        task = self.loop.create_task(work)
        if self._spawned is None:
            self._spawned = set()
        self._spawned.add(task)
        task.add_done_callback(self._spawned_done)
        return task

    def _spawned_done(self, task: asyncio.Task[Any]) -> None:
        """Forgets a spawned task; what it raised is logged and counted, and costs the call nothing."""
        if self._spawned is not None:
            self._spawned.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, (CallEnded, DialFailed)):
            log.error("call %s: work beside the application failed", self.id, exc_info=error)
            self.services.counters.application_errors += 1

    def redirect(self, application: Callable[[Any], Awaitable[None]], name: str) -> None:
        """Another application takes the call: the present one is cancelled where it stands, its legs are ended.

        Legs that are to live on have to be detached before (`pbx.call.moving`).
        """
        self._check()
        self._next = application
        self.application = name
        if self._task is not None:
            self._task.cancel()

    def _hand_over(self, application: Callable[[Any], Awaitable[None]]) -> None:
        """What the former application left is ended; the next one begins."""
        self._next = self.dialling = self._bridged = self._music = None
        self.nothing_follows = False
        for leg in tuple(self.legs):
            if not self.keeps(leg):
                leg.finish("normal", 200 if leg.answered_at else 487)
        self.a.part()
        if self.a.media is not None:
            self.a.media.stop_play()
        self._digits.clear()
        self.emit(_CALL_ROUTED, application=self.application)
        self._task = self.loop.create_task(self._run(application))
        self._task.add_done_callback(self._finish)

    def keeps(self, leg: Leg) -> bool:
        """Whether a transfer still needs `leg`: then its former application must not hang it up."""
        return self.transfer is not None and self.transfer.keeps(leg)

    def charge(self, meter: Meter) -> None:
        """The caller's talk goes on being charged by `meter`; when what it may use is used up the call ends."""
        meter.on_spent = self.terminate
        self._meter = meter

    def give_meter(self) -> Meter | None:
        """What charges the caller's talk, if anything does: from now on somebody else settles it."""
        meter, self._meter = self._meter, None
        return meter

    def next_leg_name(self) -> str:
        self._legs_started += 1
        return f"b{self._legs_started}"

    def emit(self, kind: Kind, leg: str = "a", /, **data: Any) -> None:
        """Publishes one step of the journey, of the caller's leg unless `leg` names another."""
        services = self.services
        services.bus.publish(CallEvent(kind, self.id, leg, services.clock.unix(), data))

    def _check(self) -> None:
        if self.ended or self.a.is_ended:
            raise CallEnded(f"call {self.id} is over: {self.cause}")

    # -- the end of a leg -----------------------------------------------------------------------------------------

    def on_leg_ended(self, leg: Leg) -> None:
        """The caller's leg ends the call; any other only leaves it."""
        if self.transfer is not None:
            self.transfer.left(leg)
        if leg is not self.a:
            assert isinstance(leg, OutgoingLeg)
            if leg in self.legs:
                self.legs.remove(leg)
            self._give_back(leg)
            return
        if type(leg) is not CallerLeg:  # we rang the caller
            assert isinstance(leg, OutgoingLeg)
            self._give_back(leg)
        self._end(leg.cause, leg.sip_status, "caller" if leg.by_far_end else "pbx")
        self._digits.wake()
        if self.last_wait is not None:  # to unwind a coroutine by an exception costs more than to let it return
            self.last_wait.tell()
        elif self._task is not None and not self.ended and self._task is not asyncio.current_task(self.loop):
            self._task.cancel()

    def _give_back(self, leg: OutgoingLeg) -> None:
        """The leg's place in the limits, and its talk from the payer's allowance."""
        self.services.limits.release(leg.limit_keys)
        if leg.meter is not None:
            self.settle(leg.name, leg.trunk, leg.meter)

    def settle(self, leg: str, trunk: str, meter: Meter) -> None:
        """Ends the charging of a leg; what it cost becomes a step of the journey."""
        charge = meter.stop()
        if charge is None or meter.price is None:
            return
        carrier = self.services.trunks.get(trunk)
        currency = carrier.config.currency if carrier is not None else ""
        self.emit(
            Kind.LEG_CHARGED, leg, trunk=trunk, cost=charge.money / MICRO, currency=currency, seconds=charge.seconds
        )
