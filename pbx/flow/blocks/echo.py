"""Sends back what it hears, until the caller hangs up or the time is over."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pbx.call.application import echo
from pbx.flow.block import Block, Exit

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Echo(Block):
    kind: Literal["echo"]
    max_s: float = Field(default=600.0, gt=0, le=86_400)
    next: str = ""  # when the time is over; unwired it ends the flow

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next)}

    async def run(self, run: Run) -> str:
        call = run.call
        with suppress(TimeoutError):
            async with asyncio.timeout(self.max_s):
                await echo(call)
        if call.a.media is not None:
            call.a.media.echo(False)
        return "next"
