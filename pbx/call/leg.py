"""One leg: a SIP dialog and the RTP stream that belongs to it. The B2BUA answers every re-INVITE itself (RFC 3264
section 8).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from pbx.call.causes import reason_header
from pbx.call.digits import Digits, info_digit
from pbx.call.media_security import secure
from pbx.call.music import hold_music
from pbx.call.passing import pass_message
from pbx.events import Kind
from pbx.sdp.reachable import ipv6_connection

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import Media, Session
    from pbx.sip.in_dialog import InDialogRequest
    from pbx.sip.message import Request

log = logging.getLogger("centrala.call")


class Leg:
    """What both kinds of leg share. `name` is "a" for the caller's, "b1", "b2"... for those we started."""

    __slots__ = (
        "__weakref__",
        "_ended",
        "_pending_offer",
        "_sdp_id",
        "_sdp_version",
        "_waiters",
        "answered_at",
        "by_far_end",
        "call",
        "cause",
        "configured",
        "digits",
        "hold_since",
        "is_ended",
        "media",
        "name",
        "peer",
        "role",
        "session",
        "settings",
        "sip_status",
        "target",
        "trunk",
    )

    def __init__(self, call: Call, name: str, role: str, target: str, trunk: str = "") -> None:
        self.call: Call | None = call
        self.name = name
        self.role = role
        self.target = target
        self.trunk = trunk
        self.session: Session | None = None
        self.media: Media | None = None
        self.settings: Any = None
        self.configured = False  # the stream knows its far end
        self.peer: Leg | None = None  # the leg that this one is bridged with
        self.answered_at = 0.0  # the loop's seconds; 0.0 while not answered
        self.digits: Digits | None = None  # what its far end pressed, for whoever asks it something outside a bridge
        self.hold_since = 0.0  # the loop's seconds; 0.0 while not held by its far end
        self.is_ended = False
        self.by_far_end = False  # the far end hung up
        self.cause = ""
        self.sip_status = 0
        self._ended: asyncio.Future[str] | None = None
        self._pending_offer = b""  # ours, waiting for the far end's answer
        self._sdp_id = 0
        self._sdp_version = 0
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
            await self._change()
        return self.cause

    async def _change(self) -> None:
        """Waits until the leg is answered, refused or over: each waiter has a future of its own, so that it can be
        cancelled without harm to the others.
        """
        waiter: asyncio.Future[None] = self.live_call.loop.create_future()
        self._waiters = (*self._waiters, waiter)
        await waiter

    def _tell(self) -> None:
        """Wakes those who wait for a change."""
        waiters, self._waiters = self._waiters, ()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    @property
    def live_call(self) -> Call:
        """The call, for code that runs only while the leg is alive."""
        assert self.call is not None, f"leg {self.name} is over"
        return self.call

    @property
    def extension(self) -> str:
        """The extension whose phone is the far end, "" when it is none of ours."""
        call = self.live_call
        if self is call.a:
            return call.extension
        return self.target if not self.trunk and self.target in call.services.dialplan.extensions else ""

    # -- media ---------------------------------------------------------------------------------------------------

    def open_media(self, near: Media | None = None) -> Media:
        """Opens the leg's stream, on the worker of `near`. OSError when no port is free."""
        if self.media is None:
            call = self.live_call
            media = self.media = call.services.media.open(near)
            media.on_digit = self._on_media_digit
            media.on_timeout = self._on_media_timeout
            media.on_quality = self._on_media_quality
            self._sdp_id = int(call.id[:12], 16)
        return self.media

    def make_offer(self, prefer: int = -1) -> bytes:
        """Our SDP offer on the leg's stream, with the codec `prefer` first (-1: as configured)."""
        call = self.live_call
        media = self.media or self.open_media()
        self._sdp_version += 1
        self._pending_offer = call.services.negotiator.offer(
            self._ip(media),
            media.local_port,
            prefer=prefer,
            session_id=self._sdp_id,
            version=self._sdp_version,
            security=media.security,
        )
        return self._pending_offer

    def answer_offer(self, offer: bytes) -> bytes:
        """Our SDP answer to the far end's offer; `settings` then hold what was agreed. Raises SdpError."""
        call = self.live_call
        media = self.media or self.open_media()
        self._sdp_version += 1
        body, self.settings = call.services.negotiator.answer(
            offer,
            self._ip(media, offer),
            media.local_port,
            session_id=self._sdp_id,
            version=self._sdp_version,
            security=media.security,
        )
        return body

    def take_answer(self, answer: bytes) -> None:
        """Takes the far end's answer to our offer and tells the stream. Raises SdpError."""
        security = self.media.security if self.media is not None else None
        self.settings = self.live_call.services.negotiator.agreed(self._pending_offer, answer, security)
        self._pending_offer = b""
        self.configure()

    def configure(self) -> None:
        """Tells the stream where its far end is, and opens the 2 s in which that may still move (security.md R9)."""
        if self.media is not None and self.settings is not None:
            self.media.configure(self.settings, signalling_ip=self.signalling_ip())
            self.configured = True

    def signalling_ip(self) -> str:
        source = self.session.source if self.session is not None else None
        return source.host if source is not None else ""

    def _ip(self, media: Media, offer: bytes = b"") -> str:
        peer = self.signalling_ip()
        if media.local_ip == "::" and offer:
            peer = ipv6_connection(offer) or peer  # media may go by another family than the signalling
        return self.live_call.services.addresses.media_ip(media.local_ip, peer)

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
        other.configured = self.configured
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

    # -- the stream's events -------------------------------------------------------------------------------------

    def _on_media_digit(self, digit: str, method: str) -> None:
        if self.call is not None:
            self.call.on_leg_digit(self, digit, method)

    def _on_media_timeout(self, silent_s: float) -> None:
        """No RTP: the phone vanished (R15). A far end that holds us may rightly be silent, so may one still ringing."""
        if self.call is None or not self.answered_at or self.hold_since:
            return
        self.call.emit(Kind.MEDIA_TIMEOUT, self.name, silent_s=silent_s)
        self.finish("media_timeout", 408)

    def _on_media_quality(self, faults: tuple[str, ...], mos: float) -> None:
        """The verdict on what the far end sends has changed. A held or ringing leg is not judged."""
        if self.call is None or not self.answered_at or self.hold_since:
            return
        if faults:
            self.call.emit(Kind.QUALITY_BAD, self.name, faults=list(faults), mos=mos)
        else:
            self.call.emit(Kind.QUALITY_GOOD, self.name, mos=mos)

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
            call.emit(Kind.LEG_ENDED, self.name, sip_status=status, cause=cause, **counters)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(cause)
        if self._waiters:
            self._tell()
        self.call = None
        call.on_leg_ended(self)

    def _end_dialogs(self, cause: str, status: int) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.observer = None  # nothing that still arrives concerns anybody
            if session.state != "terminated":
                session.end(status if status >= 300 else 480, (self.live_call.reason_line or reason_header(cause),))

    def _close_media(self) -> dict[str, Any]:
        media, self.media = self.media, None
        if media is None:
            return {}
        media.on_digit = media.on_timeout = media.on_quality = None
        stats = media.close()
        if stats is None:
            return {}
        return {
            "rx_packets": stats.rx_packets,
            "tx_packets": stats.tx_packets,
            "lost_packets": stats.lost_packets,
            "jitter_ms": stats.jitter_ms,
            "mos": round(stats.mos, 2),
            "worst_mos": round(stats.worst_mos, 2),
            "bursts": stats.bursts,
            "round_trip_ms": round(stats.round_trip_ms, 1),
            "level_dbm0": None if stats.level_dbm0 is None else round(stats.level_dbm0, 1),
            "remote_lost_share": round(stats.remote_lost_share, 4),
        }


def sdp_status(error: Exception) -> int:
    """The SIP status for what negotiation raised: SdpError's own, 503 without a free port, else 500 (and logged)."""
    status = getattr(error, "status", 0)
    if isinstance(status, int) and status:
        return status
    if isinstance(error, OSError):
        return 503
    log.error("negotiation failed", exc_info=error)
    return 500
