"""Sets variables: to what expressions come to, and to texts with values filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from pbx.flow.block import Block, Exit
from pbx.flow.errors import FlowError
from pbx.flow.expression import Expression
from pbx.flow.texts import TemplateError, template

if TYPE_CHECKING:
    from pbx.flow.run import Run


class SetVariable(Block):
    """One after the other, `set` before `fill`. What has no value becomes null, and the journey says so."""

    kind: Literal["set_variable"]
    set: dict[str, str] = Field(default={}, max_length=50)  # name to expression
    fill: dict[str, str] = Field(default={}, max_length=50)  # name to template
    mask: bool = False  # the values are shown nowhere
    next: str = ""

    waits = False
    waits_for_caller = False

    @model_validator(mode="after")
    def _check_something(self) -> Self:
        if not self.set and not self.fill:
            raise ValueError('it sets nothing: write set = {"ivr.name" = "expression"}')
        return self

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next, required=True)}

    def reads(self) -> dict[str, str]:
        return {f"set.{name}": source for name, source in self.set.items()}

    def templates(self) -> dict[str, str]:
        return {f"fill.{name}": words for name, words in self.fill.items()}

    def sets(self) -> list[str]:
        return [*self.set, *self.fill]

    async def run(self, run: Run) -> str:
        for name, source in self.set.items():
            try:
                run.variables.set(name, Expression.parse(source).value(run.variables), masked=self.mask)
            except FlowError as error:
                run.failed(f"{name} = {source}: {error}")
                run.variables.set(name, None)
        for name, words in self.fill.items():
            try:
                text = template(words).render(run.variables, run.spoken, written=True)
                run.variables.set(name, text, masked=self.mask)
            except (FlowError, TemplateError) as error:
                run.failed(f"{name} = {words}: {error}")
                run.variables.set(name, None)
        return "next"
