"""Goes the way that a value names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pbx.flow.block import Block, Exit
from pbx.flow.errors import ExpressionError
from pbx.flow.expression import Expression
from pbx.flow.values import as_text

if TYPE_CHECKING:
    from pbx.flow.run import Run

OTHER = "other"


class Switch(Block):
    """Exits: each of `cases` (compared as text, whatever the case), else "other"."""

    kind: Literal["switch"]
    value: str  # an expression
    cases: dict[str, str] = Field(min_length=1, max_length=100)
    other: str = ""

    waits = False
    waits_for_caller = False

    def exits(self) -> dict[str, Exit]:
        found = {case.casefold(): Exit(f"cases.{case}", target, required=True) for case, target in self.cases.items()}
        return {**found, OTHER: Exit(OTHER, self.other, required=True)}

    def reads(self) -> dict[str, str]:
        return {"value": self.value}

    async def run(self, run: Run) -> str:
        try:
            value = as_text(Expression.parse(self.value).value(run.variables)).casefold()
        except (ExpressionError, TypeError) as error:
            run.failed(f"{self.value}: {error}")
            return OTHER
        return value if value in {case.casefold() for case in self.cases} else OTHER
