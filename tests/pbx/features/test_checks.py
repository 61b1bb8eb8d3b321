"""Faults of the features' configuration: named with their key and a remedy."""

from typing import Any

import pytest

from pbx.config import Config
from pbx.configfile.check import cross_check
from pbx.features.checks import check_features

PHONES = [{"number": "101", "secret": "s"}, {"number": "102", "secret": "s"}]


@pytest.mark.parametrize(
    ("sections", "key"),
    [
        ({"number": [{"number": "_2Y", "application": "echo"}]}, ("number", 0, "number")),
        ({"route": [{"match": "_2.3", "trunk": "t"}]}, ("route", 0, "match")),
        ({"parking": [{"slots": "7o1"}]}, ("parking", 0, "slots")),
        ({"parking": [{"slots": "102-105"}]}, ("parking", 0, "slots")),
        ({"features": {"pickup": "10"}}, ("features", "pickup")),
        ({"speed_dials": {"x": "101"}}, ("speed_dials", "x")),
        ({"hours": [{"name": "h", "holidays": ["XX"]}]}, ("hours", 0, "holidays", 0)),
        ({"hours": [{"name": "h", "exceptions": {"24.12": []}}]}, ("hours", 0, "exceptions", "24.12")),
        ({"hours": [{"name": "h", "exceptions": {"2026-12-24": ["9-12"]}}]}, ("hours", 0, "exceptions", "2026-12-24")),
        ({"emergency": {"numbers": ["101"]}}, ("extension", 0, "number")),
    ],
)
def test_features(sections: dict[str, Any], key: tuple[Any, ...]) -> None:
    problems = check_features(Config.model_validate({"extension": PHONES, **sections}))
    assert [problem.key for problem in problems] == [key]
    assert problems[0].remedy


@pytest.mark.parametrize(
    ("sections", "key"),
    [
        ({"group": [{"name": "g", "members": []}]}, ("group", 0, "members")),
        ({"group": [{"name": "g", "members": ["+48"]}]}, ("group", 0, "account")),
        ({"group": [{"name": "g", "members": ["+48"], "account": "101"}]}, ("group", 0, "account")),
        ({"group": [{"name": "g", "members": ["101"], "no_answer": "group:g"}]}, ("group", 0, "no_answer")),
        ({"page": [{"name": "p", "members": ["999"]}]}, ("page", 0, "members", 0)),
        ({"room": [{"name": "r", "pin": "12a4"}]}, ("room", 0, "pin")),
        ({"room": [{"name": "r", "pin": "1", "moderator_pin": "1"}]}, ("room", 0, "moderator_pin")),
        ({"room": [{"name": "r", "wait_for_moderator": True}]}, ("room", 0)),
        ({"number": [{"number": "600", "application": "room:x"}]}, ("number", 0, "application")),
        (
            {"number": [{"number": "600", "application": "echo", "hours": "x", "closed": "echo"}]},
            ("number", 0, "hours"),
        ),
        ({"extension": [{**PHONES[0], "site": "x"}, PHONES[1]]}, ("extension", 0, "site")),
        ({"extension": [{**PHONES[0], "supervises": ["102"]}, PHONES[1]]}, ("extension", 0, "supervises")),
        ({"extension": PHONES, "incall": {"attended": "##1"}}, ("incall", "attended")),
        ({"extension": PHONES, "incall": {"swap": "x"}}, ("incall", "swap")),
        (
            {"extension": PHONES, "subscriptions": {"unsolicited_mwi": ["999"]}},
            ("subscriptions", "unsolicited_mwi", 0),
        ),
        (
            {"extension": [{**PHONES[0], "supervisor": True, "supervises": ["x"]}, PHONES[1]]},
            ("extension", 0, "supervises", 0),
        ),
        (
            {"extension": [{**PHONES[0], "follow_me": [{"target": "+48"}]}, PHONES[1]]},
            ("extension", 0, "follow_me", 0, "target"),
        ),
    ],
)
def test_references(sections: dict[str, Any], key: tuple[Any, ...]) -> None:
    problems = cross_check(Config.model_validate({"extension": PHONES, **sections}))
    assert [problem.key for problem in problems] == [key]
    assert problems[0].remedy


def test_a_right_configuration_has_no_problem() -> None:
    config = Config.model_validate(
        {
            "extension": PHONES,
            "hours": [{"name": "h", "holidays": ["PL", "RU"], "exceptions": {"2026-12-24": ["09:00-12:00"]}}],
            "number": [{"number": "_6XX", "application": "group:g", "hours": "h", "closed": "echo"}],
            "group": [{"name": "g", "members": ["101", "102"]}],
            "room": [{"name": "r", "pin": "11", "moderator_pin": "22", "wait_for_moderator": True}],
            "page": [{"name": "p", "members": ["101"]}],
            "parking": [{"slots": "701-720"}],
        }
    )
    assert [*cross_check(config), *check_features(config)] == []
