"""Asks whether the caller agrees, as to being recorded; the answer is in the journey with its legal basis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from pbx.events import Kind
from pbx.flow.asking import Asked, ask
from pbx.flow.block import Block, Exit, Text

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Consent(Block):
    """Exits: "next" (given), "refused". Without `key` it is a notice: whoever stays on the line has heard it.

    With `recording` a refusal keeps the call from being recorded to its end.
    """

    kind: Literal["consent"]
    text: Text
    name: str = Field(default="recording", pattern=r"[a-z0-9_-]{1,32}")  # what is agreed to
    basis: str = Field(max_length=200)  # "GDPR Art. 6(1)(a)"
    key: str = Field(default="", pattern=r"[0-9*#]?")  # that agrees
    refuse_key: str = Field(default="", pattern=r"[0-9*#]?")
    silence: Literal["refused", "given"] = "refused"  # what pressing nothing means
    timeout_s: float = Field(default=5.0, gt=0, le=60)
    retries: int = Field(default=1, ge=0, le=5)
    recording: bool = True
    next: str = ""
    refused: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.refuse_key and self.refuse_key == self.key:
            raise ValueError(f"{self.key!r} cannot mean both: choose another refuse_key")
        if self.refuse_key and not self.key:
            raise ValueError("a notice asks nothing: give key as well, or leave refuse_key out")
        return self

    def exits(self) -> dict[str, Exit]:
        return {
            "next": Exit("next", self.next, required=True),
            "refused": Exit("refused", self.refused or self.next),
        }

    def texts(self) -> dict[str, Text]:
        return {"text": self.text}

    def sets(self) -> Sequence[str]:
        return (f"consent.{self.name.replace('-', '_')}",)

    async def run(self, run: Run) -> str:
        await run.call.answer()
        given = await self._asked(run)
        run.variables.set(self.sets()[0], given)
        run.call.emit(Kind.CONSENT_NOTED, block=run.block, consent=self.name, given=given, basis=self.basis)
        if self.recording and not given:
            run.call.services.recorder.refuse(run.call)
        return "next" if given else "refused"

    async def _asked(self, run: Run) -> bool:
        if not self.key:
            await run.say(self.text)
            return True
        for _ in range(self.retries + 1):
            pressed = await ask(run, self.text, Asked(1, 1, self.timeout_s, self.timeout_s, "", True))
            if pressed == self.key:
                return True
            if pressed and pressed == self.refuse_key:
                return False
        return self.silence == "given"
