"""Speaks a text. With `early` an unanswered caller hears it before the call is answered, and so before it costs
anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.flow.block import Block, Exit, Text

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Say(Block):
    kind: Literal["say"]
    text: Text
    interruptible: bool = False  # a digit ends it, and is kept for the next menu
    early: bool = False
    next: str = ""

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next, required=True)}

    def texts(self) -> dict[str, Text]:
        return {"text": self.text}

    async def run(self, run: Run) -> str:
        if not self.early:
            await run.call.answer()
        digit = await run.say(self.text, interruptible=self.interruptible)
        if digit:
            run.call.unread_digit(digit)
        return "next"
