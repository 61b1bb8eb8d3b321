"""What commands see and do: settings of phones, recording, supervisors, park lots; refusals name a remedy."""

from typing import Any

import pytest

from pbx.call.explain import Explainer
from pbx.clock import VirtualClock
from pbx.config import Config
from pbx.features.views import FeatureError, FeatureViews
from tests.pbx.features.world import Company


async def test_settings() -> None:
    company = Company(extension=[{"number": "101", "forward_busy": "103"}])
    views = FeatureViews(company.features)
    await views.set_phone("101", {"dnd": True, "forward_always": "102", "call_waiting": False})
    row = views.phones()[0]
    assert (row["dnd"], row["forward_always"], row["forward_busy"], row["set"]) == (True, "102", "103", True)
    await views.set_phone("101", {"forward_always": None, "dnd": False, "call_waiting": None, "forward_busy": ""})
    row = views.phones()[0]
    assert (row["forward_always"], row["forward_busy"], row["call_waiting"]) == ("", "", True)
    await company.close()


@pytest.mark.parametrize(
    ("extension", "changes"),
    [
        ("999", {"dnd": True}),
        ("101", {"colour": "red"}),
        ("101", {"dnd": "yes"}),
        ("101", {"forward_busy": True}),
        ("101", {"forward_busy": "101"}),
        ("101", {"forward_busy": "+48600"}),
    ],
)
async def test_settings_that_are_refused(extension: str, changes: dict[str, Any]) -> None:
    company = Company()
    with pytest.raises(FeatureError):
        await FeatureViews(company.features).set_phone(extension, changes)
    assert not company.services.phones.all()
    await company.close()


async def test_every_setting_goes_back_to_its_default() -> None:
    company = Company()
    views = FeatureViews(company.features)
    await views.set_phone("101", {"dnd": True, "call_waiting": False, "forward_busy": "102"})
    assert await views.set_phone("101", {"dnd": None, "call_waiting": None, "forward_busy": None})
    assert not company.services.phones.all()
    await company.close()


async def test_calls() -> None:
    company = Company(extension=[{"number": "104", "supervisor": True}])
    views = FeatureViews(company.features)
    phone, chief = company.phone("101"), company.phone("104")
    caller = company.call("extension:101")
    await company.sleep(3)
    assert views.record(caller.call.id, "start")["state"] == "recording"
    views.supervise("listen", "104", "101")
    await company.sleep(3)
    stream = chief.sessions[0].observer.media
    assert stream.supervises == ("listen", phone.sessions[0].observer.media)
    for refused in (
        lambda: views.record("none", "start"),
        lambda: views.record(caller.call.id, "start"),
        lambda: views.supervise("dance", "104", "101"),
        lambda: views.supervise("listen", "102", "101"),
        lambda: views.originate("999", "101"),
        lambda: views.originate("101", "+48"),
        lambda: views.room("none", "lock", ""),
    ):
        with pytest.raises(FeatureError):
            refused()
    assert views.parked() == []
    assert views.rooms() == []
    caller.hang_up()
    await company.services.running.idle()
    await company.close()


PLAN = Config.model_validate(
    {
        "extension": [
            {"number": "101", "secret": "s", "outbound": True, "forward_busy": "102"},
            {"number": "102", "secret": "s", "follow_me": [{"target": "101", "delay_s": 5}]},
        ],
        "trunk": [{"name": "carrier", "host": "10.0.0.1", "application": "echo"}],
        "hours": [{"name": "office", "mon": ["09:00-17:00"]}],
        "number": [{"number": "_6XX", "application": "echo", "hours": "office", "closed": "extension:101"}],
        "route": [
            {"match": "_0ZX.", "trunk": "carrier", "strip": 1},
            {"match": "00", "trunk": "carrier", "international": True},
        ],
    }
)
MONDAY_10 = 1_792_404_000.0  # 2026-10-19 10:00 UTC


@pytest.mark.parametrize(
    ("caller", "number", "application", "said"),
    [
        ("101", "102", "extension:102", "follow-me: 101 rings after 5 s"),
        ("102", "101", "extension:101", "forwarded to 102 when busy"),
        ("101", "0221234567", "outbound:0221234567", "trunk carrier is sent 221234567"),
        ("101", "0044123", "outbound:0044123", "may not call abroad"),
        ("102", "0221234567", "", "refused with 403"),
        ("101", "999", "", "refused with 404"),
        ("101", "112", "emergency:112", "trunk carrier is sent 112"),
        ("101", "644", "echo", "'office' are open"),
    ],
)
def test_the_dialplan_is_explained(caller: str, number: str, application: str, said: str) -> None:
    decision = Explainer(PLAN, VirtualClock(MONDAY_10)).from_extension(caller, number)
    assert decision.application == application
    assert any(said in step for step in decision.steps), decision.steps


def test_the_moment_counts_and_trunks_are_explained() -> None:
    sunday = Explainer(PLAN, VirtualClock(MONDAY_10 - 86_400))
    assert sunday.from_extension("101", "644").application == "extension:101"
    assert sunday.from_trunk("carrier", "5").application == "echo"
    for wrong in (lambda: sunday.from_trunk("x", "5"), lambda: sunday.from_extension("x", "5")):
        with pytest.raises(LookupError):
            wrong()
