"""Owners must exist, numbers must be numbers."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.configfile.check_contacts import check_contacts

EXTENSION = {"number": "101", "secret": "a-quite-long-secret"}


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"contacts": {"owner": "sales"}}, "contacts.owner"),
        ({"contacts": {"owner": "agent:999"}}, "contacts.owner"),
        ({"queue": [{"name": "sales", "missed_owner": "queue:sails"}]}, "queue[0].missed_owner"),
        ({"queue": [{"name": "sales", "missed_owner": "team:"}]}, "queue[0].missed_owner"),
        ({"queue": [{"name": "sales", "missed_owner": "team:gold"}]}, "queue[0].missed_owner"),
        ({"contacts": {"test_numbers": ["+4822*", "my phone"]}}, "contacts.test_numbers[1]"),
        ({"contacts": {"sla_s": [10, 0]}}, "contacts.sla_s[1]"),
        (
            {"queue": [{"name": "sales", "callback": {"mode": "customer_first", "preview_s": 5}}]},
            "queue[0].callback.preview_s",
        ),
    ],
)
def test_a_wrong_one_is_named(tables: dict[str, Any], key: str) -> None:
    from pbx.configfile.problem import dotted

    (problem,) = check_contacts(Config.model_validate({"extension": [EXTENSION], **tables}))
    assert dotted(problem.key) == key
    assert problem.remedy


def test_right_ones() -> None:
    tables = {
        "extension": [EXTENSION],
        "team": [{"name": "gold"}],
        "contacts": {"owner": "agent:101", "test_numbers": ["+4822*", "101"]},
        "queue": [{"name": "sales", "missed_owner": "team:gold"}, {"name": "two", "missed_owner": "queue:sales"}],
    }
    assert list(check_contacts(Config.model_validate(tables))) == []
