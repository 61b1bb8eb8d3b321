"""Asking whoever answered outside whether a person is there: a mailbox must not swallow the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.leg_prompts import ask
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg

KEY = "1"
ROUNDS = 3  # the question is asked so often
BETWEEN_S = 3.0

QUESTION: dict[str, str] = {
    "pl": "Masz połączenie. Aby je odebrać, naciśnij jeden.",
    "ru": "Вам звонят. Чтобы принять звонок, нажмите один.",
    "en": "You have a call. To take it, press one.",
}


async def confirmed(call: Call, leg: OutgoingLeg) -> bool:
    """Whether the far end of `leg` pressed 1; False for another key, silence or when it hung up."""
    call.emit(Kind.CONFIRM_ASKED, leg.name, target=leg.target)
    taken = False
    try:
        for _ in range(ROUNDS):
            pressed = await ask(call, leg, QUESTION, wait_s=BETWEEN_S)
            if pressed or leg.is_ended:
                taken = pressed == KEY
                break
    finally:
        call.emit(Kind.CONFIRM_ENDED, leg.name, target=leg.target, taken=taken)
    return taken
