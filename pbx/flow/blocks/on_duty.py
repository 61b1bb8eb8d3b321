"""Rings who is on duty, one after the other, until somebody takes the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pbx.events import Kind
from pbx.flow.block import Block, Exit, Reference, Text

if TYPE_CHECKING:
    from pbx.flow.duty import Duty
    from pbx.flow.run import Run


class OnDuty(Block):
    """Exits: "answered" (the other side hung up), "no_answer" (nobody took it), "nobody" (is on duty; as "no_answer"
    when unwired).
    """

    kind: Literal["on_duty"]
    rota: str
    ring_s: float = Field(default=20.0, gt=0, le=120)  # each target
    rounds: int = Field(default=1, ge=1, le=5)  # how often everybody is tried
    text: Text | None = None  # said before the first is rung
    record: bool = False
    answered: str = ""
    no_answer: str = ""
    nobody: str = ""

    def exits(self) -> dict[str, Exit]:
        return {
            "answered": Exit("answered", self.answered),
            "no_answer": Exit("no_answer", self.no_answer, required=True),
            "nobody": Exit("nobody", self.nobody or self.no_answer),
        }

    def texts(self) -> dict[str, Text]:
        return {"text": self.text} if self.text is not None else {}

    def references(self) -> list[Reference]:
        return [Reference("rota", self.rota, "rota")]

    def sets(self) -> Sequence[str]:
        return ("on_duty.person", "on_duty.target")

    async def run(self, run: Run) -> str:
        call = run.call
        duty: Duty = call.services.extra["rotas"][self.rota]
        account = next(entry.account for entry in call.services.config.rota if entry.name == self.rota)
        people = duty.now(call.services.clock.unix())
        if not people:
            call.emit(Kind.DUTY_CALLED, block=run.block, rota=self.rota, person="", target="", result="nobody")
            return "nobody"
        if self.text is not None:
            await run.say(self.text)
        for round_ in range(self.rounds):
            for number, (person, target) in enumerate(people, 1 + round_ * len(people)):
                run.variables.set("on_duty.person", person)
                run.variables.set("on_duty.target", target)
                result = await call.dial(target, timeout_s=self.ring_s, record=self.record, account=account)
                told = "answered" if result.answered else result.cause
                event = {"rota": self.rota, "person": person, "target": target, "try": number, "result": told}
                call.emit(Kind.DUTY_CALLED, block=run.block, **event)
                if result.answered:
                    return "answered"
        return "no_answer"
