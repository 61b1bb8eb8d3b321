"""Where a caller is: by his visit, his number, the zone of his browser; in blocks, rehearsals and the journey."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.events import Kind
from pbx.flow.loader import check_flows
from pbx.numbers.range_files import read_ranges
from tests.pbx.flow.equipped import EquippedHouse
from tests.pbx.flow.rehearsal.support import run

REGISTER = "АВС/ DEF;От;До;Емкость;Оператор;Регион\n916;0000000;0999999;1000000;ПАО МТС;Москва\n"
KNOWN, STRANGE = "+79160000001", "+79990000001"
END = {"kind": "hangup"}
DEALERS = [
    {"name": "msk", "regions": ["Москва"], "number": "+74950000001"},
    {"name": "omsk", "regions": ["Омск*"], "number": "+73810000001"},
]


def origin(by: str = "page", probability: float = 0.98) -> dict[str, Any]:
    return {"method": "session", "region": "Омская область", "region_by": by, "region_probability": probability}


def house(**settings: Any) -> EquippedHouse:
    blocks = {
        "where": {
            "kind": "region",
            "regions": {"Омская*": "who", "Москва": "who"},
            "other": "who",
            "unknown": "who",
            **settings,
        },
        "who": {"kind": "dealer", "dealer": "end", "none": "end", **settings},
        "end": END,
    }
    numbering = {"country": "RU", "regions": False}
    made = EquippedHouse(blocks, config={"numbering": numbering, "dealer": DEALERS, "dealers": {"memory_days": 0}})
    made.harness.services.inbound.regions.take_ranges([read_ranges([("r", REGISTER)])])
    return made


@pytest.mark.parametrize(
    ("caller", "visit", "settings", "source", "dealer"),
    [
        (KNOWN, None, {}, "number", "msk"),
        (KNOWN, origin(), {}, "visit", "omsk"),
        (KNOWN, origin("site", 0.8), {}, "visit", "omsk"),
        (KNOWN, origin(probability=0.79), {}, "number", "msk"),
        (KNOWN, origin("time_zone"), {}, "number", "msk"),
        (STRANGE, origin("time_zone"), {}, "time_zone", "omsk"),
        (STRANGE, origin("time_zone"), {"by": ["visit", "number"]}, "", ""),
        (KNOWN, origin(), {"by": ["number", "visit"]}, "number", "msk"),
        (STRANGE, origin(), {"by": ["number", "visit"]}, "visit", "omsk"),
        (KNOWN, origin(), {"by": ["number"]}, "number", "msk"),
        (KNOWN, origin(), {"number": STRANGE}, "", ""),
        (STRANGE, origin(), {"number": KNOWN}, "number", "msk"),
    ],
)
async def test_what_tells_it(
    caller: str, visit: dict[str, Any] | None, settings: dict[str, Any], source: str, dealer: str
) -> None:
    made = house(**settings)
    await made.run(caller=caller, origin=visit)
    (region,), (chosen,) = made.told(Kind.REGION_FOUND), made.told(Kind.DEALER_CHOSEN)
    certainty = 0.0 if not source else 1.0 if source == "number" else visit["region_probability"]  # type: ignore[index]
    for event in (region, chosen):
        assert (event["source"], event["certainty"]) == (source, certainty)
        assert event["region"] == {"msk": "Москва", "omsk": "Омская область", "": ""}[dealer]
    assert chosen["dealer"] == dealer
    assert (region["country"], region["operator"]) == ("RU", "ПАО МТС" if KNOWN in (settings.get("number"), caller)
                                                       and settings.get("number") != STRANGE else "")  # fmt: skip
    await made.close()


async def test_who_hides_his_number_is_known_by_his_visit_and_the_flow_can_tell() -> None:
    made = house()
    await made.run(caller="anonymous", withheld=True, origin=origin())
    (region,) = made.told(Kind.REGION_FOUND)
    assert (region["region"], region["source"], region["country"]) == ("Омская область", "visit", "")
    assert made.way()[0] == "where:region:Омская*"
    await made.close()


def test_a_rehearsed_caller_comes_from_a_visit() -> None:
    where = {"kind": "region", "regions": {"Омская*": "hello"}, "unknown": "late", "other": "late"}
    script = """
        defaults: {region: Москва}
        callers:
          - name: surfed
            visit: {region: Омская область}
            expect: {path: [when=open, "hello=next", ...], variables: {region.source: visit, region.certainty: 1.0}}
            steps: [{hears: good}, hang_up]
          - name: perhaps surfed
            visit: {region: Омская область, certainty: 0.5}
            expect: {path: [when=open, where=other, ...], variables: {region.source: number}}
    """
    script = script.replace('"hello=next"', '"where=region:Омская*"')
    results = run(script, when={"kind": "hours", "hours": "office", "open": "where", "closed": "night"}, where=where)
    assert [result.problems for result in results] == [[], []]


@pytest.mark.parametrize("by", [[], ["number", "number"], ["address"]])
def test_orders_that_are_none(by: list[str]) -> None:
    block = {"kind": "region", "regions": {"PL": "end"}, "unknown": "end", "by": by}
    config = Config.model_validate(
        {"flow": [{"name": "main", "start": "where", "block": {"where": block, "end": END}}]}
    )
    assert any("by" in str(problem) for problem in check_flows(config))
