"""A leg that goes out by a trunk: when one trunk fails by its own fault the next one is tried, and talk is charged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.call.dialled import Dialled
from pbx.call.errors import DialFailed
from pbx.call.outgoing import OutgoingLeg
from pbx.call.trunks.reroute import is_trunks_fault, q850_cause
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import Media, Session

log = logging.getLogger("centrala.call")


class TrunkLeg(OutgoingLeg):
    """One INVITE at a time. To applications it is one leg, whichever trunk takes it in the end."""

    __slots__ = ("_lines", "_patience")

    def __init__(self, call: Call, name: str, role: str, target: str, trunk: str = "") -> None:
        super().__init__(call, name, role, target, trunk)
        self._patience: asyncio.TimerHandle | None = None  # runs until the trunk shows that it lives
        self._lines: Sequence[str] = ()

    def start(self, dialled: Dialled, *, timeout_s: float, headers: Sequence[str], near: Media | None) -> None:
        self._lines = headers
        self.seized = True
        super().start(dialled, timeout_s=timeout_s, headers=(*headers, *dialled.headers), near=near)
        if not self.is_ended:
            self._wait_for_life()

    def on_progress(self, session: Session, status: int, reason: str, body: bytes, response: Any) -> None:
        self._alive()
        super().on_progress(session, status, reason, body, response)

    def on_failure(self, session: Session, status: int, reason: str, response: Any) -> None:
        if self.is_ended or self.answered_at:
            return
        cause = q850_cause(response)
        if response is not None:
            self._alive()
        else:
            self._silent()
        if status in (401, 407):
            log.warning("call %s: trunk %s refuses our password", self.live_call.id, self.trunk)
        trunk = self.live_call.services.trunks.get(self.trunk)
        if trunk is not None and is_trunks_fault(trunk.config, status, cause) and self._try_next(status, cause):
            return
        super().on_failure(session, status, reason, response)

    # -- the next trunk ------------------------------------------------------------------------------------------

    def _try_next(self, status: int, cause: int) -> bool:
        """Goes on by the next trunk that may take the call; False when there is none."""
        dialled = self._dialled
        if dialled is None or dialled.hunt is None:
            return False
        attempt = dialled.hunt.next()
        if attempt is None:
            return False
        call = self.live_call
        former = self.trunk
        call.emit(
            Kind.TRUNK_FAILED, self.name, trunk=former, sip_status=status, q850=cause, next_trunk=attempt.trunk.name
        )
        log.info("call %s: trunk %s failed with %d, trunk %s is next", call.id, former, status, attempt.trunk.name)
        self._leave(dialled)
        dialled.take(attempt)
        self.trunk = attempt.trunk.name
        try:
            self._offer_towards(attempt.destination)
        except OSError as error:
            self._fail(DialFailed(503, str(error), "network"))
            return True
        self._waiting = 1
        self._branches.append(self._invite(dialled, dialled.contacts[0], (*self._lines, *dialled.headers)))
        self._wait_for_life()
        return True

    def _leave(self, dialled: Dialled) -> None:
        """Nothing of the trunk that failed is left: its place, its INVITE, what was heard from it."""
        branches, self._branches = self._branches, []
        for session in branches:
            session.observer = None
            session.cancel()
        self.live_call.services.limits.release(dialled.limit_keys[:1])
        if self.peer is not None:
            self.part()
        self.settings = None
        self._best = None
        self._offer = b""  # a new one for each far end

    def _wait_for_life(self) -> None:
        trunk = self.live_call.services.trunks.get(self.trunk)
        if trunk is not None:
            self._stop_waiting()
            self._patience = self.live_call.loop.call_later(trunk.config.response_timeout_s, self._impatient)

    def _impatient(self) -> None:
        """Not even 100 came. Without another trunk the INVITE goes on being repeated until its own end."""
        self._patience = None
        if self.is_ended or self.answered_at or any(session.heard for session in self._branches):
            return
        trunk = self.live_call.services.trunks.get(self.trunk)
        if self._try_next(408, 0) and trunk is not None:
            trunk.health.silent(self.live_call.loop.time())

    def _alive(self) -> None:
        self._stop_waiting()
        trunk = self.live_call.services.trunks.get(self.trunk) if self.call is not None else None
        if trunk is not None:
            trunk.health.answered()

    def _silent(self) -> None:
        trunk = self.live_call.services.trunks.get(self.trunk)
        if trunk is not None:
            trunk.health.silent(self.live_call.loop.time())

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    # -- money ---------------------------------------------------------------------------------------------------

    def _won(self, session: Session) -> None:
        self._alive()
        super()._won(session)
        meter = self.meter
        if meter is not None and not self.is_ended:
            meter.start(self._spent)

    def _end_dialogs(self, cause: str, status: int) -> None:
        self._stop_waiting()
        super()._end_dialogs(cause, status)
