"""The caller's leg of a call that we began ourselves: first the caller's phone is rung, then the call goes on as if it
had been dialled there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pbx.call.caller import CallerLeg
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
        """Rings the caller's phone, which is shown `shown` as who calls; then the call has a caller's leg like any
        other. Raises DialFailed.
        """
        call = self.live_call
        dialled = call.services.dialplan.resolve(call, call.caller)
        self.start(replace(dialled, from_=shown), timeout_s=timeout_s, headers=headers, near=None)
        await self.answered()
        assert self.session is not None
        caller = CallerLeg(call, self.session)
        call.setup = replace(call.setup, limit_keys=(*call.setup.limit_keys, *self.limit_keys))
        self.keep_limits()
        call.a = caller
        self._hand(caller)
        self.is_ended, self.call = True, None  # without an end of its own: the leg goes on under the same name
        call.taken_over()

    # What the call would do with its caller's leg before that is answered: nobody is there to be told.

    def ring(self) -> None:
        pass

    def start_early_media(self) -> bool:
        return False

    def accept(self) -> None:
        raise RuntimeError("an originated call is answered by its caller's phone")

    async def agreed(self) -> None:
        pass

    def negotiate(self, _offer: bytes) -> None:
        raise RuntimeError("an originated leg makes the offer itself")
