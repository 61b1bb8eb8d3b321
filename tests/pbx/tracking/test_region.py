"""The region of a visit, by what says it best; and that of a call, by the visits that may have made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pbx.call.setup import Setup
from pbx.tracking.attribution import Attribution
from pbx.tracking.visit import Visit
from tests.pbx.tracking.support import SITE, Bench, config

ZONES = {"Europe/Warsaw": "mazowieckie"}


def bench(folder: Path, **site: Any) -> Bench:
    entry = {**SITE, "region_parameter": "town", **site}
    return Bench(folder, config(site_web=[entry], tracking={"zone_regions": ZONES}))


def told(bench: Bench, *views: dict[str, Any]) -> tuple[str, str]:
    """What is known of a visit after some views of it."""
    session = ""
    for view in views:
        page = f"https://shop.example/{view.pop('at', '')}"
        answer = bench.view(page, session=session, consent=view.pop("consent", True), **view)
        session = answer["session"]
    visit = bench.store.visits[answer["visit"]]
    return visit.region, visit.region_by


PAGE, ADDRESS, ZONE = {"region": "śląskie"}, {"at": "?town=opolskie"}, {"time_zone": "Europe/Warsaw"}


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ([{}], ("", "")),
        ([ZONE], ("mazowieckie", "time_zone")),
        ([{**ZONE, "consent": False}], ("", "")),
        ([{"time_zone": "Europe/Berlin"}], ("", "")),
        ([{**ZONE, **ADDRESS}], ("opolskie", "address")),
        ([{**ZONE, **ADDRESS, **PAGE}], ("śląskie", "page")),
        ([PAGE, {**ZONE, **ADDRESS}], ("śląskie", "page")),
        ([PAGE, {"region": "lubuskie"}, {}], ("lubuskie", "page")),
        ([{"region": "\u202esoldout\x00" + "x" * 100}], ("soldout" + "x" * 71, "page")),
    ],
)
def test_what_says_it_best_and_last(tmp_path: Path, views: list[dict[str, Any]], expected: tuple[str, str]) -> None:
    assert told(bench(tmp_path), *(dict(view) for view in views)) == expected


def test_a_site_of_one_region(tmp_path: Path) -> None:
    assert told(bench(tmp_path, region="pomorskie"), dict(ZONE)) == ("pomorskie", "site")
    assert told(bench(tmp_path, region="pomorskie"), dict(ADDRESS)) == ("opolskie", "address")


def attributed(bench: Bench, did: str) -> Attribution:
    return bench.attributor.attribute(Setup("+48600100200", did, did=did, direction="inbound"), bench.now)


def test_a_call_has_the_region_of_its_visit(tmp_path: Path) -> None:
    shop = bench(tmp_path)
    shop.view(**PAGE)
    data = attributed(shop, "+48221110001").data()
    assert (data["region"], data["region_by"]) == ("śląskie", "page")
    assert data["region_probability"] == data["probability"] == pytest.approx(0.98, abs=0.01)
    assert "region" not in attributed(shop, "+48221110002").data(), "nobody was shown that one"


def test_who_shares_a_number_may_be_of_one_region_all_the_same(tmp_path: Path) -> None:
    shop = Bench(tmp_path, config(pool=0))
    for _ in range(9):
        shop.view(region="śląskie")
    shop.view(region="opolskie")
    found = attributed(shop, SITE["number"])  # type: ignore[arg-type]
    assert found.visit is None, "one of ten"
    assert (found.region.name, round(found.region.probability, 2)) == ("śląskie", 0.9)


def test_a_callback_is_of_the_region_of_the_visit_that_asked_for_it(tmp_path: Path) -> None:
    visit = Visit("1" * 32, "shop", 0.0, 0.0, region="śląskie", region_by="page")
    assert bench(tmp_path).attributor.of_visit(visit, "+48221230000").data()["region_probability"] == 1.0
