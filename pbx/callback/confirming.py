"""Asking whoever answered to press 1: a mailbox does not, and who no longer wants the call presses 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.leg_prompts import ask, say
from pbx.callback import texts
from pbx.callback.attempts import Outcome
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.callback.desk import Desk
    from pbx.contact.item import ContactItem

ACCEPT, REFUSE = "1", "9"
ROUNDS = 2  # the question is asked so often
BETWEEN_S = 4.0


async def customer_confirms(desk: Desk, call: Call, leg: Leg, item: ContactItem) -> Outcome | None:
    """None when the customer pressed 1, else how the attempt ended."""
    company = desk.queue_of(item).callback.company
    call.emit(Kind.CONFIRM_ASKED, leg.name, target=item.number)
    outcome: Outcome | None = Outcome.HUNG_UP
    try:
        with desk.speaking(call, item):
            pressed = await _key(call, leg, texts.confirm(company))
            if pressed == ACCEPT:
                outcome = None
            elif pressed == REFUSE:
                outcome = Outcome.REFUSED
                await say(call, leg, texts.REFUSED)
            elif not leg.is_ended:
                outcome = Outcome.VOICEMAIL
    finally:
        call.emit(Kind.CONFIRM_ENDED, leg.name, target=item.number, taken=outcome is None)
    return outcome


async def agent_confirms(call: Call) -> bool:
    """Whether the agent who answered pressed 1."""
    call.emit(Kind.CONFIRM_ASKED, target=call.caller)
    taken = False
    try:
        taken = await _key(call, call.a, texts.AGENT_CONFIRM) == ACCEPT
    finally:
        call.emit(Kind.CONFIRM_ENDED, target=call.caller, taken=taken)
    return taken


async def _key(call: Call, leg: Leg, text: texts.Text) -> str:
    for _ in range(ROUNDS):
        pressed = await ask(call, leg, text, wait_s=BETWEEN_S)
        if pressed in (ACCEPT, REFUSE) or leg.is_ended:
            return pressed
    return ""
