"""Offer/answer with the configured codecs: the call layer's view of `pbx.sdp`."""

from __future__ import annotations

import logging

from pbx.config import Media
from pbx.sdp.codecs import CODECS
from pbx.sdp.offer_answer import MediaSettings, answer, make_offer, read_answer
from pbx.sdp.security import MediaSecurity

log = logging.getLogger("centrala.call")


class SdpNegotiator:
    """Codecs and packet time as configured; a bridge asks for the codec that the other leg has already."""

    def __init__(self, media: Media) -> None:
        self._codecs = tuple(media.codecs)
        self._ptime_ms = media.ptime_ms
        self._comfort_noise = media.comfort_noise
        self._ours_first = media.codec_choice == "ours"
        self._preferring = {
            CODECS[name].number: (name, *(other for other in self._codecs if other != name)) for name in self._codecs
        }

    def offer(
        self,
        ip: str,
        port: int,
        *,
        prefer: int,
        session_id: int,
        version: int,
        security: MediaSecurity | None = None,
    ) -> bytes:
        return make_offer(
            ip,
            port,
            codecs=self._preferring.get(prefer, self._codecs),
            ptime_ms=self._ptime_ms,
            session_id=session_id,
            version=version,
            comfort_noise=self._comfort_noise,
            security=security,
        )

    def answer(
        self,
        offer: bytes,
        ip: str,
        port: int,
        *,
        session_id: int,
        version: int,
        security: MediaSecurity | None = None,
    ) -> tuple[bytes, MediaSettings]:
        return answer(
            offer,
            ip,
            port,
            codecs=self._codecs,
            ptime_ms=self._ptime_ms,
            session_id=session_id,
            version=version,
            comfort_noise=self._comfort_noise,
            ours_first=self._ours_first,
            security=security,
        )

    def agreed(self, offer: bytes, answer: bytes, security: MediaSecurity | None = None) -> MediaSettings:
        # Of the offer only the family of our address matters: its codecs are the same every time, in another order.
        return read_answer(
            answer, codecs=self._codecs, ptime_ms=self._ptime_ms, ipv6=b"\nc=IN IP6" in offer, security=security
        )


def sdp_status(error: Exception) -> int:
    """The SIP status for what negotiation raised: SdpError's own, 503 without a free port, else 500 (and logged)."""
    status = getattr(error, "status", 0)
    if isinstance(status, int) and status:
        return status
    if isinstance(error, OSError):
        return 503
    log.error("negotiation failed", exc_info=error)
    return 500
