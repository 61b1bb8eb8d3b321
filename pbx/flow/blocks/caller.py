"""Goes on by what is known of the caller's number and of the number that was dialled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.flow.block import Block, Exit

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Caller(Block):
    """The first that fits decides: the dialled number's tag, the caller's region, country, kind of number; else
    `other`. Keys are compared without regard to case; "anonymous" is the kind of withheld numbers.
    """

    kind: Literal["caller"]
    tags: dict[str, str] = {}
    regions: dict[str, str] = {}
    countries: dict[str, str] = {}
    types: dict[str, str] = {}
    other: str = ""

    waits = False

    def exits(self) -> dict[str, Exit]:
        found = {"other": Exit("other", self.other, required=True)}
        for table in ("tags", "regions", "countries", "types"):
            for value, target in getattr(self, table).items():
                found[f"{table}:{value.casefold()}"] = Exit(f"{table}.{value}", target, required=True)
        return found

    async def run(self, run: Run) -> str:
        setup = run.call.setup
        known = {
            "tags": setup.tag,
            "regions": setup.caller_region,
            "countries": setup.caller_country,
            "types": "anonymous" if setup.withheld else setup.caller_type,
        }
        exits = self.exits()
        for table, value in known.items():
            name = f"{table}:{value.casefold()}"
            if value and name in exits:
                return name
        return "other"
