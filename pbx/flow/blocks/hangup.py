"""Ends the call; an unanswered one is refused with what `cause` means in SIP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.flow.block import Block, Exit, Text

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Hangup(Block):
    kind: Literal["hangup"]
    text: Text | None = None  # said before
    cause: Literal["normal", "busy", "rejected", "unavailable", "not_found", "congestion"] = "normal"

    def exits(self) -> dict[str, Exit]:
        return {}

    def texts(self) -> dict[str, Text]:
        return {} if self.text is None else {"text": self.text}

    async def run(self, run: Run) -> str:
        if self.text is not None:
            await run.say(self.text)
        await run.call.hangup(self.cause)
        return "end"
