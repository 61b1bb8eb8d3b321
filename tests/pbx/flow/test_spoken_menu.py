"""Menus that may be answered by voice: words, keys, what is not understood, and what may not be written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.configfile.problem import ConfigError
from pbx.events import Kind
from pbx.flow.hearing import Heard, key_of
from tests.pbx.flow.equipped import EquippedHouse, said

RECOGNIZER = {"speech": {"recognizer": {"url": "https://crm.example/stt"}}}
WORDS = {"1": ["sales", "I want to buy"], "2": ["продажи", "serwis"]}


def menu(**more: Any) -> dict[str, Any]:
    asking = {"kind": "menu", "text": "What is it?", "keys": {"1": "one", "2": "two"}, "retries": 1, "speech": WORDS}
    return {
        "ask": {**asking, "timeout": "late", "invalid": "wrong", "invalid_text": "Pardon?", **more},
        **{name: {"kind": "say", "text": name, "next": "end"} for name in ("one", "two", "late", "wrong")},
        "end": {"kind": "hangup"},
    }


class Ears:
    """Hears what it is told to, one after the other."""

    def __init__(self, *heard: Heard) -> None:
        self.heard = list(heard)
        self.asked: list[dict[str, float]] = []

    async def listen(self, _call: Any, **how: float) -> Heard:
        self.asked.append(how)
        return self.heard.pop(0)


async def answered(*heard: Heard, keys: str = "") -> tuple[list[str], EquippedHouse, Ears]:
    house = EquippedHouse(menu(), config=RECOGNIZER)
    ears = house.harness.services.extra["hearing"] = Ears(*heard)
    caller = house.call()
    for key in keys:
        await asyncio.sleep(0.1)
        caller.press(key)
    await caller.over()
    texts = said(caller)
    await house.close()
    return texts, house, ears


@pytest.mark.parametrize(
    ("text", "way"),
    [("Sales, please.", "one"), ("well I want to buy a house", "one"), ("ПРОДАЖИ!", "two"), ("serwis.", "two")],
)
async def test_words_lead_where_their_key_does(text: str, way: str) -> None:
    texts, house, ears = await answered(Heard(text=text))
    assert texts == ["What is it?", way]
    assert ears.asked == [{"timeout_s": 5.0, "longest_s": 8.0}]
    (told,) = house.told(Kind.SPEECH_HEARD)
    assert (told["result"], told["characters"]) == ("key", len(text))
    assert text not in str(told), "what was said is not kept"


async def test_a_key_pressed_while_he_is_listened_to_counts() -> None:
    texts, house, _ = await answered(Heard("2"))
    assert texts[-1] == "two"
    assert not house.told(Kind.SPEECH_HEARD)


async def test_a_key_during_the_text_is_obeyed_and_nobody_listens() -> None:
    texts, _, ears = await answered(keys="1")
    assert (texts[-1], ears.asked) == ("one", [])


async def test_what_is_no_word_of_it_is_asked_again_and_silence_is_a_timeout() -> None:
    texts, house, _ = await answered(Heard(text="a banana"), Heard(text="a banana"))
    assert texts == ["What is it?", "Pardon?", "What is it?", "wrong"]
    assert [told["result"] for told in house.told(Kind.SPEECH_HEARD)] == ["other", "other"]
    texts, house, _ = await answered(Heard(), Heard())
    assert texts == ["What is it?", "What is it?", "late"]


async def test_without_an_answer_of_the_recognizer_keys_remain() -> None:
    texts, house, _ = await answered(Heard(why="the recognizer did not answer"), Heard("1"))
    assert texts == ["What is it?", "What is it?", "one"]
    assert "did not answer" in house.told(Kind.FLOW_FAILED)[0]["error"]


@pytest.mark.parametrize(
    ("text", "key"),
    [("sale", ""), ("presales", ""), ("sales", "1"), ("serwis sales i want to buy", "1"), ("", ""), ("!?", "")],
)
def test_whole_words_count_and_the_longest_of_them(text: str, key: str) -> None:
    assert key_of(text, WORDS) == key


@pytest.mark.parametrize(
    ("more", "config", "told"),
    [
        ({}, {}, "speech.recognizer"),
        ({"speech": {"3": ["three"]}}, RECOGNIZER, "'3', which is no key of the menu"),
        ({"speech": {"1": ["!"]}}, RECOGNIZER, "needs words"),
        ({"early": True}, RECOGNIZER, "hears nobody"),
    ],
)
async def test_mistakes_are_named(more: dict[str, Any], config: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told.replace("[", r"\[")):
        EquippedHouse(menu(**more), config=config)
