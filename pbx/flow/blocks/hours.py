"""Goes one way in opening hours and another outside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.call.hours import OpeningHours
from pbx.flow.block import Block, Exit, Reference

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Hours(Block):
    """Exits: "open", "closed" and "holiday", which is a date listed as closed and goes with "closed" when unwired."""

    kind: Literal["hours"]
    hours: str
    open: str = ""
    closed: str = ""
    holiday: str = ""

    waits = False

    def exits(self) -> dict[str, Exit]:
        return {
            "open": Exit("open", self.open, required=True),
            "closed": Exit("closed", self.closed, required=True),
            "holiday": Exit("holiday", self.holiday or self.closed),
        }

    def references(self) -> list[Reference]:
        return [Reference("hours", self.hours, "hours")]

    async def run(self, run: Run) -> str:
        services = run.call.services
        entry = next(entry for entry in services.config.hours if entry.name == self.hours)
        return OpeningHours.of(entry, services.config.server.timezone).state(services.clock.unix())
