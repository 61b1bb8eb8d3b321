"""Sends back what it hears, until the caller hangs up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.call.application import echo
from pbx.flow.block import Block, Exit

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Echo(Block):
    kind: Literal["echo"]

    def exits(self) -> dict[str, Exit]:
        return {}

    async def run(self, run: Run) -> str:
        await echo(run.call)
        return "end"
