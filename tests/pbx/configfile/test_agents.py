"""Agents, teams, shifts, breaks, wrap-up and keys: what is wrong is named with its key and a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.configfile.check import cross_check

GOOD: dict[str, Any] = {
    "extension": [{"number": "101", "secret": "s" * 12, "outbound": True}, {"number": "102", "secret": "s" * 12}],
    "agent": [
        {"extension": "kim", "line": "on-demand", "line_number": "+48600100200", "line_account": "101"},
        {"extension": "lee", "line": "persistent", "line_number": "102"},
    ],
    "team": [{"name": "north", "members": ["101", "kim"], "site": "krakow"}],
    "site": [{"name": "krakow"}],
    "hours": [{"name": "day"}],
    "shift": [{"name": "early", "hours": "day", "teams": ["north"]}],
    "break_reason": [{"name": "lunch", "code": "1"}, {"name": "coffee", "code": "2"}],
    "queue": [
        {
            "name": "sales",
            "teams": ["north"],
            "agents": ["lee"],
            "wrapup_codes": ["order"],
            "keys": {"1": "callback", "2": "echo", "9": "leave"},
        }
    ],
}


def problems(**changes: Any) -> list[str]:
    return [str(problem) for problem in cross_check(Config.model_validate({**GOOD, **changes}))]


def queue(**changes: Any) -> dict[str, Any]:
    return {"queue": [{**GOOD["queue"][0], **changes}]}


def test_a_good_one() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agent": [{"extension": "nobody"}]}, "agent[0].extension: 'nobody' is no extension"),
        ({"agent": [{"extension": "kim", "line": "persistent"}]}, "agent[0].line_number: agent 'kim' is no extension"),
        (
            {"agent": [{"extension": "kim", "line": "on-demand", "line_number": "+48600100200"}]},
            "agent[0].line_account: '+48600100200' is outside and nobody is named",
        ),
        (
            {
                "agent": [
                    {"extension": "kim", "line": "on-demand", "line_number": "+48600100200", "line_account": "102"}
                ]
            },
            "leaves through a trunk, which extension 102 may not use",
        ),
        ({"team": [{"name": "north", "members": ["104"]}]}, "team[0].members[0]: '104' is no extension"),
        ({"team": [{"name": "north", "site": "paris"}]}, "team[0].site: 'paris' is no site"),
        ({"shift": [{"name": "x", "hours": "night", "teams": ["north"]}]}, "shift[0].hours: 'night' is no hours"),
        ({"shift": [{"name": "x", "hours": "day", "teams": ["south"]}]}, "shift[0].teams[0]: 'south' is no team"),
        ({"shift": [{"name": "x", "hours": "day"}]}, "shift[0]: shift 'x' has nobody"),
        ({"break_reason": [{"name": "a", "code": "x"}]}, "break_reason[0].code: 'x' cannot be dialled"),
        (
            {"break_reason": [{"name": "a", "code": "1"}, {"name": "b", "code": "12"}]},
            "break_reason[1].code: '12' and the code of 'a' ('1') cannot be told apart",
        ),
        (queue(teams=["south"]), "queue[0].teams[0]: 'south' is no team"),
        (queue(wrapup_codes=[str(n) for n in range(16)]), "queue[0].wrapup_codes: lists 16 codes"),
        (queue(wrapup_codes=["x" * 30]), "queue[0].wrapup_codes[0]:"),
        (queue(wrapup_codes=["TIMEOUT"]), "is what is written when no code was given"),
        (queue(wrapup_codes=["a", "a"]), "lists 'a' 2 times"),
        (queue(wrapup_mode="mandatory_timeboxed", wrapup_s=0), "queue[0].wrapup_s: wrapup_mode"),
        (queue(keys={"12": "echo"}), "'12' cannot be pressed"),
        (queue(keys={"1": "answering"}), "'answering' is no application"),
        (queue(keys={"1": "queue:sales"}), "leads back into the same queue"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], said: str) -> None:
    found = problems(**changes)
    assert any(said in problem for problem in found), found
