"""Flows in plain Python, for tests."""

from __future__ import annotations

import asyncio
from typing import Any

from pbx import flow
from pbx.flow.run import run_of


async def greet_and_echo(call: Any) -> None:
    await call.answer()
    await call.say({"pl": "Cześć", "en": "Hello"})


def not_a_coroutine(call: Any) -> None:
    del call


async def whole_hotline(call: flow.Call) -> None:
    await flow.say(call, {"pl": "Cześć", "en": "Hello"}, interruptible=True)
    key = await flow.menu(call, "Press", ["1", "2", "3", "9"], timeout_s=2, retries=0, name="what")
    if key == "1":
        outcome = await flow.queue(call, "sales", max_wait_s=5, keys=["5"])
        flow.set_language(call, "en")
        await flow.hang_up(call, f"Sorry: {outcome}")
    elif key == "2":
        await flow.dial(call, "102", timeout_s=5)
    elif key == "3":
        await flow.hang_up(call, flow.render(call, {"pl": "Pa", "en": "Bye"}))
    elif key == "9":
        await flow.run_block(call, "say", tetx="x")
    elif await flow.hours(call, "office") == "open":
        await flow.play(call, "jingle")


AFTERWARDS: list[str] = []


async def afterwards(call: flow.Call) -> None:
    async with flow.hangup_scope(call, after_s=10) as line:
        await flow.menu(call, "Press", ["1"], timeout_s=20)
    if line.hung_up:
        for _ in range(3):
            await asyncio.sleep(4)
            AFTERWARDS.append(call.caller)
    await flow.run_block(call, "language", language="pl")


async def ask_and_return(call: Any) -> str:
    """A part of another flow: what it returns is its exit there."""
    from pbx import flow

    await flow.menu(call, "Left or right", "12", retries=0)
    flow.variables_of(call).set("ivr.word", "by Python")
    return "left"


async def fails_with_a_secret(call: flow.Call) -> None:
    raise ValueError(f"no card {flow.variables_of(call)['ivr.pin']} is known")


async def goes_on_after_a_fault(call: flow.Call) -> None:
    try:
        await flow.run_block(call, "flow", flow="inner")
    except ValueError:
        flow.variables_of(call).set("ivr.after", flow_of(call))


def flow_of(call: flow.Call) -> str:
    """The flow that has the call."""
    return run_of(call).flow.name


async def collects_and_writes(call: flow.Call) -> None:
    number = await flow.collect(call, "Your number", minimum=3, maximum=6, retries=0)
    flow.variables_of(call).set("ivr.typed", number)
    AFTERWARDS.append(number)
    async with flow.hangup_scope(call) as line:
        await flow.record(call, "on")
        await flow.record(call, "off")
        flow.variables_of(call).set("ivr.sent", await flow.sms(call, "You typed {ivr.typed}"))
    assert not line.hung_up
