"""Goes one way when something holds, and another when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.flow.block import Block, Exit
from pbx.flow.errors import ExpressionError
from pbx.flow.expression import Expression

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Condition(Block):
    """Exits: "true", "false", and "error" when the expression has no value; unwired that goes with "false"."""

    kind: Literal["condition"]
    when: str  # an expression
    true: str = ""
    false: str = ""
    error: str = ""

    waits = False
    waits_for_caller = False

    def exits(self) -> dict[str, Exit]:
        return {
            "true": Exit("true", self.true, required=True),
            "false": Exit("false", self.false, required=True),
            "error": Exit("error", self.error or self.false),
        }

    def reads(self) -> dict[str, str]:
        return {"when": self.when}

    async def run(self, run: Run) -> str:
        try:
            return "true" if Expression.parse(self.when).holds(run.variables) else "false"
        except ExpressionError as error:
            run.failed(f"{self.when}: {error}")
            return "error"
