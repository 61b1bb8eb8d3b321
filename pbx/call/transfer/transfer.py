"""One transfer that is under way: what became of it, who is told, and the way back when the target does not answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pbx.call.causes import for_caller
from pbx.call.errors import CallEnded, DialFailed, RouteError
from pbx.call.moving import new_leg, take_caller
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.outgoing import OutgoingLeg
    from pbx.call.transfer.referral import Referral

log = logging.getLogger("centrala.call")

GRACE_S = 2.0  # the transferor's phone hangs up by itself after the last NOTIFY; after this we do
RING_S = 120.0  # a target that is no extension
UNDER_WAY, COMPLETED, FAILED = "under way", "completed", "failed"


class Transfer:
    """`call` is the transferred party's from now on, that party its caller; `leg` is the transferor's, while it lives.

    `leg` stays in its dialog until the transfer is decided: it is told the progress, and is there to come back to.
    """

    __slots__ = (
        "_referral",
        "application",
        "call",
        "extension",
        "into",
        "leg",
        "method",
        "record",
        "state",
        "target",
        "waits",
    )

    def __init__(
        self, leg: Leg, target: str, *, extension: str, method: str, referral: Referral | None, record: bool
    ) -> None:
        self.leg: Leg | None = leg
        self.target = target
        self.extension = extension  # the transferor, who pays
        self.method = method  # "refer", "code", "control"
        self.record = record
        self.state = UNDER_WAY
        self.call: Call | None = None
        self.into: OutgoingLeg | None = None  # an attended transfer's target, as a leg of `call`
        self.application: Application | None = None  # of a target that is no extension and no number outside
        self.waits = False  # `application` rings somebody: only a bridge completes the transfer
        self._referral = referral

    def begin(self, call: Call, mine: Call | None = None) -> None:
        """`call` carries the transfer from now on; `mine` is the transferor's own call, if that is another."""
        if self.leg is not None:
            self.leg.forget_hold()
        self.call = call
        call.transfer = self
        call.variables["transferred_by"] = self.extension
        self._emit(Kind.TRANSFER_STARTED, call)
        if mine is not None:
            mine.emit(Kind.TRANSFER_STARTED, by=self.extension, to=self.target, method=self.method, into_call=call.id)

    @property
    def is_done(self) -> bool:
        """Whether the target was reached."""
        return self.state == COMPLETED

    def keeps(self, leg: Leg) -> bool:
        """Whether `leg` must outlive the application that it was bridged by."""
        return leg is self.leg or leg is self.into

    # -- as the call's application ---------------------------------------------------------------------------------

    async def run(self, call: Call) -> None:
        """Connects the transferred party with the target, or with the transferor again when that fails."""
        failure: tuple[int, str] | None
        try:
            failure = await self._connect(call)
        except (RouteError, DialFailed) as error:
            failure = error.status, error.cause
        if failure is not None and self.state == UNDER_WAY:
            self._failed(call, *failure)
            await self.back(call)

    async def _connect(self, call: Call) -> tuple[int, str] | None:
        """None when the target was reached; otherwise status and cause."""
        if self.into is not None:
            await self._to(call, self.into)
            return None
        if self.application is not None:
            if not self.waits:
                self.connected()
            await self.application(call)
            return (480, "no_answer") if self.state == UNDER_WAY else None
        services = call.services
        payer = services.dialplan.extensions.get(self.extension)  # None: removed from the settings meanwhile
        target = services.dialplan.extensions.get(self.target)
        result = await call.dial(
            self.target,
            timeout_s=target.ring_timeout_s if target is not None else RING_S,
            record=self.record or (payer is not None and payer.record),
            account=self.extension,
            headers=self.headers(call),
        )
        if result.answered:
            self.connected()  # it led to an application, or is over again by now
            return None
        return for_caller(result.sip_status), result.cause

    async def _to(self, call: Call, leg: OutgoingLeg) -> None:
        """The target has a leg already, which may still ring."""
        if not leg.answered_at:
            call.dialling = leg
            if leg.ringing:
                call.on_leg_ringing(leg)
            try:
                await leg.answered()
            finally:
                call.dialling = None
        await call.bridge(leg, record=self.record)

    def headers(self, call: Call) -> tuple[str, ...]:
        """Who transfers, for the target's phone (RFC 3892): the account, whatever the REFER said."""
        return (f"Referred-By: <sip:{self.extension}@{call.services.config.sip.domain}>",)

    async def back(self, call: Call) -> None:
        """The transferred party goes back to the transferor: in the dialog that still stands, or by a new call."""
        leg = self._reclaim(call)
        if leg is not None:
            call.emit(Kind.TRANSFER_RETURNED, leg.name, extension=self.extension)
            try:
                await call.bridge(leg, record=self.record)
            finally:
                call.services.spare(leg)
            return
        ring_s = call.services.config.transfer.back_s
        if ring_s:
            result = await call.dial(self.extension, timeout_s=ring_s, record=self.record)
            if result.answered:
                return
        await call.hangup("no_answer")

    def _reclaim(self, call: Call) -> OutgoingLeg | None:
        """The transferor's leg as one of `call`, ready to be bridged; None when it is gone."""
        leg, self.leg = self.leg, None
        if leg is None or leg.is_ended or leg.call is None:
            return None
        if leg.call is call:
            return leg  # type: ignore[return-value] # the caller's own leg is never kept
        into = new_leg(call, self.extension)
        try:
            take_caller(leg.call, into, "transfer_returned")
        except CallEnded:
            into.finish("cancelled", 487)
            return None
        return into

    # -- what the call tells ---------------------------------------------------------------------------------------

    def ringing(self) -> None:
        """The target's phone rings."""
        if self.state == UNDER_WAY:
            self._tell(180)

    def connected(self) -> None:
        """The transferred party hears the target: the transferor is told and may go."""
        call = self.call
        if self.state != UNDER_WAY or call is None:
            return
        self.state = COMPLETED
        self._emit(Kind.TRANSFER_COMPLETED, call)
        self._tell(200)
        if self.leg is not None:
            call.loop.call_later(GRACE_S, self.release)

    def refused(self, cause: str, status: int) -> bool:
        """The application wants to hang up on a party who reached nobody yet: True when it comes back instead."""
        call = self.call
        if self.state != UNDER_WAY or call is None or call.a.is_ended:
            return False
        self._failed(call, status, cause)
        call.redirect(self.back, "transfer")
        return True

    def left(self, leg: Leg) -> None:
        """A leg of the call is over: nothing to do here, the application notices."""

    def over(self) -> None:
        """The call is over, whatever became of the transfer."""
        call = self.call
        if call is not None and self.state == UNDER_WAY:
            self._failed(call, 487, "cancelled")
        self.release()
        self.call = None

    def release(self) -> None:
        """The transferor leaves, if its phone has not hung up by itself."""
        leg, self.leg = self.leg, None
        if leg is None or leg.is_ended or leg.call is None:
            return
        if leg is leg.call.a:
            leg.call.terminate("transferred")
        elif not leg.call.services.spare(leg):
            leg.finish("transferred", 200)

    def _failed(self, call: Call, status: int, cause: str) -> None:
        self.state = FAILED
        call.emit(
            Kind.TRANSFER_FAILED, by=self.extension, to=self.target, cause=cause, sip_status=status, method=self.method
        )
        self._tell(status)

    def _emit(self, kind: Kind, call: Call) -> None:
        call.emit(kind, by=self.extension, to=self.target, method=self.method)

    def _tell(self, status: int) -> None:
        if self._referral is not None:
            self._referral.tell(status)


async def stay(call: Call) -> None:
    """The application of a transferor's own call until the transfer is decided: it hears nothing and waits."""
    await call.loop.create_future()
