"""The caller's leg of a call that we began ourselves: first the caller's phone is rung, then the call goes on as if it
had been dialled there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pbx.call.caller import CallerLeg
from pbx.call.outgoing import OutgoingLeg
from pbx.call.trunk_leg import TrunkLeg

if TYPE_CHECKING:
    from pbx.call.call import Call


class Unanswered:
    """What a call would do with its caller's leg before that is answered: nobody is there to be told."""

    __slots__ = ()
    early = False

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


class OriginatedLeg(Unanswered, OutgoingLeg):
    """Named "a" as every caller's leg; rings a phone of ours."""

    __slots__ = ()

    def __init__(self, call: Call, role: str = "caller") -> None:
        super().__init__(call, "a", role, call.caller)

    async def fetch(self, *, shown: str, timeout_s: float, headers: Sequence[str] = ()) -> None:
        """Rings the caller's phone, which is shown `shown` as who calls; then the call has a caller's leg like any
        other. Raises DialFailed.
        """
        call = self.live_call
        dialled = call.services.dialplan.resolve(call, call.caller)
        self.start(replace(dialled, from_=shown), timeout_s=timeout_s, headers=headers, near=None)
        await self.answered()
        become_caller(self, call)


class OriginatedTrunkLeg(Unanswered, TrunkLeg):
    """The same for somebody outside: the trunks are tried in turn, and the talk is charged to an account."""

    __slots__ = ()

    def __init__(self, call: Call, role: str = "caller") -> None:
        super().__init__(call, "a", role, call.caller)

    async def fetch(self, number: str, *, account: str, timeout_s: float) -> None:
        """Rings `number` at the expense of `account`. Raises DialFailed."""
        call = self.live_call
        dialled = call.services.dialplan.resolve(call, number, account)
        self.trunk = dialled.trunk
        self.start(dialled, timeout_s=timeout_s, headers=(), near=None)
        await self.answered()
        meter, trunk = self.meter, self.trunk
        call.setup = replace(call.setup, trunk=trunk)
        become_caller(self, call)
        if meter is not None:
            call.charge(meter)


def become_caller(leg: OriginatedLeg | OriginatedTrunkLeg, call: Call) -> None:
    """Whoever answered is the call's caller from now on, in a leg of the same name."""
    assert leg.session is not None
    caller = CallerLeg(call, leg.session, leg.role)
    call.setup = replace(call.setup, limit_keys=(*call.setup.limit_keys, *leg.limit_keys))
    leg.keep_limits()
    call.a = caller
    leg._hand(caller)
    leg.is_ended, leg.call = True, None  # without an end of its own: the leg goes on under the same name
    call.taken_over()
