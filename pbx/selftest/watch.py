"""What the bus tells of a test call and of the call of ours that it reaches: instants, packets, ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pbx.events import CallEvent, Kind

if TYPE_CHECKING:
    from pbx.call.services import Services

KINDS = (Kind.CALL_STARTED, Kind.LEG_RINGING, Kind.LEG_ENDED, Kind.CALL_ENDED)
SAME_DIGITS = 9  # of a number, from its end: carriers write them in many ways


class Watch:
    """From before the call to `close`. The far call is marked as a test as soon as it begins."""

    def __init__(self, services: Services, test: str, number: str, callers: tuple[str, ...]) -> None:
        """`callers` are the numbers that the call may show."""
        self._services = services
        self._test = test
        self._number = _end(number)
        self._callers = {_end(caller) for caller in callers if caller}
        self._loop = asyncio.get_running_loop()
        self._far_over = asyncio.Event()
        self.call_id = ""  # of the call that we place
        self.far_id = ""
        self.rang_at = 0.0  # the loop's seconds
        self.own: dict[str, Any] = {}  # what LEG_ENDED told of our leg
        self.far: dict[str, Any] = {}
        self.ended_by = ""  # of our call
        self._unsubscribe: Callable[[], None] = services.bus.subscribe(CallEvent, self._on_event, KINDS)

    def close(self) -> None:
        self._unsubscribe()

    async def far_over(self, patience_s: float) -> None:
        """Waits for the end of the far call, where it is one of ours."""
        if not self.far_id:
            return
        try:
            async with asyncio.timeout(patience_s):
                await self._far_over.wait()
        except TimeoutError:
            return

    def _on_event(self, event: CallEvent) -> None:
        if event.kind is Kind.CALL_STARTED:
            self._started(event)
        elif event.call_id == self.call_id:
            if event.kind is Kind.LEG_RINGING:
                self.rang_at = self.rang_at or self._loop.time()
            elif event.kind is Kind.LEG_ENDED and event.leg == "a":
                self.own = event.data
            elif event.kind is Kind.CALL_ENDED:
                self.ended_by = str(event.data.get("ended_by") or "")
        elif event.call_id == self.far_id:
            if event.kind is Kind.LEG_ENDED and event.leg == "a":
                self.far = event.data
            elif event.kind is Kind.CALL_ENDED:
                self._far_over.set()

    def _started(self, event: CallEvent) -> None:
        data = event.data
        if self.far_id or not self.call_id or event.call_id == self.call_id:
            return
        if _end(data.get("callee")) != self._number or _end(data.get("caller")) not in self._callers:
            return
        self.far_id = event.call_id
        told = {"test": self._test, "far": True}
        self._services.bus.publish(CallEvent(Kind.TEST_CALL, event.call_id, "a", event.at, told))


def _end(number: Any) -> str:
    text = str(number or "")
    digits = "".join(mark for mark in text if mark.isdigit())
    return digits[-SAME_DIGITS:] if digits else text
