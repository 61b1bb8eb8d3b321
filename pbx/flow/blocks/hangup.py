"""Ends the call; an unanswered one is refused with what `cause` means in SIP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.flow.block import Block, Exit, Text, clip_of

if TYPE_CHECKING:
    from pbx.call.call import Call


class Hangup(Block):
    kind: Literal["hangup"]
    text: Text | None = None  # said before
    cause: Literal["normal", "busy", "rejected", "unavailable", "not_found", "congestion"] = "normal"

    def exits(self) -> dict[str, Exit]:
        return {}

    def texts(self) -> dict[str, Text]:
        return {} if self.text is None else {"text": self.text}

    async def run(self, call: Call) -> str:
        if self.text is not None:
            await call.play([await clip_of(call, self.text)])
        await call.hangup(self.cause)
        return "end"
