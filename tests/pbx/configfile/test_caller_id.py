"""Customers who are called back should see a number that they can ring."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.configfile.check import warn

TRUNK = {"name": "carrier", "host": "192.0.2.1"}


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, 1),
        ({"trunk": [{**TRUNK, "caller_id": "+48221234567"}]}, 0),
        ({"trunk": [{"name": "in", "peers": ["192.0.2.1"]}]}, 0),
        ({"callback": {"enabled": True, "caller_id": "+48221234567"}}, 0),
        ({"callback": {"enabled": False}}, 0),
        ({"queue": [{"name": "sales", "callback": {"caller_id": "+48221234567"}}]}, 0),
    ],
)
def test_callbacks_that_show_an_extension_are_warned_of(change: dict[str, Any], count: int) -> None:
    given = {"trunk": [TRUNK], "callback": {"enabled": True}, "queue": [{"name": "sales"}], **change}
    found = [problem for problem in warn(Config.model_validate(given)) if "called back" in problem.text]
    assert len(found) == count
