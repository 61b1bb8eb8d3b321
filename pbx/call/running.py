"""The running calls of this node: who looks for a call, a ringing phone or a held party finds it here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.limits import Limits
    from pbx.call.outgoing import OutgoingLeg


class RunningCalls:
    """`calls` holds them by id, the oldest first. A call's places in the limits are given back when it ends."""

    def __init__(self, limits: Limits) -> None:
        self.calls: dict[str, Call] = {}
        self._limits = limits
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self, call: Call, application: Application, on_end: Callable[[Call], None] | None = None) -> None:
        """Runs `application` as the call's task until the end of the call; then `on_end(call)`."""
        self.calls[call.id] = call
        self._idle.clear()

        if on_end is None:
            call.start(application, self._ended)
            return

        def ended(call: Call) -> None:
            self._ended(call)
            on_end(call)

        call.start(application, ended)

    async def idle(self) -> None:
        """Waits until no call runs."""
        await self._idle.wait()

    def _ended(self, call: Call) -> None:
        self._limits.release(call.setup.limit_keys)
        self.calls.pop(call.id, None)
        if not self.calls:
            self._idle.set()

    # -- looking ---------------------------------------------------------------------------------------------------

    def ringing(self, extensions: frozenset[str] | set[str]) -> Iterator[OutgoingLeg]:
        """Legs that ring a phone of one of `extensions`, of the longest running call first."""
        for call in self.calls.values():
            for leg in call.legs:
                if leg.target in extensions and not leg.answered_at and not leg.is_ended and not leg.trunk:
                    yield leg

    def of_extension(self, extension: str) -> Iterator[Leg]:
        """Answered legs whose far end is a phone of `extension`."""
        for call in self.calls.values():
            if call.extension == extension and call.answered and not call.a.is_ended:
                yield call.a
            for leg in call.legs:
                if leg.target == extension and leg.answered_at and not leg.is_ended and not leg.trunk:
                    yield leg
