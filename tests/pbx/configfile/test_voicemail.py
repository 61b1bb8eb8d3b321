"""Boxes, announcements and test calls: what is wrong with them is named by its key."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.configfile.check_selftest import check_selftests
from pbx.configfile.check_voicemail import check_announcements, check_voicemail
from pbx.configfile.problem import dotted

EXTENSION = {"number": "101", "secret": "a-quite-long-secret"}
BOX = {"name": "101", "extension": "101", "pin": "2580"}
NEWS = {"name": "news", "code": "1", "pin": "9753"}
TEST = {"name": "hotline", "number": "600", "caller": "101"}
SELF = {"name": "self", "host": "10.0.0.1", "peers": ["127.0.0.0/8"]}


def keys(tables: dict[str, Any]) -> list[str]:
    config = Config.model_validate({"extension": [EXTENSION], **tables})
    found = [*check_voicemail(config), *check_announcements(config), *check_selftests(config)]
    assert all(problem.remedy for problem in found)
    return [dotted(problem.key) for problem in found]


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"voicemail": [{**BOX, "extension": "999"}]}, "voicemail[0].extension"),
        ({"voicemail": [{**BOX, "lamps": ["999"]}]}, "voicemail[0].lamps.0"),
        ({"voicemail": [BOX, {**BOX, "name": "two"}]}, "voicemail[1].extension"),
        ({"voicemail": [{"name": "sales"}]}, "voicemail[0]"),
        ({"voicemail": [{**BOX, "queue": "sales"}]}, "voicemail[0].queue"),
        ({"voicemail": [{**BOX, "hours": "office"}]}, "voicemail[0].hours"),
        ({"voicemail": [{**BOX, "closed_greeting": {"en": "Shut."}}]}, "voicemail[0].closed_greeting"),
        ({"voicemail": [{**BOX, "greeting": {"en": " "}}]}, "voicemail[0].greeting.en"),
        ({"voicemail": [{**BOX, "min_s": 20, "max_s": 10}]}, "voicemail[0].min_s"),
        ({"announcement": [{**NEWS, "pin": ""}]}, "announcement[0].pin"),
        ({"announcement": [{"name": "news"}]}, "announcement[0]"),
        ({"announcement": [NEWS, {**NEWS, "name": "two"}]}, "announcement[1].code"),
        ({"announcement": [{**NEWS, "hours": "office"}]}, "announcement[0].hours"),
        ({"announcement": [{**NEWS, "when": []}]}, "announcement[0].when"),
        (
            {"announcement": [{**NEWS, "valid_from": "2026-12-27T08:00", "valid_until": "2026-12-24T08:00"}]},
            "announcement[0].valid_until",
        ),
        ({"selftest": [{**TEST, "caller": ""}]}, "selftest[0].caller"),
        ({"selftest": [{**TEST, "caller": "999"}]}, "selftest[0].caller"),
        ({"selftest": [{**TEST, "trunk": "none"}]}, "selftest[0].trunk"),
        (
            {"selftest": [{**TEST, "trunk": "in"}], "trunk": [{"name": "in", "peers": ["10.0.0.1"]}]},
            "selftest[0].trunk",
        ),
        ({"selftest": [TEST], "trunk": [SELF]}, "selftest[0].trunk"),
        ({"selftest": [{**TEST, "at": ["25:00"]}]}, "selftest[0].at[0]"),
        ({"selftest": [{**TEST, "step": [{}]}]}, "selftest[0].step[0]"),
        ({"selftest": [{**TEST, "step": [{"expect": "Hi.", "file": "x.wav"}]}]}, "selftest[0].step[0]"),
        ({"selftest": [{**TEST, "step": [{"file": "no.wav"}]}]}, "selftest[0].step[0].file"),
        (
            {"selftest": [{**TEST, "step": [{"expect": "Hi.", "max_reaction_ms": 60}]}]},
            "selftest[0].step[0].max_reaction_ms",
        ),
    ],
)
def test_a_wrong_one_is_named(tables: dict[str, Any], key: str) -> None:
    assert key in keys(tables)


def test_right_ones() -> None:
    step = [{"expect": "Press one.", "press": "1"}, {"expect": "Thanks.", "max_reaction_ms": 60}]
    tables = {
        "queue": [{"name": "sales"}],
        "hours": [{"name": "office"}],
        "voicemail": [BOX, {"name": "sales", "pin": "13579", "queue": "sales", "lamps": ["101"], "hours": "office"}],
        "announcement": [NEWS, {"name": "text", "text": {"pl": "Nieczynne."}, "hours": "office"}],
        "trunk": [SELF],
        "selftest": [{**TEST, "trunk": "self", "at": ["7:45", "19:00"], "step": step}],
    }
    assert keys(tables) == []


@pytest.mark.parametrize("pin", ["123", "12a4", "1" * 17])
def test_a_pin_is_4_to_16_digits_and_not_shown(pin: str) -> None:
    from pydantic import ValidationError

    from pbx.configfile.explain import explain

    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"voicemail": [{**BOX, "pin": pin}]})
    (problem,) = explain(caught.value)
    assert pin not in problem.text
