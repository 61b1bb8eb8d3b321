"""Voices and engines of speech: what cannot work is found before the start."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.config_speech import Speech
from pbx.configfile.check_speech import check_speech

PIPER = {"name": "neural", "kind": "piper"}
ANNA = {"name": "anna", "language": "pl", "engine": "neural", "voice": "pl.onnx"}


@pytest.mark.parametrize(
    ("speech", "found"),
    [
        ({}, []),
        ({"engine": [PIPER], "voice": [ANNA], "voices": {"pl": "anna"}, "fallback": {"pl": ["pl"]}}, []),
        ({"engine": [PIPER, PIPER]}, ["'neural' is given twice"]),
        ({"engine": [{**PIPER, "name": "espeak"}]}, ["'espeak' is given twice"]),
        ({"engine": [{**PIPER, "command": []}]}, ["is empty"]),
        ({"voice": [ANNA]}, ["there is no engine 'neural'"]),
        ({"engine": [PIPER], "voice": [ANNA, ANNA]}, ["'anna' is given twice"]),
        ({"engine": [PIPER], "voice": [ANNA], "voices": {"ru": "anna"}}, ["voice 'anna' speaks 'pl', not 'ru'"]),
        ({"engine": [PIPER], "voice": [ANNA], "fallback": {"en": ["anna"]}}, ["voice 'anna' speaks 'pl', not 'en'"]),
        (
            {"engine": [{"name": "h", "kind": "http", "url": "ftp://x/"}]},
            ["'ftp://x/' is no address that can be asked"],
        ),
        ({"engine": [{"name": "h", "kind": "http", "url": "http://u:p@x/"}]}, ["no address that can be asked"]),
        ({"engine": [{"name": "h", "kind": "http", "url": "http://127.0.0.1:5002/api"}]}, []),
    ],
)
def test_voices_and_engines(speech: dict[str, Any], found: list[str]) -> None:
    problems = list(check_speech(Config(speech=Speech(**speech))))
    assert len(problems) == len(found)
    for problem, text in zip(problems, found, strict=True):
        assert problem.text.endswith(text)
        assert problem.remedy
