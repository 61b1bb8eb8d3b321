"""The caller's leg of a call that we began ourselves: first the caller's phone is rung, then the call goes on as if it
had been dialled there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pbx.call.outgoing import OutgoingLeg

if TYPE_CHECKING:
    from pbx.call.call import Call


class OriginatedLeg(OutgoingLeg):
    """Named "a" as every caller's leg. What a caller's leg says while it is not answered is said to nobody."""

    __slots__ = ("early",)

    def __init__(self, call: Call) -> None:
        super().__init__(call, "a", "caller", call.caller)
        self.early = False

    async def fetch(self, *, shown: str, timeout_s: float, headers: Sequence[str] = ()) -> None:
        """Rings the caller's phone, which is shown `shown` as who calls. Raises DialFailed."""
        call = self.live_call
        dialled = call.services.dialplan.resolve(call, call.caller)
        self.start(replace(dialled, from_=shown), timeout_s=timeout_s, headers=headers, near=None)
        await self.answered()

    def negotiate(self, _offer: bytes) -> None:
        raise RuntimeError("an originated leg makes the offer itself")

    def ring(self) -> None:
        """The phone was rung by us: there is nobody to tell."""

    def start_early_media(self) -> bool:
        """Whether the caller can hear something: from the answer on."""
        return self.answered_at > 0.0

    def accept(self) -> None:
        """The phone has answered already."""

    async def agreed(self) -> None:
        """The answer to our offer came with the 200."""
