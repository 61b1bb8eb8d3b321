"""Messages to waiting callers: what cannot be said is found before the start."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config, Queue
from pbx.config_queue import Comfort
from pbx.configfile.check_comfort import check_comfort


@pytest.mark.parametrize(
    ("comfort", "found"),
    [
        ({"text": {"pl": "Prosimy czekać."}}, []),
        ({"sound": "thanks"}, []),
        ({}, ["has neither text nor sound"]),
        ({"text": {"pl": "Prosimy czekać."}, "sound": "thanks"}, ["has both texts and a sound"]),
        ({"text": {"pl": " "}}, ["has neither text nor sound", "has a language without words"]),
        ({"text": {"pl": "Prosimy czekać.", "en": ""}}, ["has a language without words"]),
        ({"text": {"pl": "a" * 4001}}, ["has more than 4000 characters, which is what can be spoken"]),
    ],
)
def test_a_message_is_a_text_or_a_sound(comfort: dict[str, Any], found: list[str]) -> None:
    config = Config(queue=[Queue(name="q", comfort=[Comfort(**comfort)])])
    assert [problem.text for problem in check_comfort(config)] == found
