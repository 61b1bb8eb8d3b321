"""Rings an extension or number, its forwarding followed, and bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pbx.flow.block import Block, Exit, Reference

if TYPE_CHECKING:
    from pbx.flow.run import Run

BUSY = frozenset({"busy", "limit"})


class Dial(Block):
    """Exits: "answered" (the other side hung up first), "busy", "no_answer", "failed"; unwired they end the flow.

    A target outside is reached only by callers who are extensions with the right to call there.
    """

    kind: Literal["dial"]
    target: str
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    record: bool = False
    answered: str = ""
    busy: str = ""
    no_answer: str = ""
    failed: str = ""

    def exits(self) -> dict[str, Exit]:
        names = ("answered", "busy", "no_answer", "failed")
        return {name: Exit(name, getattr(self, name)) for name in names}

    def references(self) -> list[Reference]:
        return [Reference("target", self.target, "target")]

    async def run(self, run: Run) -> str:
        call = run.call
        application = call.services.dialplan.application_of(self.target)
        if application is not None:
            await application(call)
            return "answered"
        result = await call.dial(self.target, timeout_s=self.timeout_s, record=self.record)
        if result.answered:
            return "answered"
        if result.cause in BUSY:
            return "busy"
        return "no_answer" if result.cause == "no_answer" else "failed"
