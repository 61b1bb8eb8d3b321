"""Takes a message into a voicemail box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pbx.flow.block import Block, Exit, Reference, Text

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Voicemail(Block):
    """Exits: "recorded" and "empty" (nothing was said, the box is full, or the disk refuses); unwired they end the
    flow. A message of a caller who hangs up is kept as well.
    """

    kind: Literal["voicemail"]
    box: str
    greeting: Text | None = None  # instead of the box's
    max_s: float = Field(default=0.0, ge=0, le=900)  # 0: the box's
    recorded: str = ""
    empty: str = ""

    def exits(self) -> dict[str, Exit]:
        return {"recorded": Exit("recorded", self.recorded), "empty": Exit("empty", self.empty)}

    def texts(self) -> dict[str, Text]:
        return {} if self.greeting is None else {"greeting": self.greeting}

    def references(self) -> list[Reference]:
        return [Reference("voicemail", self.box, "box")]

    async def run(self, run: Run) -> str:
        greeting = None if self.greeting is None else [await run.clip(self.greeting)]
        port = run.call.services.extra["voicemail"]
        outcome: str = await port.leave(run.call, self.box, greeting=greeting, max_s=self.max_s)
        return outcome
