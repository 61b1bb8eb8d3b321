"""Into other flows: through one and back, back from it, and over to one for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pbx.flow.block import Block, Entered, Exit, Reference
from pbx.flow.errors import FlowError
from pbx.flow.walk import enter

if TYPE_CHECKING:
    from pbx.flow.run import Run

NEXT = "next"


class SubFlow(Block):
    """Exits: those that the other flow's "return" blocks name, and "next" when it ends without one."""

    kind: Literal["flow"]
    flow: str
    exits_: dict[str, str] = Field(default={}, alias="exits", max_length=100)
    next: str = ""

    waits = False

    def exits(self) -> dict[str, Exit]:
        named = {name: Exit(f"exits.{name}", target, required=True) for name, target in self.exits_.items()}
        return {**named, NEXT: Exit(NEXT, self.next)}

    def references(self) -> list[Reference]:
        return [Reference("flow", self.flow, "flow")]

    def enters(self) -> Entered:
        return Entered(self.flow, "flow", returns=True)

    async def run(self, run: Run) -> str:
        return await enter(run, self.flow) or NEXT


class Return(Block):
    """Ends the flow; the block that led into it is left by `exit`. In a flow that nothing led into it ends the
    call."""

    kind: Literal["return"]
    exit: str = NEXT

    waits = False
    waits_for_caller = False

    def exits(self) -> dict[str, Exit]:
        return {}

    def returned(self) -> tuple[str, ...]:
        return (self.exit,)

    async def run(self, run: Run) -> str:
        run.returned = self.exit
        return self.exit


class Goto(Block):
    """The caller goes on in another flow and does not come back to this one."""

    kind: Literal["goto"]
    flow: str

    waits = False

    def exits(self) -> dict[str, Exit]:
        return {}

    def references(self) -> list[Reference]:
        return [Reference("flow", self.flow, "flow")]

    def enters(self) -> Entered:
        return Entered(self.flow, "flow", returns=False)

    async def run(self, run: Run) -> str:
        flow = run.flows.get(self.flow)
        if flow is None:
            raise FlowError(f"there is no flow {self.flow!r} any more", "publish it, or lead elsewhere")
        run.gone_to = flow
        return "gone"
