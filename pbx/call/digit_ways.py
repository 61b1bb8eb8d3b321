"""How a digit of one leg reaches the other: by RTP, which the media threads do, or by SIP INFO (`dtmf = "info"`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.presses import CARRY_S, Presses

if TYPE_CHECKING:
    from pbx.call.leg import Leg
    from pbx.config import Config

RELAY = "application/dtmf-relay"
PRESS_MS = 160  # what an INFO says of a press whose length we do not know


class DigitWays:
    """The accounts that take digits by INFO; looked up once a leg."""

    def __init__(self, config: Config) -> None:
        self.take(self.tables(config))

    @staticmethod
    def tables(config: Config) -> tuple[frozenset[str], frozenset[str]]:
        """What `take` is given."""
        extensions = frozenset(entry.number for entry in config.extension if entry.dtmf == "info")
        return extensions, frozenset(trunk.name for trunk in config.trunk if trunk.dtmf == "info")

    def take(self, tables: tuple[frozenset[str], frozenset[str]]) -> None:
        """From now on as these tables say; legs that run keep what they have."""
        self._extensions, self._trunks = tables
        self.any = bool(self._extensions or self._trunks)

    def by_info(self, extension: str, trunk: str) -> bool:
        """Whether digits towards a leg of `trunk`, or else of `extension`, go by INFO."""
        return trunk in self._trunks if trunk else extension in self._extensions


def is_new(leg: Leg, digit: str, method: str) -> bool:
    """Whether it is a press of its own, and not the other saying of the last one."""
    if leg.presses is None:
        leg.presses = Presses()
    return not leg.presses.is_repeat(digit, method, leg.live_call.loop.time())


def carry(leg: Leg, digit: str, method: str) -> None:
    """Takes a digit over the bridge, as far as the media threads have not done it."""
    peer = leg.peer
    if peer is None or peer.media is None:
        return
    if peer.media.signalled_digits:
        if peer.session is not None:
            peer.session.info(f"Signal={digit}\r\nDuration={PRESS_MS}\r\n".encode(), RELAY)
    elif method == "info":
        _carry_info(leg, digit)


def _carry_info(leg: Leg, digit: str) -> None:
    """At once, unless the same press may still be said in RTP, from where it goes on without us."""
    presses = leg.presses
    if presses is None or presses.both:
        return
    if presses.one or leg.settings is None or leg.settings.event_payload_type < 0:
        _send(leg, digit)
    else:
        leg.live_call.loop.call_later(CARRY_S, _no_twin_came, leg, digit)


def _no_twin_came(leg: Leg, digit: str) -> None:
    if leg.presses is not None and not leg.presses.both and not leg.is_ended:
        leg.presses.one = True
        _send(leg, digit)


def _send(leg: Leg, digit: str) -> None:
    peer = leg.peer
    if peer is not None and peer.media is not None:
        peer.media.send_digits(digit)
