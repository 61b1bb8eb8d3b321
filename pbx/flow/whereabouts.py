"""Where a caller is: by the visit that the call comes from, by his number, by the time zone of his browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field

from pbx.call.regions import UNKNOWN, Origin

if TYPE_CHECKING:
    from pbx.call.call import Call

By = Literal["visit", "number", "time_zone"]
ORDER: tuple[By, ...] = ("visit", "number", "time_zone")


def _once(order: list[By]) -> list[By]:
    if len(set(order)) < len(order):
        raise ValueError("names one twice")
    return order


Order = Annotated[list[By], Field(min_length=1), AfterValidator(_once)]


class Place(NamedTuple):
    """`origin` has the region; country, kind and operator are always those of the number. `source` says what tells the
    region, "" for none; `certainty` (0 to 1) is that the call comes from a visit of it, and 1.0 by number: nobody
    measures how many numbers are used far from where they were given out.
    """

    origin: Origin = UNKNOWN
    source: str = ""
    certainty: float = 0.0

    @property
    def told(self) -> dict[str, Any]:
        """For the journey."""
        return {"region": self.origin.region, "source": self.source, "certainty": self.certainty}


def place_of(call: Call, order: Sequence[By]) -> Place:
    """Where the caller of `call` is; the first of `order` that knows it."""
    number = "" if call.setup.withheld else call.caller
    origin = call.services.inbound.regions.origin(number) if number else UNKNOWN
    told = call.setup.origin or {}
    name, by = told.get("region", ""), told.get("region_by", "")
    probability = float(told.get("region_probability", 0.0))
    if probability < call.services.config.tracking.region_certainty:
        name = ""
    for way in order:
        if way == "number":
            if origin.region:
                return Place(origin, way, 1.0)
        elif name and (by == "time_zone") == (way == "time_zone"):
            return Place(origin._replace(region=name), way, probability)
    return Place(origin._replace(region=""))


def place_of_number(call: Call, number: str) -> Place:
    """Where some number belongs."""
    origin = call.services.inbound.regions.origin(number) if number else UNKNOWN
    return Place(origin, "number" if origin.region else "", 1.0 if origin.region else 0.0)
