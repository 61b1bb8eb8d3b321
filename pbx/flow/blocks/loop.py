"""Counts rounds: a way back that can be taken only so often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pbx.flow.block import Block, Exit

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Loop(Block):
    """Exits: "again" for `times` times, then "done" once, and the count begins anew. `loop.round` is 1 in the first
    round."""

    kind: Literal["loop"]
    times: int = Field(ge=1, le=100)
    again: str = ""
    done: str = ""

    waits = False
    waits_for_caller = False
    bounded_exits = frozenset({"again"})

    def exits(self) -> dict[str, Exit]:
        return {"again": Exit("again", self.again, required=True), "done": Exit("done", self.done, required=True)}

    def sets(self) -> tuple[str, ...]:
        return ("loop.round",)

    async def run(self, run: Run) -> str:
        mine = (run.flow.name, run.block)
        done = run.loops.get(mine, 0)
        if done >= self.times:
            run.loops.pop(mine, None)
            return "done"
        run.loops[mine] = done + 1
        run.variables.set("loop.round", done + 1)
        return "again"
