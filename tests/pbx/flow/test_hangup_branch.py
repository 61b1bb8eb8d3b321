"""What a flow does when the caller has hung up."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from pbx.events import Kind
from pbx.flow.blocks.set_variable import SetVariable
from pbx.flow.interpreter import AFTER_S
from tests.pbx.flow.houses import END, FlowHouse

NOTE = {
    "kind": "set_variable",
    "set": {"ivr.left": "hangup.flow + '/' + hangup.block + '/' + hangup.kind"},
    "next": "known",
}
KNOWN = {"kind": "condition", "when": "ivr.left == 'main/wait/menu'", "true": "yes", "false": "no"}


def flow(**more: Any) -> dict[str, Any]:
    return {
        "on_hangup": "note",
        "block": {
            "wait": {"kind": "menu", "text": "Wait", "keys": {"1": "sales"}},
            "sales": {"kind": "queue", "queue": "sales", "abandoned": "tag"},
            "tag": {"kind": "set_variable", "set": {"ivr.a": "1"}, "next": "note"},
            "note": NOTE,
            "known": KNOWN,
            "yes": {"kind": "return"},
            "no": {"kind": "return"},
        },
        **more,
    }


async def test_a_branch_runs_after_the_caller_is_gone_and_knows_where_he_left() -> None:
    house = FlowHouse(main=flow())
    caller = house.call()
    await house.harness.sleep(1)
    caller.hang_up()
    await caller.over()
    await house.harness.sleep(1)
    assert house.way() == ["main.wait:hangup", "main.note:next", "main.known:true", "main.yes:next"]
    assert [step.data["from"] for step in house.steps()] == ["", "wait", "note", "known"]
    assert caller.call.id not in house.harness.services.running.calls
    await house.close()


async def test_who_abandons_a_queue_goes_another_way() -> None:
    house = FlowHouse(main=flow())
    house.harness.phone("101", answer_after_s=None)
    caller = house.call()
    await house.harness.sleep(0.1)
    caller.press("1")
    await house.harness.sleep(3)
    caller.hang_up()
    await caller.over()
    await house.harness.sleep(1)
    assert house.way()[1:] == [
        "main.sales:hangup",
        "main.tag:next",
        "main.note:next",
        "main.known:false",
        "main.no:next",
    ]
    assert house.steps(Kind.QUEUE_ABANDONED)
    await house.close()


async def test_who_hangs_up_on_an_agent_has_not_abandoned() -> None:
    house = FlowHouse(main=flow())
    house.harness.phone("101", answer_after_s=1)
    caller = house.call()
    await house.harness.sleep(0.1)
    caller.press("1")
    await house.harness.sleep(5)
    caller.hang_up()
    await caller.over()
    await house.harness.sleep(1)
    assert house.way()[1:3] == ["main.sales:hangup", "main.note:next"]
    await house.close()


async def test_the_outer_flow_is_asked_when_the_inner_one_has_no_branch() -> None:
    house = FlowHouse(
        main={
            "on_hangup": "note",
            "block": {
                "in": {"kind": "flow", "flow": "inner", "next": "end"},
                "end": END,
                "note": {"kind": "set_variable", "set": {"ivr.where": "hangup.block"}, "next": "done"},
                "done": {"kind": "return"},
            },
        },
        inner={"ask": {"kind": "menu", "text": "Wait", "keys": {"1": "out"}}, "out": {"kind": "return"}},
    )
    caller = house.call()
    await house.harness.sleep(0.5)
    caller.hang_up()
    await caller.over()
    await house.harness.sleep(0.5)
    assert house.way() == ["inner.ask:hangup", "main.in:hangup", "main.note:next", "main.done:next"]
    await house.close()


async def test_nothing_of_a_run_holds_its_call_in_memory() -> None:
    house = FlowHouse(main=flow())
    caller = house.call()
    await house.harness.sleep(1)
    caller.hang_up()
    await caller.over()
    await house.harness.sleep(1)
    call = weakref.ref(caller.call)
    gc.disable()
    try:
        house.harness.callers.clear()
        del caller
        await house.harness.sleep(1)
        assert call() is None, gc.get_referrers(call())
    finally:
        gc.enable()
    await house.close()


async def test_a_call_that_ends_by_itself_has_no_branch() -> None:
    house = FlowHouse(
        main={"on_hangup": "end", "block": {"one": {"kind": "hangup", "text": "Bye"}, "end": {"kind": "return"}}}
    )
    await house.run()
    assert house.way() == ["main.one:end"]
    await house.close()


async def test_a_branch_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stuck(*_: object) -> str:
        await asyncio.sleep(3600)
        return "next"

    house = FlowHouse(main=flow())
    caller = house.call()
    await house.harness.sleep(1)
    monkeypatch.setattr(SetVariable, "run", stuck)
    caller.hang_up()
    await caller.over()
    await house.harness.sleep(AFTER_S + 1)
    assert house.steps(Kind.FLOW_FAILED)[0].data["error"] == "what is done after a hang-up was ended after 30 s"
    await house.close()


async def test_a_branch_is_ended_with_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = asyncio.Event()

    async def stuck(*_: object) -> str:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()
        return "next"

    house = FlowHouse(main=flow())
    caller = house.call()
    await house.harness.sleep(1)
    monkeypatch.setattr(SetVariable, "run", stuck)
    caller.hang_up()
    await caller.over()
    await house.harness.sleep(1)
    await house.close()
    assert ended.is_set()
