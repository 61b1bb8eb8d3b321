"""Lets people through and machines not: digits are spoken, and whoever presses them is a person."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from pbx.events import Kind
from pbx.flow.block import Block, Exit, Text
from pbx.language.words import cardinal

if TYPE_CHECKING:
    from pbx.flow.run import Run

ASK: Text = {
    "pl": "Aby kontynuować, naciśnij kolejno te cyfry:",
    "ru": "Чтобы продолжить, нажмите по порядку эти цифры:",
    "en": "To continue, please press these digits, one after the other:",
}


class Guard(Block):
    """Exits: "pass", "drop" (wrong or nothing after `attempts`). With `when_over` only callers whose `score` variable
    is higher are asked. Who passed is not asked again for `remember_days`.
    """

    kind: Literal["guard"]
    text: Text | None = None  # before the digits; empty: a sentence of ours
    digits: int = Field(default=3, ge=1, le=6)
    attempts: int = Field(default=2, ge=1, le=5)
    timeout_s: float = Field(default=8.0, gt=0, le=60)
    score: str = ""  # a variable with a number
    when_over: float | None = None
    remember_days: float = Field(default=1.0, ge=0, le=366)
    passed: str = Field(default="", alias="pass")
    drop: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.when_over is None) != (not self.score):
            raise ValueError("score and when_over go together")
        return self

    def exits(self) -> dict[str, Exit]:
        return {"pass": Exit("pass", self.passed, required=True), "drop": Exit("drop", self.drop, required=True)}

    def texts(self) -> dict[str, Text]:
        return {"text": self.text if self.text is not None else ASK}

    def sets(self) -> Sequence[str]:
        return ("guard.ok",)

    async def run(self, run: Run) -> str:
        known = run.call.services.extra["guard_passed"]
        number = "" if run.call.setup.withheld else run.call.caller
        if not self._is_suspect(run) or known.holds(number, self.remember_days):
            return self._told(run, "trusted", 0)
        await run.call.answer()
        run.call.clear_digits()  # what was pressed before the digits were spoken is no answer to them
        for attempt in range(1, self.attempts + 1):
            if await self._answered(run):
                known.note(number)
                return self._told(run, "pass", attempt)
        return self._told(run, "drop", self.attempts)

    def _is_suspect(self, run: Run) -> bool:
        if self.when_over is None:
            return True
        value = run.variables.get(self.score)
        return isinstance(value, (int, float)) and not isinstance(value, bool) and value > self.when_over

    async def _answered(self, run: Run) -> bool:
        wanted = "".join(random.choices("0123456789", k=self.digits))
        prompts = run.call.services.prompts
        clips = [await run.clip(self.text if self.text is not None else ASK)]
        clips += [await prompts.get(cardinal(int(digit), run.spoken), run.language) for digit in wanted]
        pressed = await run.call.collect(
            minimum=self.digits, maximum=self.digits, timeout_s=self.timeout_s, terminator="", prompt=clips
        )
        return pressed == wanted

    def _told(self, run: Run, result: str, attempts: int) -> str:
        run.variables.set("guard.ok", result != "drop")
        run.call.emit(Kind.GUARD_CHECKED, block=run.block, result=result, attempts=attempts)
        return "drop" if result == "drop" else "pass"
