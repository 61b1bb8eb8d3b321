"""Answers the call, after ringing for some seconds if wished."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pbx.flow.block import Block, Exit

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Answer(Block):
    kind: Literal["answer"]
    ring_s: float = Field(default=0.0, ge=0, le=120)
    next: str = ""

    waits = False

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next, required=True)}

    async def run(self, run: Run) -> str:
        call = run.call
        if self.ring_s and not call.answered:
            await call.ring()
            await asyncio.sleep(self.ring_s)
        await call.answer()
        return "next"
