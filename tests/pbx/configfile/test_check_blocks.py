"""Mistakes in what blocks of flows use, each with its key."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.pins import hash_pin
from pbx.config import Config
from pbx.configfile.check_blocks import check_blocks
from pbx.configfile.problem import dotted

PERSON = {"name": "Ola", "targets": ["101"]}
EXTENSION = [{"number": "101", "secret": "x"}]


@pytest.mark.parametrize(
    ("config", "key", "part"),
    [
        ({"http": {"hosts": ["https://x.example"]}}, "http.hosts[0]", "is no host"),
        ({"http": {"hosts": ["*"]}}, "http.hosts[0]", "is no host"),
        ({"http": {"hosts": ["x:99999"]}}, "http.hosts[0]", "is no host"),
        ({"http": {"networks": ["10.0.0.0/40"]}}, "http.networks[0]", "is no network"),
        ({"http": {"ca": "/nowhere.pem"}}, "http.ca", "is no file"),
        ({"http": {"secrets": {"a": "x\ny"}}}, "http.secrets.a", "one line"),
        ({"pin_list": [{"name": "s", "pins": {"ola": "1234"}}]}, "pin_list[0].pins.ola", "is not hashed"),
        ({"calendar": [{"name": "c", "source": "https://cal.example/x"}]}, "calendar[0].source", "may not be asked"),
        ({"calendar": [{"name": "../c", "source": "x.ics"}]}, "calendar[0].name", "cannot name a file"),
        ({"hours": [{"name": "h", "calendars": ["c"]}]}, "hours[0].calendars[0]", "is no calendar"),
        ({"hours": [{"name": "h", "named": {"x": ["2026-13-01"]}}]}, "hours[0].named.x[0]", "is no exception"),
        ({"hours": [{"name": "h", "named": {"x": ["2026-12-01 9-10"]}}]}, "hours[0].named.x[0]", "is no exception"),
        ({"rota": [{"name": "r", "fallback": ["Jan"]}]}, "rota[0].fallback", "is no person"),
        ({"rota": [{"name": "r", "person": [PERSON]}], "extension": EXTENSION}, "rota[0]", "has nobody on duty"),
        ({"rota": [{"name": "r", "person": [PERSON], "turns": ["Ola"]}]}, "rota[0].turns_from", "turn begins"),
        ({"rota": [{"name": "r", "person": [PERSON], "fallback": ["Ola"]}]}, "rota[0].account", "is outside"),
        (
            {"rota": [{"name": "r", "person": [PERSON], "shifts": [{"start": "9", "people": ["Ola"]}]}]},
            "rota[0].shifts[0].start",
            "no time of day",
        ),
        ({"dealer": [{"name": "d", "number": "+48 1"}]}, "dealer[0].number", "is no number"),
        ({"dealer": [{"name": "d", "number": "101", "hours": "h"}]}, "dealer[0].hours", "is no hours"),
        ({"dealers": {"stock": "https://x.example/s"}}, "dealers.stock", "may not be asked"),
    ],
)
def test_each_mistake_is_named(config: dict[str, Any], key: str, part: str) -> None:
    found = [(dotted(problem.key), problem.text) for problem in check_blocks(Config.model_validate(config))]
    assert any(where == key and part in text for where, text in found), found


def test_what_is_right_is_let_alone() -> None:
    config = {
        "http": {"hosts": ["crm.example", "*.x.example:8443", "10.0.0.5:80", "[::1]:8080"], "networks": ["10.0.0.0/8"]},
        "extension": EXTENSION,
        "pin_list": [{"name": "s", "pins": {"ola": hash_pin("1234")}}],
        "calendar": [{"name": "c", "source": "https://crm.example/x"}],
        "hours": [{"name": "h", "calendars": ["c"], "named": {"x": ["2026-12-01", "2026-12-02 09:00-10:00"]}}],
        "rota": [{"name": "r", "person": [PERSON], "turns": ["Ola"], "turns_from": "2026-01-05", "calendar": "c"}],
        "dealer": [{"name": "d", "number": "+48221234567", "hours": "h"}],
        "dealers": {"stock": "https://a.x.example:8443/s"},
    }
    assert list(check_blocks(Config.model_validate(config))) == []
