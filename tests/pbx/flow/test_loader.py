"""Every mistake of a flow is named with flow, block, key and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config, Extension, Flow, Hours, Number, Queue, Route
from pbx.config_speech import Speech, SpeechVoice
from pbx.configfile.problem import ConfigError, Problem
from pbx.flow.kinds import KINDS
from pbx.flow.loader import check_flows, load_flows
from pbx.flow.model import prompts_of

END = {"kind": "hangup"}


def config(start: str = "one", language: Any = None, server_language: str = "en", **blocks: dict[str, Any]) -> Config:
    return Config.model_validate(
        {
            "server": {"language": server_language},
            "extension": [Extension(number="101", secret="s")],
            "number": [Number(number="601", application="echo")],
            "route": [Route(match="00", trunk="t")],
            "queue": [Queue(name="sales")],
            "hours": [Hours(name="office")],
            "flow": [Flow(name="hotline", start=start, language=language, block=blocks)],
        }
    )


def problems(**blocks: Any) -> list[Problem]:
    return check_flows(config(**blocks))


def only(**blocks: Any) -> str:
    (problem,) = problems(**blocks)
    return str(problem)


def test_a_sound_flow_has_no_problems() -> None:
    assert (
        problems(
            one={"kind": "answer", "ring_s": 2, "next": "two"},
            two={"kind": "hours", "hours": "office", "open": "three", "closed": "nine"},
            three={"kind": "say", "text": {"en": "Hello"}, "next": "four"},
            four={"kind": "menu", "text": "Press", "keys": {"1": "five", "2": "six", "3": "seven"}, "invalid": "nine"},
            five={"kind": "queue", "queue": "sales", "timeout": "nine"},
            six={"kind": "dial", "target": "101", "busy": "nine"},
            seven={"kind": "language", "language": "en", "next": "eight"},
            eight={"kind": "echo"},
            nine={"kind": "hangup", "text": "Goodbye", "cause": "busy"},
        )
        == []
    )


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (
            {"one": {"kind": "mneu"}},
            "flow[0].block.one.kind: flow 'hotline', block 'one': there is no kind 'mneu'; did you mean 'menu'?",
        ),
        (
            {"one": {"text": "x"}},
            "flow[0].block.one.kind: flow 'hotline', block 'one': the kind is missing; write one of: "
            + ", ".join(KINDS),
        ),
        (
            {"one": {"kind": "say", "text": "Hi"}},
            "flow[0].block.one.next: flow 'hotline', block 'one': exit 'next' leads nowhere; "
            'write next = "BLOCK"; a block of kind "hangup" ends the call',
        ),
        (
            {"one": {"kind": "say", "text": "Hi", "next": "tow"}, "two": END},
            "flow[0].block.one.next: flow 'hotline', block 'one': exit 'next' leads to 'tow', which is no block of "
            "this flow; did you mean 'two'?",
        ),
        (
            {"one": {"kind": "queue", "queue": "sale"}},
            "flow[0].block.one.queue: flow 'hotline', block 'one': there is no queue 'sale'; did you mean 'sales'?",
        ),
        (
            {"one": {"kind": "hours", "hours": "shop", "open": "two", "closed": "two"}, "two": END},
            "flow[0].block.one.hours: flow 'hotline', block 'one': there is no hours 'shop'; name one of: office",
        ),
        (
            {"one": {"kind": "dial", "target": "999"}},
            "flow[0].block.one.target: flow 'hotline', block 'one': there is no extension or number '999'; "
            "name one of: 101, 601",
        ),
        (
            {"one": {"kind": "menu", "text": "Hi", "keys": {"1": ""}}},
            "flow[0].block.one.keys.1: flow 'hotline', block 'one': exit '1' leads nowhere; "
            'write keys.1 = "BLOCK"; a block of kind "hangup" ends the call',
        ),
        (
            {"one": {"kind": "menu", "text": "Hi", "keys": {"x": "one"}}},
            "flow[0].block.one.keys: flow 'hotline', block 'one': keys cannot be {'x': 'one'}: 'x' cannot be pressed: "
            "use 1 to 8 of 0-9, *, #, A-D; correct the value",
        ),
        (
            {"one": {"kind": "menu", "text": "Hi", "keys": {}}},
            "flow[0].block.one.keys: flow 'hotline', block 'one': keys cannot be {}: a menu needs at least one key; "
            "correct the value",
        ),
        (
            {"one": {"kind": "say", "txt": "Hi", "text": "Hi", "next": "one"}},
            "flow[0].block.one.txt: flow 'hotline', block 'one': unknown key 'txt'; did you mean 'text'?",
        ),
        (
            {"one": {"kind": "say", "next": "one"}},
            "flow[0].block.one.text: flow 'hotline', block 'one': text is missing; add text = ...",
        ),
        (
            {"one": {"kind": "say", "text": 5, "next": "one"}},
            "flow[0].block.one.text: flow 'hotline', block 'one': text cannot be 5: Input should be a valid string; "
            'write a text, or { pl = "...", ru = "...", en = "..." }',
        ),
        (
            {"one": {"kind": "say", "text": " ", "next": "two"}, "two": END},
            "flow[0].block.one.text: flow 'hotline', block 'one': text is empty; write what the caller shall hear",
        ),
        (
            {"one": {"kind": "say", "text": {"pl": "Cześć"}, "next": "two"}, "two": END},
            "flow[0].block.one.text: flow 'hotline', block 'one': text has no words in 'en', a language that calls of "
            'this flow have; add en = "..."',
        ),
        (
            {"one": END, "two": END},
            "flow[0].block.two: flow 'hotline': no way leads to block 'two'; let an exit lead to it, or remove it",
        ),
        (
            {"start": "on", "one": END},
            "flow[0].start: flow 'hotline' has no block 'on'; did you mean 'one'?",
        ),
    ],
)
def test_mistakes_are_named_with_a_remedy(blocks: dict[str, Any], message: str) -> None:
    assert only(**blocks) == message


def test_a_circle_that_takes_no_time_is_refused_and_one_that_speaks_is_not() -> None:
    hours = {"kind": "hours", "hours": "office", "open": "two", "closed": "three"}
    silent = only(one=hours, two={"kind": "answer", "next": "one"}, three=END)
    assert "one -> two -> one goes in a circle in which nothing is said or waited for" in silent
    assert problems(one=hours, two={"kind": "say", "text": "Wait", "next": "one"}, three=END) == []


def test_words_are_needed_in_every_language_that_the_flow_sets() -> None:
    assert "has no words in 'ru'" in only(
        one={"kind": "say", "text": {"en": "Hello", "pl": "Cześć"}, "next": "two"},
        two={"kind": "language", "language": "ru", "next": "three"},
        three=END,
    )


def test_a_number_outside_may_be_dialled_when_a_route_leads_there() -> None:
    assert problems(one={"kind": "dial", "target": "0048600100200"}) == []


def test_sounds_are_checked_when_they_are_known() -> None:
    good = config(one={"kind": "play", "sound": "jingle", "next": "two"}, two=END)
    load_flows(good)
    load_flows(good, sounds=["jingle"])
    with pytest.raises(ConfigError, match=r"there is no sound 'jingle'; did you mean 'jingles'\?"):
        load_flows(good, sounds=["jingles"])


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("nowhere", "'nowhere' names no coroutine"),
        ("tests.pbx.flow.nothing:run", "'tests.pbx.flow.nothing' cannot be imported: ModuleNotFoundError"),
        ("tests.pbx.flow.python_flows:missing", "'missing' of 'tests.pbx.flow.python_flows' is missing"),
        ("tests.pbx.flow.python_flows:not_a_coroutine", "'not_a_coroutine' of .* is no coroutine function"),
    ],
)
def test_python_flows_that_cannot_run_are_refused(python: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_flows(Config(flow=[Flow(name="hotline", python=python)]))


def test_prompts_of_a_flow_in_every_language_it_speaks() -> None:
    flows = load_flows(
        config(
            language="pl",
            one={
                "kind": "menu",
                "text": {"pl": "Wybierz", "ru": "Выберите"},
                "keys": {"7": "two"},
                "invalid_text": "Hm",
            },
            two={"kind": "language", "language": "ru", "next": "three"},
            three={"kind": "hangup", "text": {"pl": "Do widzenia", "ru": "До свидания"}},
        )
    )
    assert prompts_of(flows["hotline"], "en") == [
        ("Wybierz", "pl"),
        ("Выберите", "ru"),
        ("Hm", "pl"),
        ("Hm", "ru"),
        ("Do widzenia", "pl"),
        ("До свидания", "ru"),
    ]


def test_voices_of_a_flow_and_of_its_blocks() -> None:
    voices = [SpeechVoice(name=name, language="pl", voice="x") for name in ("anna", "jan")]
    settings = Config(
        speech=Speech(voice=voices),
        flow=[
            Flow(
                name="hotline",
                language="pl",
                voice={"pl": "anna"},
                start="one",
                block={
                    "one": {"kind": "say", "text": "Raz", "next": "two"},
                    "two": {"kind": "hangup", "text": "Dwa", "voice": {"pl": "jan"}},
                },
            )
        ],
    )
    assert prompts_of(load_flows(settings)["hotline"], "en") == [("Raz", "pl", "anna"), ("Dwa", "pl", "jan")]
    wrong = settings.model_copy(update={"speech": Speech(voice=voices[1:])})
    with pytest.raises(ConfigError, match=r"no \[\[speech.voice\]\] 'anna' speaks 'pl'"):
        load_flows(wrong)
