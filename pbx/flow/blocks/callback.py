"""Offers to call back: the number is confirmed or entered, an hour chosen, and the request is on disk before the caller
is told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from pbx.flow.asking import Asked, ask
from pbx.flow.block import Block, Exit, Reference, Text
from pbx.flow.blocks.menu import single_keys
from pbx.flow.slots import check_slot, slot_at

if TYPE_CHECKING:
    from pbx.contact.ports import CallbackRequests
    from pbx.flow.run import Run

TAKE, OTHER = "1", "2"
ROUNDS = 3
MAX_DIGITS = 20


class Callback(Block):
    """Exits: "accepted", "refused" (the caller would rather not), "invalid" (no number that may be called, or the
    request was refused).

    In `text` and `accepted_text` `{callback.number|digits}` is the number: 1 takes it, 2 asks for another, any other
    key refuses. `slots` are hours by key, such as {"1" = "now", "2" = "tomorrow 10:00"}, asked for by `slot_text`.
    """

    kind: Literal["callback"]
    queue: str
    text: Text
    enter_text: Text  # asks for a number
    accepted_text: Text | None = None
    invalid_text: Text | None = None
    slot_text: Text | None = None
    slots: dict[str, str] = {}
    ask_number: Literal["caller", "always"] = "caller"  # "always": even where the caller's own is known
    timeout_s: float = Field(default=6.0, gt=0, le=60)
    accepted: str = ""
    refused: str = ""
    invalid: str = ""

    @field_validator("slots")
    @classmethod
    def _check_slots(cls, slots: dict[str, str]) -> dict[str, str]:
        for slot in slots.values():
            check_slot(slot)
        return single_keys(slots)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.slots) != (self.slot_text is not None):
            raise ValueError("slots and slot_text go together")
        return self

    def exits(self) -> dict[str, Exit]:
        return {
            "accepted": Exit("accepted", self.accepted),
            "refused": Exit("refused", self.refused, required=True),
            "invalid": Exit("invalid", self.invalid or self.refused),
        }

    def texts(self) -> dict[str, Text]:
        names = ("text", "enter_text", "accepted_text", "invalid_text", "slot_text")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def references(self) -> list[Reference]:
        return [Reference("queue", self.queue, "queue")]

    def sets(self) -> Sequence[str]:
        return ("callback.number", "callback.at", "callback.id", "callback.reason")

    async def run(self, run: Run) -> str:
        desk: CallbackRequests | None = run.call.services.extra.get("callbacks")
        if desk is None:
            run.variables.set("callback.reason", "disabled")
            return "invalid"
        await run.call.answer()
        outcome = await self._number(run, desk)
        if outcome != "ok":
            return outcome
        at = await self._slot(run)
        if at is None:
            return "refused"
        number = str(run.variables["callback.number"])
        item, reason = await desk.request_from_flow(run.call, self.queue, number, at=at)
        run.variables.set("callback.reason", reason)
        run.variables.set("callback.at", at)
        if item is None:
            return await self._said(run, self.invalid_text, "invalid")
        run.variables.set("callback.id", item.id)
        return await self._said(run, self.accepted_text, "accepted")

    async def _said(self, run: Run, text: Text | None, exit_: str) -> str:
        if text is not None:
            await run.say(text)
        return exit_

    async def _number(self, run: Run, desk: CallbackRequests) -> str:
        """Sets callback.number: "ok", or the exit."""
        call = run.call
        own = call.extension or ("" if call.setup.withheld else call.caller)
        number = desk.number_of(own) if own and self.ask_number == "caller" else ""
        for _ in range(ROUNDS):
            if not number:
                asked = Asked(3, MAX_DIGITS, self.timeout_s, 4.0, "#", True)
                typed = await ask(run, self.enter_text, asked)
                number = desk.number_of(typed) if typed else ""
                if not number:
                    if typed and self.invalid_text is not None:
                        await run.say(self.invalid_text)
                    continue
            run.variables.set("callback.number", number)
            pressed = await ask(run, self.text, Asked(1, 1, self.timeout_s, self.timeout_s, "", True))
            if pressed == TAKE:
                return "ok"
            if pressed == OTHER:
                number = ""
            elif pressed:
                return "refused"
        return "refused" if number else "invalid"

    async def _slot(self, run: Run) -> float | None:
        """UTC seconds, 0.0 for now; None when the caller chose none."""
        if self.slot_text is None:
            return 0.0
        services = run.call.services
        for _ in range(ROUNDS):
            pressed = await ask(run, self.slot_text, Asked(1, 1, self.timeout_s, self.timeout_s, "", True))
            if pressed in self.slots:
                zone = ZoneInfo(services.config.server.timezone)
                return slot_at(self.slots[pressed], services.clock.unix(), zone)
        return None
