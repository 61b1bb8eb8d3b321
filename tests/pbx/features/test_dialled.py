"""Where a dialled string leads: codes, speed dials, neighbours of a site, patterns and hours, emergency numbers."""

from typing import Any

import pytest

from pbx.call.codes import slots
from pbx.call.errors import RouteError
from pbx.call.explain import Explainer
from pbx.clock import VirtualClock
from pbx.config import Config, Parking
from tests.pbx.features.world import Company


def routed(company: Company, extension: str, number: str) -> str:
    return company.router.from_extension(company.services.dialplan.extensions[extension], number).application


@pytest.mark.parametrize(
    ("number", "application"),
    [
        ("102", "extension:102"),
        ("*8", "pickup"),
        ("**102", "pickup:102"),
        ("*80102", "intercom:102"),
        ("*72102", "setting:forward_always=102"),
        ("*72", "setting:forward_always"),
        ("*73", "setting:forward_always_off"),
        ("*68", "park"),
        ("702", "slot:702"),
        ("*43", "echo"),
        ("*33102", "supervise:listen=102"),
        ("112", "emergency:112"),
    ],
)
async def test_codes(number: str, application: str) -> None:
    assert routed(Company(), "101", number) == application


async def test_a_code_that_is_off_does_not_exist() -> None:
    company = Company(features={"pickup": "", "dnd_on": ""})
    for number in ("**102", "*78"):
        with pytest.raises(RouteError):
            routed(company, "101", number)


async def test_speed_dials() -> None:
    company = Company(
        extension=[{"number": "101", "outbound": True, "speed_dials": {"1": "+48600100200"}}],
        speed_dials={"1": "102", "22": "103"},
    )
    assert routed(company, "101", "*01") == "outbound:+48600100200"
    assert routed(company, "104", "*01") == "extension:102"
    assert routed(company, "104", "*022") == "extension:103"
    with pytest.raises(RouteError):
        routed(company, "104", "*09")


async def test_neighbours_of_a_site() -> None:
    sites = [{"name": "north", "prefix": "7"}, {"name": "south", "prefix": "8"}]
    phones: list[dict[str, Any]] = [
        {"number": "7201", "site": "north"},
        {"number": "7202", "site": "north"},
        {"number": "8202", "site": "south"},
        {"number": "7203", "site": "south"},
    ]
    company = Company(site=sites, extension=phones)
    assert routed(company, "7201", "202") == "extension:7202"
    assert routed(company, "8202", "7202") == "extension:7202"
    for phone, number in (("101", "202"), ("7201", "203")):  # of no site; has the prefix but is elsewhere
        with pytest.raises(RouteError):
            routed(company, phone, number)


async def test_patterns_and_hours() -> None:
    always = {"name": "never", "closed": []}
    company = Company(
        hours=[always],
        number=[
            {"number": "_6XX", "application": "echo"},
            {"number": "_60X", "application": "extension:101"},
            {"number": "601", "application": "extension:102"},
            {"number": "650", "application": "extension:101", "hours": "never", "closed": "extension:103"},
        ],
    )
    assert routed(company, "101", "677") == "echo"
    assert routed(company, "101", "605") == "extension:101"
    assert routed(company, "101", "601") == "extension:102"
    assert routed(company, "101", "650") == "extension:103"


async def test_a_route_outside_its_hours_does_not_exist() -> None:
    company = Company(
        extension=[{"number": "101", "outbound": True}],
        hours=[{"name": "never"}],
        route=[{"match": "_0ZX.", "trunk": "carrier", "hours": "never"}, {"match": "00", "trunk": "carrier"}],
    )
    with pytest.raises(RouteError):
        routed(company, "101", "0221234567")
    assert routed(company, "101", "0044123") == "outbound:0044123"


async def test_every_step_is_told() -> None:
    company = Company(number=[{"number": "_6XX", "application": "echo"}, {"number": "_6.", "application": "echo"}])
    steps: list[str] = []
    company.router.from_extension(company.config.extension[0], "677", steps)
    assert steps == ["677 fits _6XX (more specific than _6.)"]


@pytest.mark.parametrize("text", ["", "7o1", "720-701", "701-99", "1-5000", "701-"])
def test_slots_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        list(slots(Parking(slots=text)))


def test_slots() -> None:
    assert list(slots(Parking(slots="701, 709-711"))) == ["701", "709", "710", "711"]
    assert list(slots(Parking(slots="08-10"))) == ["08", "09", "10"]


async def test_hours_are_those_of_the_callers_site() -> None:
    config = Config.model_validate(
        {
            "site": [{"name": "east", "timezone": "Asia/Vladivostok"}],
            "extension": [{"number": "101", "secret": "s"}, {"number": "201", "secret": "s", "site": "east"}],
            "hours": [{"name": "day", "mon": ["09:00-17:00"]}],
            "number": [{"number": "600", "application": "echo", "hours": "day", "closed": "extension:101"}],
        }
    )
    monday = Explainer(config, VirtualClock(1_792_404_000.0))  # 10:00 UTC, 20:00 in Vladivostok
    assert monday.from_extension("101", "600").application == "echo"
    assert monday.from_extension("201", "600").application == "extension:101"
