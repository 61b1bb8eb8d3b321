"""Asks for digits and keeps them in a variable: a customer number, an order, a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator, model_validator

from pbx.flow.asking import Asked, ask, secret
from pbx.flow.block import Block, Exit, Text
from pbx.flow.variables import check_name

if TYPE_CHECKING:
    from pbx.flow.run import Run

AGAIN, RIGHT = "2", "1"
CONFIRM_S = 6.0


class Collect(Block):
    """Exits: "ok", "timeout" (nothing was pressed), "invalid" (too few digits, or not confirmed), each after the last
    attempt.

    With `mask` the digits stand in no event, record or log, and a recording is silent meanwhile.
    """

    kind: Literal["collect"]
    text: Text
    into: str = "collect.digits"  # the variable
    min: int = Field(default=1, ge=1, le=40)
    max: int = Field(default=20, ge=1, le=40)
    terminator: Literal["#", "*", ""] = "#"
    timeout_s: float = Field(default=6.0, gt=0, le=120)  # from the end of the text to the first digit
    between_s: float = Field(default=4.0, gt=0, le=30)  # between digits
    retries: int = Field(default=2, ge=0, le=20)
    invalid_text: Text | None = None
    confirm_text: Text | None = None  # says the digits: 1 takes them, 2 asks again
    mask: bool = False
    type_ahead: bool = True  # digits that were pressed before the text count
    barge_in: bool = True  # a digit ends the text
    early: bool = False
    ok: str = ""
    timeout: str = ""
    invalid: str = ""

    @field_validator("into")
    @classmethod
    def _check_into(cls, name: str) -> str:
        check_name(name)
        return name

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min is {self.min} and max is {self.max}: raise max")
        if self.mask and self.confirm_text is not None:
            raise ValueError("what is masked cannot be said aloud: leave confirm_text out")
        return self

    def exits(self) -> dict[str, Exit]:
        return {
            "ok": Exit("ok", self.ok, required=True),
            "timeout": Exit("timeout", self.timeout),
            "invalid": Exit("invalid", self.invalid),
        }

    def texts(self) -> dict[str, Text]:
        found = {"text": self.text, "invalid_text": self.invalid_text, "confirm_text": self.confirm_text}
        return {key: text for key, text in found.items() if text is not None}

    def sets(self) -> Sequence[str]:
        return (self.into,)

    def hides(self) -> bool:
        return self.mask

    async def run(self, run: Run) -> str:
        if not self.early:
            await run.call.answer()
        outcome = "timeout"
        for attempt in range(self.retries + 1):
            if not self.type_ahead:
                run.call.clear_digits()
            digits = await self._digits(run)
            if len(digits) >= self.min:
                run.variables.set(self.into, digits, masked=self.mask)
                if self.confirm_text is None or await self._confirmed(run):
                    return "ok"
                outcome = "invalid"
                continue
            outcome = "invalid" if digits else "timeout"
            if digits and self.invalid_text is not None and attempt < self.retries:
                await run.say(self.invalid_text)
        run.variables.forget(self.into)
        return outcome

    async def _digits(self, run: Run) -> str:
        asked = Asked(self.min, self.max, self.timeout_s, self.between_s, self.terminator, self.barge_in)
        if not self.mask:
            return await ask(run, self.text, asked)
        with secret(run.call):
            return await ask(run, self.text, asked)

    async def _confirmed(self, run: Run) -> bool:
        assert self.confirm_text is not None
        for _ in range(2):
            pressed = await ask(run, self.confirm_text, Asked(1, 1, CONFIRM_S, CONFIRM_S, "", True))
            if pressed in (RIGHT, AGAIN):
                return pressed == RIGHT
        return False
