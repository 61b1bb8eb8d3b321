"""Goes on by where the caller is: by the visit that the call comes from, by his number, by his time zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from pbx.events import Kind
from pbx.flow.block import Block, Exit
from pbx.flow.fill import checked, fill
from pbx.flow.whereabouts import ORDER, Order, place_of, place_of_number

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Region(Block):
    """Exits: each of `regions`, "other" for a region that is not among them, "unknown" for none.

    A key of `regions` is one or several names, "Москва|Московская область", without regard to case; a name may end in
    "*"; "RU" and the like, two capitals, is a whole country.
    """

    kind: Literal["region"]
    regions: dict[str, str]
    number: str = ""  # whose region; may hold variables; "": the caller's
    by: Order = list(ORDER)  # what tells where the caller is, the first that knows; of another number its digits alone
    other: str = ""
    unknown: str = ""

    waits = False

    @field_validator("regions")
    @classmethod
    def _check_regions(cls, regions: dict[str, str]) -> dict[str, str]:
        for key in regions:
            if not all(part.strip(" *") for part in key.split("|")):
                raise ValueError(f"{key!r} is no region: write names, several joined by |")
        return regions

    @field_validator("number")
    @classmethod
    def _check_number(cls, text: str) -> str:
        return checked(text)

    def exits(self) -> dict[str, Exit]:
        found = {f"region:{key}": Exit(f"regions.{key}", to, required=True) for key, to in self.regions.items()}
        found["other"] = Exit("other", self.other or self.unknown)
        found["unknown"] = Exit("unknown", self.unknown, required=True)
        return found

    def sets(self) -> Sequence[str]:
        return tuple(f"region.{name}" for name in ("name", "country", "operator", "kind", "source", "certainty"))

    def templates(self) -> dict[str, str]:
        return {"number": self.number} if self.number else {}

    async def run(self, run: Run) -> str:
        call = run.call
        place = place_of_number(call, fill(run, self.number, missing="")) if self.number else place_of(call, self.by)
        origin = place.origin
        for name, value in (
            ("name", origin.region),
            ("country", origin.country),
            ("operator", origin.operator),
            ("kind", origin.kind),
            ("source", place.source),
            ("certainty", place.certainty),
        ):
            run.variables.set(f"region.{name}", value)
        told = {"country": origin.country, "operator": origin.operator, "kind": origin.kind, **place.told}
        call.emit(Kind.REGION_FOUND, block=run.block, **told)
        for key in self.regions:
            if fits(key, origin.region, origin.country):
                return f"region:{key}"
        return "other" if origin.region else "unknown"


def fits(key: str, region: str, country: str) -> bool:
    """Whether a region is one of those that `key` names. A town and its region, as the Russian register joins them,
    are both the region of a number: "г. Улан-Удэ|Республика Бурятия"."""
    names = [name.strip() for name in region.casefold().split("|")]
    for part in (part.strip() for part in key.split("|")):
        if len(part) == 2 and part.isascii() and part.isupper():
            if part == country:
                return True
        elif part.endswith("*"):
            if any(name and name.startswith(part[:-1].casefold()) for name in names):
                return True
        elif part and part.casefold() in names:
            return True
    return False
