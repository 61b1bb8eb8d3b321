"""What a leg says of its stream: offers, answers, port and events (RFC 3264). `pbx.call.leg` has the rest."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from math import floor
from typing import TYPE_CHECKING, Any

from pbx.events import Kind
from pbx.sdp.reachable import ipv6_connection

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import Media, Session

log = logging.getLogger("centrala.call")


class LegMedia(ABC):
    """The half of a leg that opens, describes and closes its RTP stream."""

    __slots__ = (
        "__weakref__",
        "_pending_offer",
        "_sdp_id",
        "_sdp_version",
        "answered_at",
        "call",
        "configured",
        "hold_since",
        "live_call",
        "media",
        "name",
        "session",
        "settings",
    )

    def __init__(self, call: Call, name: str) -> None:
        self.call: Call | None = call
        self.live_call: Call = call  # for code that runs only while the leg is alive; gone when it is over
        self.name = name
        self.session: Session | None = None
        self.media: Media | None = None
        self.settings: Any = None
        self.configured = False  # the stream knows its far end
        self.answered_at = 0.0  # the loop's seconds; 0.0 while not answered
        self.hold_since = 0.0  # the loop's seconds; 0.0 while not held by its far end
        self._pending_offer = b""  # ours, waiting for the far end's answer
        self._sdp_id = 0
        self._sdp_version = 0

    @abstractmethod
    def finish(self, cause: str, status: int = 0, *, by_far_end: bool = False, say: bool = True) -> None:
        """Ends the leg: `pbx.call.leg.Leg.finish`."""

    @abstractmethod
    def _on_media_digit(self, digit: str, method: str) -> None:
        """A digit that the stream heard."""

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

    # -- the stream's events -------------------------------------------------------------------------------------

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
            "mos": floor(stats.mos * 100 + 0.5) / 100,  # round() is ten times as slow
            "worst_mos": floor(stats.worst_mos * 100 + 0.5) / 100,
            "bursts": stats.bursts,
            "round_trip_ms": floor(stats.round_trip_ms * 10 + 0.5) / 10,
            "level_dbm0": None if stats.level_dbm0 is None else floor(stats.level_dbm0 * 10 + 0.5) / 10,
            "remote_lost_share": floor(stats.remote_lost_share * 10_000 + 0.5) / 10_000,
        }
