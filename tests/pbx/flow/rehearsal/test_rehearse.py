"""Scripted callers go through real flows in virtual time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pbx.flow.rehearsal.report import as_junit, as_text
from pbx.flow.rehearsal.script import ScriptError
from tests.pbx.flow.rehearsal.support import BLOCKS, run, written

PASSING = """
    defaults: {number: "+48601002003"}
    callers:
      - name: is served
        steps: [{hears: press one}, {press: "1"}]
        queues: {sales: {after_s: 12, talk_s: 30}}
        expect:
          path: [when=open, hello, ask=1, sales=answered]
          hears: [good morning, press one]
          not_hears: [sorry]
          ended_by: callee
          duration_s: {min: 42, max: 45}
          variables: {menu.key: "1", call.caller: "+48601002003"}
      - name: waits too long
        steps: [{press: "1", after_s: 1}]
        queues: {sales: {after_s: 400}}
        expect: {path: [..., sales=timeout, late=end], hears: [sorry], ended_by: pbx}
      - name: leaves the queue by a key
        steps: [{press: "1", after_s: 1}, {press: "5", after_s: 4}]
        expect: {path: [..., sales=5, bye]}
      - name: gives up
        steps: [{heard_out: press one}, {press: "1"}, {wait_s: 5}, hang_up]
        expect: {path: [..., sales=hangup], ended_by: caller, duration_s: {max: 8}}
      - name: hangs up while he talks
        steps: [{press: "1", after_s: 1}, {connected: sales}, {wait_s: 5}, hang_up]
        expect: {path: [..., sales=hangup], duration_s: {min: 16, max: 17}}
      - name: finds it full
        steps: [{press: "1", after_s: 1}]
        queues: {"*": {outcome: full}}
        expect: {path: [..., sales=full], hears: [nobody can take]}
      - name: rings a phone that is busy
        steps: [{press: "2", after_s: 1}]
        phones: {"102": {outcome: busy}}
        expect: {path: [..., phone=busy, late]}
      - name: rings a phone that nobody takes
        steps: [{press: "2", after_s: 1}]
        phones: {"102": {after_s: 60}}
        expect: {path: [..., phone=no_answer, late], duration_s: {min: 10}}
      - name: talks to the phone
        steps: [{press: "2", after_s: 1}, connected]
        phones: {"*": {talk_s: 7}}
        expect: {path: [..., phone=answered], ended_by: callee}
      - name: says nothing
        expect: {path: [when, hello, ask=timeout], hears: [press one, press one]}
      - name: comes at night
        at: 2026-11-23 18:00
        expect: {path: [when=closed, night], hears: [closed], not_hears: [good morning]}
      - name: comes on a Sunday, by an offset
        at: 2026-11-22T10:00+01:00
        expect: {path: [when=closed, night]}
"""


def test_what_a_script_expects_comes_out() -> None:
    results = run(PASSING)
    assert [(r.outcome.script.name, r.problems) for r in results if r.problems] == []
    assert as_text(results).startswith("12 of 12 callers passed")
    assert "passed  comes at night: when=closed > night=end" in as_text(results, verbose=True)


@pytest.mark.parametrize(
    ("caller", "message"),
    [
        (
            {"expect": {"path": ["when", "hello", "sales"]}},
            "path: expected  when > hello > sales\n"
            "      got       when=open > hello=next > ask=timeout\n"
            "      step 3 is ask=timeout, not sales",
        ),
        ({"expect": {"path": ["when", "hello"]}}, "      1 step more"),
        ({"expect": {"path": ["...", "sales"]}}, "path: expected  ... > sales"),
        ({"expect": {"hears": ["press one", "good morning"]}}, "'good morning' was not said after the ones before"),
        ({"expect": {"not_hears": ["press"]}}, "not_hears: 'press' was said after 0.8 s: 'Press one'"),
        ({"expect": {"variables": {"ivr.topic": "x"}}}, "variable ivr.topic: expected 'x', got '(not set)'"),
        ({"expect": {"ended_by": "caller"}}, "ended_by: expected caller, got pbx"),
        ({"expect": {"duration_s": {"max": 1}}}, "duration_s: expected 0 to 1, got "),
        ({"expect": {"language": "pl"}}, "language: expected pl, got en"),
        ({"expect": {"sms": [{"to": "+48"}]}}, "sms: expected 1, got 0"),
        ({"steps": [{"hears": "hello"}]}, "step 1: 'hello' was not heard before the call ended; heard instead: Good"),
        ({"steps": [{"hears": "press two", "within_s": 1}]}, "'press two' was not heard within 1 s; heard instead"),
        ({"steps": [{"connected": "sales"}]}, "step 1: 'sales' did not answer before the call ended"),
        ({"steps": [{"press": "3"}], "limit_s": 60}, "the call did not end within 60 s, and the caller did not hang"),
        ({"at": "2026-11-22", "steps": [{"wait_s": 60}, {"press": "1"}]}, "step 2: the call was over when '1' was to"),
    ],
)
def test_a_failure_shows_what_was_expected_and_what_came(caller: dict[str, object], message: str) -> None:
    (result,) = run({"callers": [{"name": "one", **caller}]})
    assert message in "\n".join(result.problems)
    text = as_text([result])
    assert text.startswith("FAILED  one\n")
    assert "0 of 1 callers passed" in text
    assert "heard" in text
    assert '<failure message="' in as_junit("hotline", [result])


def test_a_flow_that_fails_is_told() -> None:
    circle = {"kind": "queue", "queue": "sales", "full": "hello", "answered": "ask"}
    (result,) = run({"callers": [{"name": "one", "queues": {"sales": {"outcome": "full"}}}]}, hello=circle)
    assert result.problems == ["the flow failed: see the log above"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("callers: []", "callers: List should have at least 1 item"),
        ("callers: [{name: a, steps: [{hears: x, press: '1'}]}]", "a step is one of hears, heard_out, press"),
        ("callers: [{name: a, steps: [{press: 'x'}]}]", "'x' cannot be pressed"),
        ("callers: [{name: a, expect: {pth: []}}]", "callers.0.expect.pth: Extra inputs are not permitted"),
        ("callers: [", "is no YAML"),
        ("[]", "Input should be a valid dictionary"),
    ],
)
def test_a_wrong_script_is_refused_with_the_place(script: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"script\.yaml") as caught:
        written(tmp_path, script)
    assert message in str(caught.value)


def test_a_hundred_callers_take_less_than_a_second_of_the_machine() -> None:
    one = {"steps": [{"hears": "press one"}, {"press": "1"}], "queues": {"sales": {"talk_s": 600}}}
    callers = [{"name": f"caller {n}", **one} for n in range(100)]
    began = time.process_time()
    assert all(result.passed for result in run({"callers": callers}))
    assert time.process_time() - began < 1.0


def test_a_limit_of_none_is_a_day_as_in_the_real_queue() -> None:
    caller = {"name": "waits", "steps": [{"press": "1", "after_s": 1}], "limit_s": 86_400}
    told = {"queues": {"sales": {"outcome": "timeout"}}, "at": "2026-11-23 12:00"}
    (result,) = run({"callers": [{**caller, **told}]}, sales={**BLOCKS["sales"], "max_wait_s": 0})
    assert "did not end within 86400 s" in "\n".join(result.problems)
    (result,) = run({"callers": [{**caller, **told}]}, sales={**BLOCKS["sales"], "max_wait_s": 80_000})
    assert result.problems == []
    assert "sales=timeout" in as_text([result], verbose=True)
