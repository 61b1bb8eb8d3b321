"""Offer/answer with the configured codecs: the call layer's view of `pbx.sdp`."""

from __future__ import annotations

from pbx.config import Media
from pbx.sdp.codecs import CODECS
from pbx.sdp.offer_answer import MediaSettings, answer, make_offer, read_answer


class SdpNegotiator:
    """Codecs and packet time as configured; a bridge asks for the codec that the other leg has already."""

    def __init__(self, media: Media) -> None:
        self._codecs = tuple(media.codecs)
        self._ptime_ms = media.ptime_ms
        self._preferring = {
            CODECS[name].number: (name, *(other for other in self._codecs if other != name)) for name in self._codecs
        }

    def offer(self, ip: str, port: int, *, prefer: int, session_id: int, version: int) -> bytes:
        return make_offer(
            ip,
            port,
            codecs=self._preferring.get(prefer, self._codecs),
            ptime_ms=self._ptime_ms,
            session_id=session_id,
            version=version,
        )

    def answer(self, offer: bytes, ip: str, port: int, *, session_id: int, version: int) -> tuple[bytes, MediaSettings]:
        return answer(
            offer,
            ip,
            port,
            codecs=self._codecs,
            ptime_ms=self._ptime_ms,
            session_id=session_id,
            version=version,
        )

    def agreed(self, offer: bytes, answer: bytes) -> MediaSettings:
        del offer  # its codecs are the same every time, in another order
        return read_answer(answer, codecs=self._codecs, ptime_ms=self._ptime_ms)
