"""A leg that we start: one or several INVITEs in parallel with one stream and one offer; the first answer wins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pbx.call.causes import ELSEWHERE, reason_header
from pbx.call.dialled import Contact, Dialled
from pbx.call.errors import DialFailed
from pbx.call.forking import by_q, rank
from pbx.call.leg import Leg
from pbx.call.media_security import secure
from pbx.call.negotiation import sdp_status
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import Media, Session
    from pbx.call.trunks.meter import Meter

log = logging.getLogger("centrala.call")
# Bound here: a member of an enumeration is looked up thirty times slower than a name of the module.
_LEG_STARTED, _LEG_RINGING, _LEG_ANSWERED = Kind.LEG_STARTED, Kind.LEG_RINGING, Kind.LEG_ANSWERED


class OutgoingLeg(Leg):
    """Use: `leg = call.originate("101", timeout_s=20)`, `await leg.answered()`, then `await call.bridge(leg)`."""

    __slots__ = (
        "_best",
        "_branches",
        "_dialled",
        "_failure",
        "_headers",
        "_later",
        "_offer",
        "_share_s",
        "_timer",
        "_towards",
        "_turn",
        "_waiting",
        "ringing",
    )

    def __init__(self, call: Call, name: str, role: str, target: str, trunk: str = "") -> None:
        super().__init__(call, name, role, target, trunk)
        self.ringing = False
        self._branches: list[Session] = []
        self._waiting = 0  # branches without a final response
        self._dialled: Dialled | None = None
        self._headers: Sequence[str] = ()
        self._offer = b""
        self._towards = ""  # the host that `_offer` is for
        self._best: DialFailed | None = None  # of the branches that failed so far
        self._failure: DialFailed | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._later: list[list[Contact]] = []  # those with a lower q, who ring when these have had their turn
        self._turn: asyncio.TimerHandle | None = None  # the end of the turn of those who ring
        self._share_s = 0.0

    # -- for applications ----------------------------------------------------------------------------------------

    @property
    def pending(self) -> bool:
        """Whether it is neither answered nor certain that it never will be."""
        return not self.answered_at and self._failure is None

    async def answered(self) -> bool:
        """Waits until the leg is answered and returns True; raises DialFailed when it never will be."""
        while not self.answered_at and self._failure is None:
            await self.change()
        failure = self._failure
        if failure is not None:  # a new one: the traceback of one that is kept would keep the call's frames
            raise DialFailed(failure.status, failure.reason, failure.cause)
        return True

    def cancel(self, reason: str = "") -> None:
        """Stops ringing, or hangs up; `reason` "elsewhere" tells the phone that the call was taken by another."""
        if not self.is_ended:
            self._fail(DialFailed(487, "Cancelled", "elsewhere" if reason == "elsewhere" else "cancelled"))

    def hangup(self, cause: str = "normal") -> None:
        """Ends the leg; the rest of the call goes on."""
        if self.answered_at:
            self.finish(cause, 200)
        else:
            self.cancel()

    def take_over(self, source: Leg, dialled: Dialled, cause: str) -> None:
        """The far end of `source` answers in place of what rings here; `source` ends with `cause`."""
        call = self.live_call
        call.services.limits.release(self.limit_keys)
        self._stop_timer()
        branches, self._branches = self._branches, []
        for session in branches:
            session.observer = None
            session.cancel((ELSEWHERE,))
        self._offer, self._pending_offer = b"", b""
        self._dialled = dialled
        self.target, self.trunk = dialled.target, dialled.trunk
        self._charge_on()
        source.give(self, cause)
        call.emit(_LEG_ANSWERED, self.name)
        self.tell()

    @property
    def dialled(self) -> Dialled | None:
        """Whom the leg was started for, and what that costs."""
        return self._dialled

    def rename(self, dialled: Dialled) -> None:
        """Another far end has taken the leg over."""
        self._dialled = dialled
        self.target, self.trunk = dialled.target, dialled.trunk
        self._charge_on()

    def _charge_on(self) -> None:
        """What charged the far end before goes on doing so, and ends this leg when it is used up."""
        meter = self.meter
        if meter is not None:
            meter.on_spent = self._spent

    def _spent(self, cause: str) -> None:
        self.finish(cause, 200)

    def keep_limits(self) -> None:
        """The leg's places in the limits go on being held by somebody else, who is charged for its talk too."""
        if self._dialled is not None:
            self._dialled = replace(self._dialled, limit_keys=(), meter=None, hunt=None)

    @property
    def came_from_elsewhere(self) -> bool:
        """Whether its far end came out of another leg: it was never called for this one."""
        return self._dialled is not None and not self._dialled.contacts

    @property
    def heard(self) -> bool:
        """Whether any far end has said anything, a 100 at least; True for one that is answered or over."""
        return not self._branches or any(session.heard for session in self._branches)

    @property
    def failure(self) -> DialFailed | None:
        """Why the leg was not answered; None while it rings or when it was."""
        return self._failure

    # -- starting ------------------------------------------------------------------------------------------------

    def start(self, dialled: Dialled, *, timeout_s: float, headers: Sequence[str], near: Media | None) -> None:
        """Sends the INVITEs. What fails here is told by `answered`, as every other failure."""
        self._dialled = dialled
        call = self.live_call
        call.emit(_LEG_STARTED, self.name, role=self.role, target=self.target, trunk=self.trunk)
        try:
            self.open_media(near)
            self._offer_towards(dialled.contacts[0].destination)
        except Exception as error:
            self._fail(DialFailed(sdp_status(error), str(error)))
            return
        self._timer = call.loop.call_later(timeout_s, self._timed_out)
        self._headers = headers
        call.reason_line = ""
        contacts: Sequence[Contact] = dialled.contacts
        if len(contacts) > 1:
            contacts, *self._later = by_q(contacts)
            if self._later:
                self._share_s = timeout_s / (len(self._later) + 1)
                self._turn = call.loop.call_later(self._share_s, self._next_turn)
        self._ring(dialled, contacts)

    def _ring(self, dialled: Dialled, contacts: Sequence[Contact]) -> None:
        self._waiting = len(contacts)
        for contact in contacts:
            if not self.is_ended:
                self._branches.append(self._invite(dialled, contact, self._headers))

    def _next_turn(self) -> None:
        """Those with the next lower q ring instead of those who did not answer."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        dialled = self._dialled
        if self.is_ended or not self._later or dialled is None:
            return
        branches, self._branches = self._branches, []
        for session in branches:
            session.observer = None
            session.cancel((reason_header("no_answer"),))
        contacts = self._later.pop(0)
        if self._later:
            self._turn = self.live_call.loop.call_later(self._share_s, self._next_turn)
        self._ring(dialled, contacts)

    def signalling_ip(self) -> str:
        """Where the far end's SIP comes from; before its answer, where the INVITE goes."""
        if self.session is not None:
            return super().signalling_ip()
        return self._towards

    def _offer_towards(self, destination: Any) -> bytes:
        """Our offer for a phone there: on a wildcard socket the address it can reach depends on the way to it, and of
        optional encryption a browser can do DTLS alone.
        """
        host, call = destination.host, self.live_call
        policies, media = call.services.media_policies, self.media
        browser = False
        if media is not None and call.services.digit_ways.any:
            media.signalled_digits = call.services.digit_ways.by_info(self.target, self.trunk)
        if policies.any and media is not None:
            if not self._offer:
                secure(self, policies.of(self.target, self.trunk))
            browser = destination.transport in ("ws", "wss")
        security = media.security if media is not None else None
        if host != self._towards or not self._offer or (security is not None and security.browser != browser):
            self._towards = host
            if security is not None:
                security.browser = browser
            self._offer = self.make_offer(call.a.settings.codec if call.a.settings is not None else -1)
        return self._offer

    def refuse(self, failure: DialFailed) -> None:
        """Records that the target could not even be tried."""
        self.live_call.emit(_LEG_STARTED, self.name, role=self.role, target=self.target, trunk=self.trunk)
        # A new one, without the traceback: its frames hold us.
        self._fail(DialFailed(failure.status, failure.reason, failure.cause))

    def _invite(self, dialled: Dialled, contact: Contact, headers: Sequence[str]) -> Session:
        return self.live_call.services.agent.invite(
            uri=contact.uri,
            destination=contact.destination,
            from_=dialled.from_,
            to=dialled.to,
            body=self._offer_towards(contact.destination),
            headers=headers,
            contact_user=dialled.contact_user,
            observer=self,
            credentials=contact.credentials,
            route_set=contact.route_set,
            follow_contact=self._follow_contact(),
            max_forwards=self.live_call.setup.max_forwards,
            alternatives=contact.alternatives,
            extensions=self.live_call.services.sip_policies.of(self.target, self.trunk),
        )

    def _follow_contact(self) -> Callable[[str], bool] | None:
        """Which other addresses are the far end's: those of its trunk."""
        trunk = self.live_call.services.trunks.get(self.trunk) if self.trunk else None
        return trunk.is_peer if trunk is not None else None

    def _timed_out(self) -> None:
        self._timer = None
        self._fail(DialFailed(480 if self.ringing else 408, "No answer", "no_answer"))

    # -- the dialogs' events -------------------------------------------------------------------------------------

    def on_progress(self, _session: Session, status: int, _reason: str, body: bytes, _response: Any) -> None:
        """180 and friends; the first SDP that comes with one is early media."""
        if self.is_ended or self.answered_at or status < 180:
            return
        if not self.ringing:
            self.ringing = True
            self.live_call.emit(_LEG_RINGING, self.name)
        if body and self.settings is None:
            try:
                self.take_answer(body)
            except Exception as error:
                log.info("call %s leg %s: early SDP refused: %s", self.live_call.id, self.name, error)
            else:
                self.live_call.on_leg_early(self)
                return
        if self.settings is None and status != 183:
            self.live_call.on_leg_ringing(self)

    def on_other_family(self, _session: Session, destination: Any) -> bytes:
        """A server that is reached by the other kind of address is told where to send to in kind."""
        return self._offer_towards(destination)

    def on_answer(self, session: Session, body: bytes, response: Any) -> None:
        """2xx: the first wins, the others are cancelled; one that crossed the CANCEL is hung up."""
        if self.is_ended or self.answered_at:
            self._drop(session)
            session.bye((ELSEWHERE,))
            return
        if not body and self.settings is None:
            self._refuse_answer(session, 488, "200 without SDP")
            return
        self.session = session
        self.takes_update = response is not None and "UPDATE" in (response.header("Allow") or "")
        try:
            if body:
                self._pending_offer = self._offer
                self.take_answer(body)
            else:
                self.configure()
        except Exception as error:
            self.session = None
            self._refuse_answer(session, sdp_status(error), str(error))
            return
        self._won(session)

    def _refuse_answer(self, session: Session, status: int, why: str) -> None:
        log.warning("call %s leg %s: answer not usable: %s", self.live_call.id, self.name, why)
        session.observer = None
        session.bye((reason_header("incompatible"),))
        self.on_failure(session, status, why, None)

    def _won(self, session: Session) -> None:
        self._drop(session)
        self._stop_timer()
        for other in self._branches:
            other.observer = None
            other.cancel((ELSEWHERE,))
        self._branches = []
        self._later = []
        self._offer = b""
        call = self.live_call
        call.reason_line = ""
        self.answered_at = call.loop.time()
        call.emit(_LEG_ANSWERED, self.name)
        if not self.settings.send:
            self._take_direction()
        self.tell()

    def on_failure(self, session: Session, status: int, reason: str, _response: Any) -> None:
        """A branch failed; the leg fails with its last branch, or at once when a phone refuses for all (6xx)."""
        if self.is_ended or self.answered_at:
            return
        if status in (401, 407):
            log.warning(
                "call %s: %s refuses our password",
                self.live_call.id,
                f"trunk {self.trunk}" if self.trunk else f"the phone of {self.target}",
            )
        self._drop(session)
        self._waiting -= 1
        failure = DialFailed(status, reason)
        if self._best is None or rank(failure) < rank(self._best):
            self._best = failure
        if self._waiting <= 0 and self._later and status < 600:
            self._next_turn()
        elif self._waiting <= 0 or status >= 600:
            if failure is self._best:
                self.live_call.reason_line = session.end_reason
            self._fail(self._best)

    def _drop(self, session: Session) -> None:
        if session in self._branches:
            self._branches.remove(session)

    # -- the end -------------------------------------------------------------------------------------------------

    def _fail(self, failure: DialFailed) -> None:
        if self.answered_at:
            self.finish("normal", 200)
            return
        self._failure = failure
        self.finish(failure.cause, failure.status)

    def _end_dialogs(self, cause: str, status: int) -> None:
        self._stop_timer()
        header = ELSEWHERE if cause == "elsewhere" else self.live_call.reason_line or reason_header(cause)
        branches, self._branches = self._branches, []
        for session in branches:
            session.observer = None
            session.cancel((header,))
        super()._end_dialogs(cause, status)
        if not self.answered_at and self._failure is None:
            self._failure = DialFailed(487, "Cancelled", "cancelled")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    @property
    def limit_keys(self) -> tuple[str, ...]:
        """What `pbx.call.limits` counts this leg under."""
        return self._dialled.limit_keys if self._dialled is not None else ()

    @property
    def meter(self) -> Meter | None:
        """What charges the talk of this leg, None when it costs nothing."""
        return self._dialled.meter if self._dialled is not None else None
