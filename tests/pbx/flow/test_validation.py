"""Mistakes that only the whole of a flow, or several of them, show."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Config
from pbx.flow.document import parse, read
from pbx.flow.loader import build, check_flows
from pbx.flow.references import House
from pbx.flow.validation import MAX_PROBLEMS, validate
from tests.pbx.flow.houses import END, problems_of

RETURN = {"kind": "return"}


def say(text: Any = "Hi", to: str = "end", **more: Any) -> dict[str, Any]:
    return {"kind": "say", "text": text, "next": to, **more}


def when(text: str, true: str = "end", false: str = "end") -> dict[str, Any]:
    return {"kind": "condition", "when": text, "true": true, "false": false}


def into(flow: str, to: str = "end", **exits: str) -> dict[str, Any]:
    return {"kind": "flow", "flow": flow, "next": to, "exits": exits}


CASES: list[tuple[dict[str, Any], str]] = [
    (
        {"main": {"one": when("ivr.vip"), "end": END}},
        "flow[0].block.one.when: flow 'main', block 'one': when reads 'ivr.vip', which nothing sets; set it before",
    ),
    (
        {"main": {"one": when("call.calller == ''"), "end": END}},
        "flow[0].block.one.when: flow 'main', block 'one': when reads 'call.calller', which nothing sets; did you mean "
        "'call.caller'?",
    ),
    (
        {"main": {"one": when("queue.sale.waiting > 1"), "end": END}},
        "flow[0].block.one.when: flow 'main', block 'one': when reads 'queue.sale.waiting', which nothing sets; did "
        "you mean 'queue.sales.waiting'?",
    ),
    (
        {"main": {"one": when("1 +"), "end": END}},
        "flow[0].block.one.when: flow 'main', block 'one': when: a value is missing (character 4); write a name",
    ),
    (
        {"main": {"one": say("Hello {ivr.name}"), "end": END}},
        "flow[0].block.one.text: flow 'main', block 'one': text reads 'ivr.name', which nothing sets",
    ),
    (
        {"main": {"one": say({"en": "Hello {call.caller|digitz}"}), "end": END}},
        "flow[0].block.one.text.en: flow 'main', block 'one': text.en: there is no filter 'digitz' (character 7)",
    ),
    (
        {"main": {"one": {"kind": "set_variable", "set": {"call.tag": "1"}, "next": "end"}, "end": END}},
        "flow[0].block.one: flow 'main', block 'one': 'call.tag' cannot be set: it is read from the call; "
        "choose another",
    ),
    (
        {"main": {"one": {"kind": "set_variable", "next": "end"}, "end": END}},
        "flow[0].block.one: flow 'main', block 'one': it sets nothing: write set = ",
    ),
    (
        {"main": {"variables": {"Ivr": 1}, "block": {"end": END}}},
        "flow[0].variables.Ivr: flow 'main': 'Ivr' is no name of a variable; use lower-case letters",
    ),
    (
        {"main": {"journal": ["ivr.x"], "block": {"end": END}}},
        "flow[0].journal[0]: flow 'main': journal names 'ivr.x', which nothing sets",
    ),
    (
        {
            "main": {
                "defaults": {"timout": "end"},
                "block": {"one": {"kind": "menu", "text": "?", "keys": {"1": "end"}}, "end": END},
            }
        },
        "flow[0].defaults.timout: flow 'main': no block has an exit 'timout' that could take its default; did you mean "
        "'timeout'?",
    ),
    (
        {"main": {"defaults": {"next": "ende"}, "block": {"one": {"kind": "say", "text": "Hi"}, "end": END}}},
        "flow[0].defaults.next: flow 'main': the default of exit 'next' leads to 'ende', which is no block of this "
        "flow; did you mean 'end'?",
    ),
    (
        {"main": {"on_hangup": "note", "block": {"end": END}}},
        "flow[0].on_hangup: flow 'main': on_hangup leads to 'note', which is no block of this flow; name one of: end",
    ),
    (
        {"main": {"on_hangup": "one", "block": {"end": END, "one": when("1", "two", "two"), "two": say()}}},
        "flow[0].block.end: flow 'main', block 'end' runs after the caller has hung up, and 'hangup' needs a caller",
    ),
    (
        {"main": {"one": into("asks"), "end": END}, "ask": {"one": RETURN}},
        "flow[0].block.one.flow: flow 'main', block 'one': there is no flow 'asks'; did you mean 'ask'?",
    ),
    (
        {"main": {"one": into("ask"), "end": END}, "ask": {"one": {"kind": "return", "exit": "yes"}}},
        "flow[0].block.one.exits: flow 'main', block 'one': flow 'ask' may return 'yes', which has no exit here; write "
        'exits = {yes = "BLOCK"}',
    ),
    (
        {"main": {"one": into("main"), "end": END}},
        "flow[0].block.one.flow: flow 'main', block 'one': flow 'main' leads back into 'main', which waits for it; "
        "return from it",
    ),
    (
        {"main": {"one": into("a"), "end": END}, "a": {"one": say(to="two"), "two": {"kind": "goto", "flow": "main"}}},
        "flow[0].block.one.flow: flow 'main', block 'one': flow 'a' leads back into 'main', which waits for it",
    ),
    (
        {
            "main": {"one": when("1", "two", "end"), "two": {"kind": "goto", "flow": "b"}, "end": END},
            "b": {"x": {"kind": "goto", "flow": "main"}},
        },
        "flow[0].block.one: flow 'main': one -> two -> b/x -> one goes in a circle in which nothing is said or waited "
        "for",
    ),
    (
        {"main": {"one": into("nop", "one")}, "nop": {"x": {"kind": "return"}}},
        "flow[0].block.one: flow 'main': one -> one goes in a circle in which nothing is said or waited for; lead one",
    ),
    (
        {"main": {"one": into("b", "one")}, "b": {"in": into("nop", "")}, "nop": {"x": {"kind": "return"}}},
        "flow[0].block.one: flow 'main': one -> one goes in a circle in which nothing is said or waited for; lead one",
    ),
    (
        {
            "main": {"one": into("nop", "one")},
            "nop": {"defaults": {"error": "sorry"}, "block": {"x": {"kind": "return"}, "sorry": END}},
        },
        "flow[0].block.one: flow 'main': one -> one goes in a circle in which nothing is said or waited for; lead one",
    ),
    (
        {"main": {"one": {"kind": "loop", "times": 3, "again": "two", "done": "one"}, "two": END}},
        "flow[0].block.one: flow 'main': one -> one goes in a circle in which nothing is said or waited for",
    ),
]


@pytest.mark.parametrize(("flows", "message"), CASES)
def test_mistakes_are_named_with_a_remedy(flows: dict[str, Any], message: str) -> None:
    texts = problems_of(**flows)
    assert any(text.startswith(message) for text in texts), texts


SOUND: list[dict[str, Any]] = [
    {
        "main": {
            "defaults": {"error": "sorry", "next": "end"},
            "block": {
                "one": {"kind": "say", "text": "Hi"},
                "sorry": {"kind": "set_variable", "set": {"ivr.x": "1"}},
                "end": END,
            },
        }
    },
    {
        "main": {"one": say("{ivr.x}", "two"), "two": into("b", "one", done="end"), "end": END},
        "b": {
            "set": {"kind": "set_variable", "set": {"ivr.x": "1"}, "next": "out"},
            "out": {"kind": "return", "exit": "done"},
        },
    },
    {"main": {"variables": {"ivr.x": 1}, "block": {"one": when("ivr.x > 1 and hangup.block == null"), "end": END}}},
    {
        "main": {
            "defaults": {"next": "end", "error": "end"},
            "block": {"one": {"kind": "say", "text": "Hi"}, "end": END},
        }
    },
    {"main": {"one": {"kind": "loop", "times": 9, "again": "one", "done": "end"}, "end": END}},
    {"main": {"one": into("wait", "one")}, "wait": {"x": say(to="y"), "y": RETURN}},
    {"main": {"one": say(to="two"), "two": {"kind": "goto", "flow": "main"}}},
]


@pytest.mark.parametrize("flows", SOUND)
def test_what_is_right_is_left_alone(flows: dict[str, Any]) -> None:
    assert problems_of(**flows) == []


@pytest.mark.parametrize(("flows", "deep"), [(9, False), (10, True)])
def test_only_so_many_flows_wait_for_one_another(flows: int, deep: bool) -> None:
    chain: dict[str, Any] = {f"f{n}": {"one": into(f"f{n + 1}"), "end": END} for n in range(flows - 1)}
    texts = problems_of(**chain, **{f"f{flows - 1}": {"one": say(to="out"), "out": RETURN}})
    assert bool(texts) is deep
    if deep:
        assert texts[0].startswith(
            "flow[0]: flow 'f0': f0 -> f1 -> f2 -> f3 -> f4 -> f5 -> f6 -> f7 -> f8 -> f9: more "
        )


def test_a_long_chain_that_takes_no_time_is_walked_without_recursion() -> None:
    blocks = {f"b{n}": when("1", f"b{n + 1}", "end") for n in range(1900)}
    values = {"schema": 1, "name": "main", "start": "b0", "blocks": {**blocks, "b1900": when("1"), "end": END}}
    document, _ = read(values)
    assert document is not None
    flow, found = build(document)
    assert found + validate(flow, House(Config())) == []


def test_only_so_many_problems_are_told_at_once() -> None:
    blocks = {f"b{n}": {"kind": "play", "sound": "x", "next": "nowhere"} for n in range(500)}
    document, _ = read({"schema": 1, "name": "main", "start": "b0", "blocks": blocks})
    assert document is not None
    flow, _ = build(document)
    assert len(validate(flow, House(Config()))) == MAX_PROBLEMS


def test_a_document_says_what_it_lacks() -> None:
    assert [str(p) for p in read([])[1]] == [
        'a flow is an object, not list; write {"schema": 1, "name": ..., "start": ..., "blocks": {...}}'
    ]
    document, problems = read({"schema": 2, "name": "a/b", "blocks": {"x": 1}, "strat": "x"})
    assert document is None
    assert [str(p) for p in problems] == [
        "schema: flow 'a/b': schema cannot be 2: Input should be 1; correct the value",
        "name: flow 'a/b': name cannot be 'a/b': String should match pattern '^[^\\x00-\\x1f\\x7f/\\\\]+$'; correct "
        "the value",
        "start: flow 'a/b': start is missing; add start = ...",
        "blocks.x: flow 'a/b': blocks.x cannot be 1: Input should be a valid dictionary; correct the value",
        "strat: flow 'a/b': unknown key 'strat'; did you mean 'start'?",
    ]
    assert str(parse(b"{")[1][0]).startswith("this is no JSON: ")
    assert str(parse(b" " * (2 * 1024 * 1024 + 1))[1][0]).startswith("the document has 2097153 bytes; at most")


def test_a_document_comes_back_as_it_was() -> None:
    values = {
        "schema": 1,
        "name": "main",
        "start": "one",
        "defaults": {"next": "one"},
        "layout": {"one": [1.5, -2]},
        "blocks": {"one": {"kind": "hangup", "text": {"pl": "Cześć", "en": "Bye"}}},
    }
    document, problems = read(values)
    assert document is not None
    assert problems == []
    assert document.as_dict() == values
    assert parse(document.as_text())[0] == values


def test_a_flow_in_a_file_is_named_with_its_place(tmp_path: Any) -> None:
    path = tmp_path / "main.json"
    config = Config.model_validate({"flow": [{"name": "main", "file": str(path)}]})
    assert str(check_flows(config)[0]).startswith("flow[0].file: flow 'main': ")
    path.write_text('{"schema": 1, "start": "one", "blocks": {"one": {"kind": "say", "text": "Hi", "next": "two"}}}')
    (problem,) = check_flows(config)
    assert problem.key == ("flow", 0, "file", "blocks", "one", "next")
    path.write_text('{"schema": 1, "name": "other"}')
    assert str(check_flows(config)[0]).startswith("flow[0].file.name: flow 'main': ")
    path.write_text("{")
    assert "this is no JSON" in str(check_flows(config)[0])
    path.write_text('{"schema": 1, "start": "one", "blocks": {"one": {"kind": "hangup"}}}')
    assert check_flows(config) == []
