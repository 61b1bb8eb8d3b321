"""Asks a trunk by OPTIONS whether it lives (RFC 3261 section 11), and tells its health."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from pbx.call.trunks.health import UP

if TYPE_CHECKING:
    from pbx.call.ports import Requester
    from pbx.call.trunks.trunk import Trunk
    from pbx.sip.message import Response

JITTER = (0.9, 1.1)
HURRY = 3.0  # while it is in doubt a trunk is asked so many times as often
# What a proxy says for a switch that is gone, or a switch for itself. Any other answer, a refusal too, shows life.
DEAD = frozenset((408, 502, 503, 504))


class Probe:
    """Use: `start()`, `stop()`."""

    def __init__(self, trunk: Trunk, agent: Requester, chance: random.Random | None = None) -> None:
        self._trunk = trunk
        self._agent = agent
        self._random = chance if chance is not None else random.Random()
        self._timer: asyncio.TimerHandle | None = None
        self._turn = 0
        self.round_trip_s = 0.0  # of the last answer
        self._sent_at = 0.0

    def start(self) -> None:
        """Asks now, and again and again."""
        self._ask()

    def stop(self) -> None:
        """Asks no more."""
        self._turn += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ask(self) -> None:
        trunk, loop = self._trunk, asyncio.get_running_loop()
        destination = trunk.hop.destination
        if destination is None:
            self._timer = loop.call_later(1.0, self._ask)
            return
        self._turn += 1
        turn, self._sent_at = self._turn, loop.time()
        self._timer = loop.call_later(min(trunk.config.response_timeout_s, trunk.config.options_every_s), self._silent)
        host, port = self._agent.local_address(destination)
        self._agent.request(
            "OPTIONS",
            uri=f"sip:{trunk.hop.uri_host}{trunk.hop.transport_param}",
            destination=destination,
            from_=f"<sip:{trunk.username or 'centrala'}@{trunk.domain}>",
            to=f"<sip:{trunk.hop.uri_host}>",
            headers=(f"Contact: <sip:{host}:{port}{trunk.hop.transport_param}>", "Accept: application/sdp"),
            on_response=lambda status, response: self._answered(turn, status, response),
        )

    def _answered(self, turn: int, status: int, response: Response | None) -> None:
        alive = response is not None and status not in DEAD
        if alive:
            self._trunk.health.answered()  # a late answer shows life as well
        if turn != self._turn:
            return
        if not alive:
            self._silent()
            return
        self._turn += 1
        self.round_trip_s = asyncio.get_running_loop().time() - self._sent_at
        self._next()

    def _silent(self) -> None:
        self._turn += 1
        self._trunk.health.silent(asyncio.get_running_loop().time())
        self._next()

    def _next(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        every_s = self._trunk.config.options_every_s * self._random.uniform(*JITTER)
        health = self._trunk.health
        if health.state != UP or health.in_doubt:
            every_s /= HURRY
        self._timer = asyncio.get_running_loop().call_later(every_s, self._ask)
