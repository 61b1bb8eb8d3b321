"""Callers of a rehearsal who answer menus by voice: the real listening, by the words of the script."""

from __future__ import annotations

from typing import Any

from tests.pbx.flow.rehearsal.support import run

ASK = {
    "kind": "menu",
    "text": {"pl": "W czym pomóc?", "en": "How can I help?"},
    "invalid_text": {"pl": "Słucham?", "en": "Pardon?"},
    "keys": {"1": "sales", "2": "late", "3": "phone", "4": "echo"},
    "speech": {"1": ["sales", "buy a boat"], "2": ["serwis"]},
    "speech_s": 3,
    "retries": 1,
    "timeout": "bye",
    "invalid": "bye",
}
SCRIPT = """
    callers:
      - name: says it
        steps: [{says: "Well, I want to buy a boat."}, {connected: sales}, hang_up]
        expect: {path: [when=open, hello, ask=1, ...], variables: {menu.said: "Well, I want to buy a boat."}}
      - name: says something else, then presses
        steps: [{says: bananas}, {hears: pardon}, {press: "2"}]
        expect: {path: [..., ask=2, late], hears: [how can, pardon, sorry]}
      - name: is silent
        expect: {path: [..., ask=timeout, ...], not_hears: [pardon], duration_s: {min: 10}}
      - name: presses while he is listened to
        steps: [{hears: how can}, {press: "1", after_s: 4}, {connected: sales}, hang_up]
        expect: {path: [..., ask=1, sales=hangup]}
      - name: talks on and on
        steps: [{says: "one two three four five six seven eight nine ten sales"}, {says: serwis}]
        expect: {path: [..., ask=2, late], hears: [how can, pardon, how can]}
      - name: is not understood
        recognizer: fails
        steps: [{says: sales}, {says: sales}]
        expect: {path: [..., ask=timeout, ...]}
"""


def test_menus_answered_by_voice() -> None:
    results = run(SCRIPT, ask=ASK)
    assert [(result.outcome.script.name, result.problems) for result in results if result.problems] == []
    spoke: list[Any] = [
        event.data for event in results[0].outcome.events if getattr(event, "kind", "") == "speech.heard"
    ]
    assert [told["result"] for told in spoke] == ["key"]


def test_whom_nobody_listens_to_is_told_so() -> None:
    (result,) = run({"callers": [{"name": "a", "steps": [{"says": "hello", "within_s": 3}]}]})
    assert result.problems == ["step 1: nobody listened to 'hello' within 3 s"]
