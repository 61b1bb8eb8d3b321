"""The region of a visit, by what its page, its address or its browser says; and that of a call, by its visits. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pbx.tracking.addresses import clean_text

if TYPE_CHECKING:
    from pbx.config import WebSite
    from pbx.tracking.addresses import Page
    from pbx.tracking.asking import PageAsk
    from pbx.tracking.visit import RegionBy, Visit

WEIGHT: dict[str, int] = {"page": 4, "address": 3, "site": 2, "time_zone": 1, "": 0}


class Region(NamedTuple):
    """Of a call. `probability` that the caller is of one of the visits of this region."""

    name: str = ""
    by: RegionBy = ""
    probability: float = 0.0


NOWHERE = Region()


def settle_region(visit: Visit, site: WebSite, ask: PageAsk, page: Page, zones: Mapping[str, str]) -> None:
    """Notes what this view says of the visit's region. The newest of one kind stands; a weaker kind does not replace a
    stronger one: a region that was chosen in a page is still the visitor's on the next page, which says nothing.
    """
    told: tuple[tuple[RegionBy, str], ...] = (
        ("page", ask.region),
        ("address", page.parameters.get(site.region_parameter, "") if site.region_parameter else ""),
        ("site", site.region),
        ("time_zone", zones.get(ask.time_zone, "")),
    )
    for by, name in told:
        if name and WEIGHT[by] >= WEIGHT[visit.region_by]:
            visit.region, visit.region_by = clean_text(name, 80), by
            return


def region_of(likely: Sequence[tuple[Visit, float]]) -> Region:
    """The likeliest region of a call by the visits that may have made it, with their probabilities.

    Visits of one region are added up: ten visitors from one town who see one number leave no doubt about the town.
    """
    shares: dict[str, float] = {}
    for visit, share in likely:
        if visit.region:
            shares[visit.region] = shares.get(visit.region, 0.0) + share
    if not shares:
        return NOWHERE
    name = max(shares, key=lambda region: shares[region])
    best = max((pair for pair in likely if pair[0].region == name), key=lambda pair: pair[1])[0]
    return Region(name, best.region_by, min(shares[name], 1.0))
