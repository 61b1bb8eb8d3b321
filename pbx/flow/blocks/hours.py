"""Goes one way in opening hours and another outside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.flow.block import Block, Exit, Reference

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Hours(Block):
    """Exits: "open", "closed" and "holiday", which is a date listed as closed, a public holiday or an exception, and
    goes with "closed" when unwired; and each of `named`, an exception of this name in the hours or in their calendars.
    """

    kind: Literal["hours"]
    hours: str
    open: str = ""
    closed: str = ""
    holiday: str = ""
    named: dict[str, str] = {}

    waits = False

    def exits(self) -> dict[str, Exit]:
        by_name = {f"named:{n.casefold()}": Exit(f"named.{n}", to, required=True) for n, to in self.named.items()}
        return {
            **by_name,
            "open": Exit("open", self.open, required=True),
            "closed": Exit("closed", self.closed, required=True),
            "holiday": Exit("holiday", self.holiday or self.closed),
        }

    def references(self) -> list[Reference]:
        return [Reference("hours", self.hours, "hours")]

    async def run(self, run: Run) -> str:
        conditions = run.call.services.dialplan.hours
        name = conditions.exception(self.hours) if self.named else ""
        if name and any(name.casefold() == known.casefold() for known in self.named):
            return f"named:{name.casefold()}"
        return conditions.state(self.hours)
