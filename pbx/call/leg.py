"""One leg: a SIP dialog and the RTP stream that belongs to it. The B2BUA answers every re-INVITE itself (RFC 3264
section 8).
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from pbx.call.causes import WARNINGS, reason_header
from pbx.call.digits import Digits, info_digit
from pbx.call.leg_media import LegMedia
from pbx.call.media_security import secure
from pbx.call.music import hold_music
from pbx.call.negotiation import sdp_status
from pbx.call.passing import pass_message
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import Session
    from pbx.call.presses import Presses
    from pbx.call.transfer.referral import Referral
    from pbx.sip.in_dialog import InDialogRequest
    from pbx.sip.message import Request

log = logging.getLogger("centrala.call")
# Bound here: a member of an enumeration is looked up thirty times slower than a name of the module.
_LEG_ENDED = Kind.LEG_ENDED


class Leg(LegMedia):
    """What both kinds of leg share. `name` is "a" for the caller's, "b1", "b2"... for those we started."""

    __slots__ = (
        "_ended",
        "_waiters",
        "by_far_end",
        "cause",
        "digits",
        "is_ended",
        "peer",
        "presses",
        "referral",
        "role",
        "seized",
        "sip_status",
        "takes_update",
        "target",
        "trunk",
    )

    def __init__(self, call: Call, name: str, role: str, target: str, trunk: str = "") -> None:
        super().__init__(call, name)
        self.role = role
        self.target = target
        self.trunk = trunk
        self.peer: Leg | None = None  # the leg that this one is bridged with
        self.digits: Digits | None = None  # what its far end pressed, for whoever asks it something outside a bridge
        self.referral: Referral | None = None  # what its far end is told of the transfer that it asked for
        self.presses: Presses | None = None  # made with the first digit
        self.seized = False  # its far end was reached by an INVITE of ours to a trunk, in this leg or another
        self.takes_update: bool | None = None  # the far end allows UPDATE; None: nobody has looked yet
        self.is_ended = False
        self.by_far_end = False  # the far end hung up
        self.cause = ""
        self.sip_status = 0
        self._ended: asyncio.Future[str] | None = None
        self._waiters: tuple[asyncio.Future[None], ...] = ()

    @property
    def ended(self) -> asyncio.Future[str]:
        """Done with the cause when the leg is over. Do not await it bare in a task that may be cancelled: shield it."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
            if self.is_ended:
                self._ended.set_result(self.cause)
        return self._ended

    async def wait_ended(self) -> str:
        """Waits for the end of the leg, and may be cancelled; gives the cause."""
        while not self.is_ended:
            await self.change()
        return self.cause

    def change(self) -> asyncio.Future[None]:
        """Done when the leg is answered, refused or over: each waiter has a future of its own, so that it can be
        cancelled without harm to the others.
        """
        waiter: asyncio.Future[None] = self.live_call.loop.create_future()
        self._waiters = (*self._waiters, waiter)
        return waiter

    def tell(self) -> None:
        """Wakes those who wait for a change."""
        waiters, self._waiters = self._waiters, ()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    @property
    def extension(self) -> str:
        """The extension whose phone is the far end, "" when it is none of ours."""
        call = self.live_call
        if self is call.a:
            return call.extension
        return self.target if not self.trunk and self.target in call.services.dialplan.extensions else ""

    # -- changing hands ------------------------------------------------------------------------------------------

    def give(self, other: Leg, cause: str) -> None:
        """Dialog, stream and what was agreed go to `other`, which goes on as answered; this leg ends with `cause`.

        See `pbx.call.moving`.
        """
        self._hand(other)
        self.finish(cause, 200, say=False)

    def _hand(self, other: Leg) -> None:
        self.part()
        other.discard_media()
        media = self.media
        other.session, other.media, other.settings = self.session, media, self.settings
        other.configured, other.seized = self.configured, self.seized
        other.takes_update = self.takes_update
        other._sdp_id, other._sdp_version = self._sdp_id, self._sdp_version
        other._pending_offer, self._pending_offer = self._pending_offer, b""
        self.session = self.media = None
        if other.session is not None:
            other.session.observer = other
        if media is not None:
            media.stop_play()
            media.on_digit = other._on_media_digit
            media.on_timeout = other._on_media_timeout
            media.on_quality = other._on_media_quality
            secure(other, media.security)
        if self.hold_since:  # each leg accounts for the time that it was held itself
            other.hold_since = other.live_call.loop.time()
            other.live_call.emit(Kind.HOLD_STARTED, other.name)
        other.answered_at = other.live_call.loop.time()

    def discard_media(self) -> None:
        """Closes the stream of a leg that gets another."""
        self.part()
        media, self.media = self.media, None
        if media is not None:
            media.on_digit = media.on_timeout = media.on_quality = None
            media.close()

    # -- bridging ------------------------------------------------------------------------------------------------

    def join(self, other: Leg) -> None:
        """Both hear each other from now on; what either of them was listening to stops."""
        assert self.media is not None
        assert other.media is not None
        self.media.stop_play()
        other.media.stop_play()
        self.media.bridge(other.media)
        self.peer, other.peer = other, self
        for leg in (self, other):
            if leg.hold_since:
                leg._hold_music(True)

    def part(self) -> None:
        """Ends the bridge, if there is one."""
        peer, self.peer = self.peer, None
        if peer is None:
            return
        peer.peer = None
        if peer.media is not None and self.hold_since:
            peer.media.stop_play()
        if self.media is not None:
            if peer.hold_since:
                self.media.stop_play()
            self.media.unbridge()

    # -- hold (RFC 3264 section 8.4) -----------------------------------------------------------------------------

    def _take_direction(self) -> None:
        """Sees from the direction just agreed whether the far end held or resumed the call."""
        call = self.live_call
        held = not self.settings.send  # sendonly, inactive, or the 0.0.0.0 of RFC 2543
        now = call.loop.time()
        if held and not self.hold_since:
            self.hold_since = now
            call.emit(Kind.HOLD_STARTED, self.name)
            self._hold_music(True)
        elif not held and self.hold_since:
            hold_s, self.hold_since = now - self.hold_since, 0.0
            call.emit(Kind.HOLD_ENDED, self.name, hold_s=hold_s)
            self._hold_music(False)

    def forget_hold(self) -> None:
        """Whoever is held by this leg's far end is taken away from it: that time is over."""
        if self.hold_since:
            hold_s, self.hold_since = self.live_call.loop.time() - self.hold_since, 0.0
            self.live_call.emit(Kind.HOLD_ENDED, self.name, hold_s=hold_s)

    def _hold_music(self, on: bool) -> None:
        peer = self.peer
        if peer is None or peer.media is None:
            return
        if on:
            peer.media.play([hold_music(self.live_call, self, peer)], repeat=True)
        else:
            peer.media.stop_play()

    # -- the dialog's events that both kinds share ---------------------------------------------------------------

    def on_reinvite(self, session: Session, body: bytes) -> None:
        """A re-INVITE is answered here; the other leg does not notice but for hold."""
        try:
            if not body:
                session.accept_reinvite(self.make_offer(self.settings.codec if self.settings is not None else -1))
                return
            answer = self.answer_offer(body)
        except Exception as error:
            session.reject_reinvite(sdp_status(error))
            return
        session.accept_reinvite(answer)
        self.configure()
        self._take_direction()

    def on_established(self, _session: Session, body: bytes) -> None:
        """The ACK; its body answers an offer that our 200 carried."""
        if self._pending_offer:
            try:
                self.take_answer(body)
            except Exception as error:
                log.warning("call %s leg %s: answer in ACK refused: %s", self.live_call.id, self.name, error)
                self.finish("incompatible", 488)
                return
            self._take_direction()

    def on_reinvite_answer(self, _session: Session, status: int, body: bytes) -> None:
        """The answer to a re-INVITE of ours; a refusal leaves the media as they were (RFC 3261 section 14.1)."""
        if status >= 300 or not body:
            return
        if not self._pending_offer:  # a session timer repeated what was agreed, and the far end changed its part
            self._pending_offer = self.session.local_sdp if self.session is not None else b""
        try:
            self.take_answer(body)
        except Exception as error:
            log.warning("call %s leg %s: answer refused: %s", self.live_call.id, self.name, error)
            return
        self._take_direction()

    def on_info(self, _session: Session, content_type: str, body: bytes) -> None:
        digit = info_digit(content_type, body)
        if digit and self.call is not None:
            self.call.on_leg_digit(self, digit, "info")

    def on_refer(self, _session: Session, request: Request, handle: InDialogRequest) -> None:
        """The far end transfers the party that it talks to."""
        self.live_call.services.transfers.on_refer(self, request, handle)

    def on_notify(self, _session: Session, _request: Request, handle: InDialogRequest) -> None:
        """Nobody subscribed to anything in this dialog (RFC 6665 section 4.1.3)."""
        handle.respond(481)

    def on_message(self, _session: Session, request: Request, handle: InDialogRequest) -> None:
        pass_message(self, request, handle)

    def on_ended(self, session: Session, reason: str) -> None:
        """BYE from the far end, or the dialog died: no ACK, no answer to a request of ours."""
        if reason == "bye":
            if session.end_reason and self.call is not None:
                self.call.reason_line = session.end_reason
            self.finish("normal", 200, by_far_end=True)
        else:  # "expired": nobody refreshed the session (RFC 4028), such as a phone that lost its power
            self.finish("expired" if reason == "expired" else "lost", 408)

    def _on_media_digit(self, digit: str, method: str) -> None:
        if self.call is not None:
            self.call.on_leg_digit(self, digit, method)

    # -- the end -------------------------------------------------------------------------------------------------

    def finish(self, cause: str, status: int = 0, *, by_far_end: bool = False, say: bool = True) -> None:
        """Ends the leg, whatever its state: dialog, stream and bridge. Idempotent; LEG_ENDED is published once.

        `say` False leaves the dialog to the caller of this method.
        """
        if self.is_ended:
            return
        call = self.live_call
        self.is_ended = True
        self.by_far_end = by_far_end
        self.cause = cause
        self.sip_status = status
        if self.peer is not None:
            self.part()
        if self.hold_since:
            hold_s, self.hold_since = call.loop.time() - self.hold_since, 0.0
            call.emit(Kind.HOLD_ENDED, self.name, hold_s=hold_s)
        if say:
            self._end_dialogs(cause, status)
        counters = self._close_media()
        if call.admitted:
            call.emit(_LEG_ENDED, self.name, sip_status=status, cause=cause, **counters)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(cause)
        if self._waiters:
            self.tell()
        self.call = None
        del self.live_call
        call.on_leg_ended(self)

    def _end_dialogs(self, cause: str, status: int) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.observer = None  # nothing that still arrives concerns anybody
            if session.state == "terminated":
                return
            status = status if status >= 300 else 480
            headers = (self.live_call.reason_line or reason_header(cause), *WARNINGS.get(cause, ()))
            if self.referral is None:
                session.end(status, headers)
            else:  # the phone hears first how its transfer ended
                self.referral.end_dialog(self.live_call.loop, partial(session.end, status, headers))
