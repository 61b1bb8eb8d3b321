"""Chooses the dealer for a caller; a dial block then rings {dealer.number}."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from pbx.events import Kind
from pbx.flow.block import Block, Exit, Reference
from pbx.flow.blocks.dial import CHOSEN
from pbx.flow.fill import checked, fill
from pbx.flow.whereabouts import ORDER, Order, place_of, place_of_number

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Dealer(Block):
    """Exits: "dealer", "none". Run again in the same call it gives another dealer than those before, at most `tries`
    of them.
    """

    kind: Literal["dealer"]
    number: str = ""  # whose region and memory; may hold variables; "": the caller's
    by: Order = list(ORDER)  # what tells where the caller is; of another number its digits alone
    sku: str = ""  # the goods he wants; may hold variables; "": whatever the stock
    tries: int = Field(default=3, ge=1, le=20)
    dealer: str = ""
    none: str = ""

    waits = False

    @field_validator("number", "sku")
    @classmethod
    def _check_texts(cls, text: str) -> str:
        return checked(text)

    def exits(self) -> dict[str, Exit]:
        return {"dealer": Exit("dealer", self.dealer, required=True), "none": Exit("none", self.none, required=True)}

    def references(self) -> list[Reference]:
        return [Reference("dealers", "", "kind")]

    def sets(self) -> Sequence[str]:
        return ("dealer.name", "dealer.number", "dealer.by", "dealer.tried")

    def templates(self) -> dict[str, str]:
        return {key: text for key, text in (("number", self.number), ("sku", self.sku)) if text}

    async def run(self, run: Run) -> str:
        call = run.call
        book = call.services.extra["dealers"]
        own = "" if call.setup.withheld else call.caller
        number = fill(run, self.number, missing=own) if self.number else own
        sku = fill(run, self.sku, missing="") if self.sku else ""
        had = run.variables.get("dealer.tried")
        tried = [str(name) for name in had] if isinstance(had, list) else []
        place = place_of_number(call, number) if self.number else place_of(call, self.by)
        choice = book.choose(number, place.origin, sku=sku, without=tried) if len(tried) < self.tries else None
        name, target, by = (choice.dealer.name, choice.dealer.number, choice.by) if choice is not None else ("", "", "")
        for what, value in (("name", name), ("number", target), ("by", by)):
            run.variables.set(f"dealer.{what}", value)
        if choice is not None:
            book.give(number, choice)
            call.variables[CHOSEN] = target
            run.variables.set("dealer.tried", [*tried, name])
        call.emit(Kind.DEALER_CHOSEN, block=run.block, dealer=name, number=target, by=by, **place.told)
        return "dealer" if choice is not None else "none"
