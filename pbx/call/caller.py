"""The caller's leg: the dialog of the INVITE that started the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.leg import Leg
from pbx.call.media_security import secure

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import Session


class CallerLeg(Leg):
    """The leg of the INVITE that started the call."""

    __slots__ = ("_answer_sdp", "_ringing", "early")

    def __init__(self, call: Call, session: Session, role: str = "caller") -> None:
        super().__init__(call, "a", role, call.caller, call.trunk)
        self.session = session
        self.early = False  # the caller was given our SDP in a 183
        self._ringing = False
        self._answer_sdp = b""

    def negotiate(self, offer: bytes) -> None:
        """Opens the stream and answers the INVITE's `offer`, before anything else is done for the call.

        b"": the INVITE had none, so ours goes out with the 200. Raises SdpError, OSError.
        """
        self.open_media()
        call = self.live_call
        if call.services.media_policies.any:
            secure(self, call.services.media_policies.of(call.setup.extension, self.trunk))
        if call.services.digit_ways.any and self.media is not None:
            self.media.signalled_digits = call.services.digit_ways.by_info(call.setup.extension, self.trunk)
        if offer:
            self._answer_sdp = self.answer_offer(offer)

    def ring(self) -> None:
        """180, once, and never after early media: the caller hears those."""
        if not self._ringing and not self.early and not self.answered_at and self.session is not None:
            self._ringing = True
            # A caller without an offer who requires reliable provisional responses gets ours with the first (RFC 3262).
            self.session.progress(180, None, self.make_offer() if self.session.wants_early_offer else b"")

    def start_early_media(self) -> bool:
        """183 with our SDP, once. False when the caller left the offer to us and has not answered it: then nothing can
        be heard before the answer.
        """
        if self.session is None or (not self._answer_sdp and self.settings is None):
            return False
        if not self.early and not self.answered_at:
            self.early = True
            self.configure()  # first: the caller's packets may be as fast as our response
            self.session.progress(183, None, self._answer_sdp)
        return True

    def accept(self) -> None:
        """200 with our SDP: the answer, or an offer when the INVITE had none."""
        assert self.session is not None
        self.answered_at = self.live_call.loop.time()
        if self._answer_sdp:
            self.configure()
            self.session.accept(self._answer_sdp)
            if not self.settings.send:
                self._take_direction()
        elif self._pending_offer or self.settings is not None:  # exchanged, or about to be, in a reliable response
            self.session.accept(b"")
        else:
            self.session.accept(self.make_offer())

    async def agreed(self) -> None:
        """Waits until the caller answered the offer of our 200, or is gone; at once when the offer was the caller's."""
        while self._pending_offer and not self.is_ended:
            await self.change()

    def on_established(self, session: Session, body: bytes) -> None:
        super().on_established(session, body)
        self.tell()

    def on_reinvite_answer(self, session: Session, status: int, body: bytes) -> None:
        super().on_reinvite_answer(session, status, body)
        if self._pending_offer and not self.answered_at and not self.is_ended:  # an early answer that cannot be used
            self.finish("incompatible", 488)
        self.tell()

    def on_cancelled(self, session: Session) -> None:
        if session.end_reason and self.call is not None:  # "completed elsewhere" is no missed call to our phones either
            self.call.reason_line = session.end_reason
        self.finish("cancelled", 487, by_far_end=True)
