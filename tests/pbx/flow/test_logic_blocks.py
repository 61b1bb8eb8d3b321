"""Variables, conditions, loops, and flows in flows, with callers on fakes in virtual time."""

from __future__ import annotations

import pytest

from pbx.events import Kind
from pbx.flow.blocks.set_variable import SetVariable
from tests.pbx.flow.houses import END, FlowHouse, said


@pytest.mark.parametrize(
    ("tag", "words", "way"),
    [("gold", "en:Hello +48600100200, you are Gold", "true"), ("", "en:Hello +48600100200, you are new", "false")],
)
async def test_variables_are_set_asked_and_spoken(tag: str, words: str, way: str) -> None:
    house = FlowHouse(
        main={
            "first": {
                "kind": "set_variable",
                "set": {"ivr.known": "call.tag == 'gold'", "ivr.rank": "if(ivr.known, 'Gold', 'new')"},
                "fill": {"ivr.hello": "Hello {call.caller}"},
                "next": "who",
            },
            "who": {"kind": "condition", "when": "ivr.known", "true": "greet", "false": "greet"},
            "greet": {"kind": "hangup", "text": "{ivr.hello}, you are {ivr.rank}"},
        }
    )
    caller = await house.run(tag=tag)
    assert said(caller) == [words]
    assert house.way() == ["main.first:next", f"main.who:{way}", "main.greet:end"]
    await house.close()


async def test_a_switch_goes_where_the_value_leads() -> None:
    house = FlowHouse(
        main={
            "by": {"kind": "switch", "value": "call.tag", "cases": {"Gold": "gold", "7": "seven"}, "other": "other"},
            "gold": {"kind": "hangup", "text": "gold"},
            "seven": {"kind": "hangup", "text": "seven"},
            "other": {"kind": "hangup", "text": "other"},
        }
    )
    assert [said(await house.run(tag=tag)) for tag in ("GOLD", "7", "", "other")] == [
        ["en:gold"],
        ["en:seven"],
        ["en:other"],
        ["en:other"],
    ]
    await house.close()


async def test_what_has_no_value_is_told_and_the_caller_goes_on() -> None:
    house = FlowHouse(
        main={
            "first": {"kind": "set_variable", "set": {"ivr.n": "1 / 0"}, "next": "when"},
            "when": {"kind": "condition", "when": "ivr.n > 1", "true": "end", "false": "end", "error": "say"},
            "say": {"kind": "say", "text": "You have {ivr.n} points", "next": "end"},
            "end": END,
        }
    )
    caller = await house.run()
    assert house.way() == ["main.first:next", "main.when:error", "main.say:next", "main.end:end"]
    assert said(caller) == ["en:You have points"]
    failed = [event.data for event in house.steps(Kind.FLOW_FAILED)]
    assert [(data["block"], data["error"].partition(";")[0]) for data in failed] == [
        ("first", "ivr.n = 1 / 0: a division by zero (character 3)"),
        ("when", "ivr.n > 1: null cannot be compared with a number (character 7)"),
        ("say", "ivr.n has no value (character 10)"),
    ]
    await house.close()


async def test_a_loop_takes_its_way_back_only_so_often() -> None:
    house = FlowHouse(
        main={
            "round": {"kind": "loop", "times": 2, "again": "say", "done": "twice"},
            "say": {"kind": "say", "text": "Round {loop.round}", "next": "round"},
            "twice": {"kind": "loop", "times": 1, "again": "round", "done": "end"},
            "end": END,
        }
    )
    caller = await house.run()
    assert said(caller) == ["en:Round one", "en:Round two"] * 2
    await house.close()


async def test_a_loop_goes_on_counting_when_the_caller_goes_to_another_flow_and_comes_back() -> None:
    house = FlowHouse(
        main={
            "round": {"kind": "loop", "times": 3, "again": "away", "done": "end"},
            "away": {"kind": "goto", "flow": "other"},
            "end": END,
        },
        other={"back": {"kind": "goto", "flow": "main"}},
    )
    await house.run()
    assert house.way().count("main.round:again") == 3
    assert house.way()[-2:] == ["main.round:done", "main.end:end"]
    await house.close()


async def test_a_flow_leads_through_another_and_back_by_the_exit_that_it_names() -> None:
    house = FlowHouse(
        main={
            "ask": {"kind": "flow", "flow": "ask", "exits": {"yes": "thanks", "no": "bye"}, "next": "bye"},
            "thanks": {"kind": "say", "text": "Thanks, {ivr.who}", "next": "again"},
            "again": {"kind": "flow", "flow": "nothing", "next": "bye", "exits": {}},
            "bye": {"kind": "hangup", "text": "Bye"},
        },
        ask={
            "language": "pl",
            "block": {
                "who": {"kind": "set_variable", "set": {"ivr.who": "'Ada'"}, "next": "menu"},
                "menu": {"kind": "menu", "text": "Pytanie", "keys": {"1": "yes"}, "timeout": "no"},
                "yes": {"kind": "return", "exit": "yes"},
                "no": {"kind": "return", "exit": "no"},
            },
        },
        nothing={"one": {"kind": "say", "text": "Nothing", "next": "out"}, "out": {"kind": "return"}},
    )
    caller = house.call()
    await house.harness.sleep(0.2)
    caller.press("1")
    await caller.over()
    assert said(caller) == ["pl:Pytanie", "pl:Thanks, Ada", "pl:Nothing", "pl:Bye"]
    assert house.way() == [
        *("ask.who:next", "ask.menu:1", "ask.yes:yes", "main.ask:yes", "main.thanks:next"),
        *("nothing.one:next", "nothing.out:next", "main.again:next", "main.bye:end"),
    ]
    assert [step.data["from"] for step in house.steps()][:4] == ["", "who", "menu", ""]
    await house.close()


async def test_a_flow_in_python_is_gone_through_like_any_other() -> None:
    house = FlowHouse(
        main={
            "in": {"kind": "flow", "flow": "python", "exits": {"left": "end"}, "next": "end"},
            "end": {"kind": "hangup", "text": "{ivr.word}"},
        },
        python={"python": "tests.pbx.flow.python_flows:ask_and_return", "block": {}},
    )
    caller = await house.run()
    assert said(caller) == ["en:Left or right", "en:by Python"]
    assert house.way() == ["python.menu:timeout", "main.in:left", "main.end:end"]
    await house.close()


async def test_a_flow_in_python_has_its_call_again_after_a_fault_in_another() -> None:
    house = FlowHouse(
        main={
            "journal": ["ivr.after"],
            "block": {
                "set": {"kind": "set_variable", "set": {"ivr.pin": "'1'"}, "next": "in"},
                "in": {"kind": "flow", "flow": "outer", "next": "end"},
                "end": END,
            },
        },
        outer={"python": "tests.pbx.flow.python_flows:goes_on_after_a_fault", "block": {}},
        inner={"python": "tests.pbx.flow.python_flows:fails_with_a_secret", "block": {}},
    )
    await house.run()
    (kept,) = house.steps(Kind.FLOW_VARIABLES)
    assert kept.data["values"] == {"ivr.after": "outer"}
    await house.close()


async def test_eight_flows_may_wait_for_one_another() -> None:
    flows = {f"f{n}": {"one": {"kind": "flow", "flow": f"f{n + 1}", "next": "end"}, "end": END} for n in range(8)}
    house = FlowHouse(
        **flows, f8={"say": {"kind": "say", "text": "Deep", "next": "out"}, "out": {"kind": "return", "exit": "next"}}
    )
    caller = await house.run("f0")
    assert said(caller) == ["en:Deep"]
    await house.close()


async def test_an_echo_has_an_end() -> None:
    house = FlowHouse(main={"echo": {"kind": "echo", "max_s": 20, "next": "end"}, "end": END})
    caller = house.call()
    await house.harness.sleep(19)
    assert caller.media.echoing
    await house.harness.sleep(2)
    assert house.way() == ["main.echo:next", "main.end:end"]
    await house.close()


async def test_goto_leaves_a_flow_for_good_and_may_go_round_as_long_as_something_is_said() -> None:
    house = FlowHouse(
        main={"say": {"kind": "say", "text": "Main", "next": "go"}, "go": {"kind": "goto", "flow": "other"}},
        other={
            "count": {"kind": "set_variable", "set": {"ivr.n": "first(ivr.n, 0) + 1"}, "next": "enough"},
            "enough": {"kind": "condition", "when": "ivr.n > 300", "true": "end", "false": "back"},
            "back": {"kind": "goto", "flow": "main"},
            "end": {"kind": "hangup", "text": "{ivr.n}"},
        },
    )
    caller = await house.run()
    assert said(caller) == ["en:Main"] * 301 + ["en:three hundred and one"]
    await house.close()


async def test_defaults_take_exits_that_are_not_wired_and_blocks_that_fail() -> None:
    house = FlowHouse(
        main={
            "defaults": {"next": "end", "timeout": "late", "error": "sorry"},
            "block": {
                "hi": {"kind": "say", "text": "Hi", "next": "menu"},
                "menu": {"kind": "menu", "text": "Press", "keys": {"1": "end"}, "retries": 0},
                "late": {"kind": "say", "text": "Late", "next": "broken"},
                "broken": {"kind": "queue", "queue": "sales"},
                "sorry": {"kind": "say", "text": "Sorry"},
                "end": END,
            },
        }
    )

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    house.queues.join = fail  # type: ignore[method-assign, assignment]
    caller = await house.run()
    assert said(caller) == ["en:Hi", "en:Press", "en:Late", "en:Sorry"]
    assert house.way()[-3:] == ["main.broken:error", "main.sorry:next", "main.end:end"]
    assert house.steps(Kind.FLOW_FAILED)[0].data["error"] == "RuntimeError: broken"
    await house.close()


async def test_a_fault_in_a_flow_within_goes_to_the_default_of_the_one_that_waits_and_is_told_once() -> None:
    house = FlowHouse(
        main={
            "defaults": {"error": "sorry"},
            "block": {
                "in": {"kind": "flow", "flow": "inner", "next": "end"},
                "sorry": {"kind": "say", "text": "Sorry", "next": "end"},
                "end": END,
            },
        },
        inner={"broken": {"kind": "queue", "queue": "sales"}},
    )

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    house.queues.join = fail  # type: ignore[method-assign, assignment]
    caller = await house.run()
    assert said(caller) == ["en:Sorry"]
    assert house.way() == ["inner.broken:error", "main.in:error", "main.sorry:next", "main.end:end"]
    assert [(e.data["flow"], e.data["block"]) for e in house.steps(Kind.FLOW_FAILED)] == [("inner", "broken")]
    await house.close()


async def test_faults_lead_on_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr(SetVariable, "run", fail)
    house = FlowHouse(
        main={
            "defaults": {"error": "sorry"},
            "block": {
                "one": {"kind": "set_variable", "set": {"ivr.x": "1"}, "next": "sorry"},
                "sorry": {"kind": "say", "text": "x", "next": "one"},
            },
        }
    )
    caller = await house.run()
    assert said(caller) == ["en:x"] * 10
    assert house.steps(Kind.CALL_ENDED)[0].data["cause"] == "error"
    await house.close()


async def test_masked_values_are_in_no_error() -> None:
    house = FlowHouse(
        main={
            "set": {"kind": "set_variable", "set": {"ivr.pin": "'8642'"}, "mask": True, "next": "when"},
            "when": {"kind": "condition", "when": "date(ivr.pin) > 1", "true": "end", "false": "end"},
            "end": END,
        }
    )
    await house.run()
    (failed,) = house.steps(Kind.FLOW_FAILED)
    assert failed.data["error"].startswith("date(ivr.pin) > 1: '***' is no date")
    await house.close()


@pytest.mark.parametrize("defaults", [{}, {"error": "end"}])
async def test_masked_values_are_in_no_log(defaults: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    house = FlowHouse(
        main={
            "defaults": defaults,
            "block": {
                "set": {"kind": "set_variable", "set": {"ivr.pin": "'8642'"}, "mask": True, "next": "in"},
                "in": {"kind": "flow", "flow": "python", "next": "end"},
                "end": END,
            },
        },
        python={"python": "tests.pbx.flow.python_flows:fails_with_a_secret", "block": {}},
    )
    await house.run()
    cause = house.steps(Kind.CALL_ENDED)[0].data["cause"]
    assert cause == ("normal" if defaults else "error")
    assert "ValueError: no card *** is known" in caplog.text
    assert "fails_with_a_secret" in caplog.text, "where it broke is told"
    assert "8642" not in caplog.text
    assert "8642" not in str(house.harness.events)
    await house.close()


async def test_what_a_flow_wants_kept_goes_into_the_journey_and_secrets_do_not() -> None:
    house = FlowHouse(
        main={
            "variables": {"ivr.points": 3},
            "journal": ["ivr.points", "ivr.pin", "ivr.later"],
            "block": {
                "set": {"kind": "set_variable", "set": {"ivr.pin": "'1234'"}, "mask": True, "next": "end"},
                "end": {"kind": "menu", "text": "Wait", "keys": {"1": "more"}},
                "more": {"kind": "set_variable", "set": {"ivr.later": "1"}, "next": "done"},
                "done": END,
            },
        }
    )
    caller = house.call()
    await house.harness.sleep(0.5)
    caller.hang_up()
    await caller.over()
    kept = [event.data for event in house.steps(Kind.FLOW_VARIABLES)]
    assert kept == [{"flow": "main", "version": 0, "values": {"ivr.points": 3, "ivr.pin": "***"}}]
    await house.close()
