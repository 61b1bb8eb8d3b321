"""A wrong configuration of callbacks is refused with the key and a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.callback.checks import check_callbacks
from pbx.config import Config
from pbx.configfile.problem import dotted

GOOD: dict[str, Any] = {
    "numbering": {"country": "PL"},
    "callback": {"enabled": True},
    "queue": [{"name": "sales"}],
    "extension": [{"number": "101", "secret": "s"}],
}


def test_a_right_one() -> None:
    assert check_callbacks(Config.model_validate(GOOD)) == []
    assert check_callbacks(Config()) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"numbering": {}}, "callback.countries"),
        ({"queue": []}, "callback.enabled"),
        ({"extension": [{"number": "callback", "secret": "s"}]}, "extension[0].number"),
        ({"callback": {"enabled": True, "money_per_day": 5.0}}, "callback.money_per_day"),
        ({"callback": {"limits_per_number": ["7/15m", "often"]}}, "callback.limits_per_number[1]"),
        ({"callback": {"limits_per_source": ["x"]}}, "callback.limits_per_source[0]"),
        ({"callback": {"countries": ["PL", "Polska"]}}, "callback.countries[1]"),
        ({"callback": {"kinds": ["mobile", "premium"]}}, "callback.kinds[1]"),
        ({"callback": {"blocked": ["70"]}}, "callback.blocked[0]"),
        ({"callback": {"caller_id": "22 123"}}, "callback.caller_id"),
        ({"callback": {"dial_prefix": "zero"}}, "callback.dial_prefix"),
        ({"callback": {"hours": "day"}}, "callback.hours"),
        ({"callback": {"hours": "d"}, "hours": [{"name": "d", "timezone": "UTC"}]}, "callback.hours"),
        (
            {
                "callback": {"enabled": True, "countries": ["PL", "RU"], "hours": "d"},
                "server": {"timezone": "America/New_York"},
                "hours": [{"name": "d", "mon": ["09:00-12:00"]}],
            },
            "callback.ambiguous_zone",
        ),
        ({"callback": {}, "queue": [{"name": "q", "callback": {"on": ["missed"]}}]}, "queue[0].callback.on"),
        ({"queue": [{"name": "q", "callback": {"caller_id": "none"}}]}, "queue[0].callback.caller_id"),
    ],
)
def test_a_wrong_one(change: dict[str, Any], key: str) -> None:
    (problem,) = check_callbacks(Config.model_validate({**GOOD, **change}))
    assert dotted(problem.key) == key
    assert problem.text
    assert problem.remedy
