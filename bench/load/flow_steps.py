"""What a step of a flow costs the event loop: blocks that only think, and a menu whose key was pressed before.

The call is real and its surroundings are fakes, so the cost is that of the interpreter, the block, its event, the live
counts and the metric, without signalling and speech. The journey's row is the store's figure (bench/test_store.py).
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from pbx.call.testing import CallHarness
from pbx.call.virtual_loop import run_virtual
from pbx.config import Config
from pbx.config import Flow as FlowEntry
from pbx.flow.counts import FlowCounts
from pbx.flow.loader import load_flows
from pbx.flow.run import Run
from pbx.flow.step import take_step

BLOCKS: dict[str, dict[str, Any]] = {
    "condition": {
        "kind": "condition",
        "when": "starts(call.caller, '+48') and ivr.n>3",
        "true": "set",
        "false": "set",
    },
    "set": {"kind": "set_variable", "set": {"ivr.n": "ivr.n + 1"}, "next": "switch"},
    "switch": {"kind": "switch", "value": "call.country", "cases": {"PL": "hours"}, "other": "hours"},
    "hours": {"kind": "hours", "hours": "office", "open": "menu", "closed": "menu"},
    "menu": {"kind": "menu", "text": "Press one.", "keys": {"1": "end"}, "timeout": "end"},
    "end": {"kind": "hangup"},
}


def figures(steps: int) -> dict[str, float]:
    """flow_step_us, the dearest kind, and flow_step_<kind>_us: CPU microseconds a step, the median of ten runs."""
    found = run_virtual(_measure(steps))
    return {"flow_step_us": max(found.values()), **{f"flow_step_{kind}_us": value for kind, value in found.items()}}


async def _measure(steps: int) -> dict[str, float]:
    entry = FlowEntry(name="bench", start="condition", block=BLOCKS, variables={"ivr.n": 0})
    config = Config.model_validate(
        {"flow": [entry], "hours": [{"name": "office", "mon": ["09:00-17:00"], "fri": ["09:00-17:00"]}]}
    )
    house = CallHarness(config)
    house.bus.__init__()  # type: ignore[misc]  # nobody keeps the events
    counts = FlowCounts()
    counts.listen(house.bus)
    flow = load_flows(config)["bench"]
    caller = house.call(_wait)
    await caller.call.answer()
    run = Run(caller.call, flow)
    run.variables.set("ivr.n", 0)
    found = {}
    for name in ("condition", "set", "switch", "hours", "menu"):
        times = sorted([await _run(run, name, steps, caller) for _ in range(10)])
        found[BLOCKS[name]["kind"]] = times[5]
    caller.hang_up()
    await caller.over()
    return found


async def _wait(call: Any) -> None:
    await call.loop.create_future()


async def _run(run: Run, name: str, steps: int, caller: Any) -> float:
    block = run.flow.blocks[name]
    digits = caller.call._digits
    began = time.thread_time()
    for _ in range(steps):
        if name == "menu":
            digits.press("1")
        await take_step(run, name, block)
    await asyncio.sleep(0)
    return (time.thread_time() - began) / steps * 1e6
