"""Runs flows: block after block over the same coroutine API that a Python flow uses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from pbx.config import Language
from pbx.flow.model import Flow, prompts_of
from pbx.flow.run import KEPT, PythonRun, Run
from pbx.flow.step import take_step

if TYPE_CHECKING:
    from pbx.call.call import Call

log = logging.getLogger("centrala.flow")

BURST = 100  # blocks in one second: more means a circle that the check could not see, e.g. over a queue that is full


class Flows:
    """The flows of this node, as applications "flow:<name>"."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        self._flows = flows

    def application(self, name: str) -> Callable[[Call], Awaitable[None]] | None:
        """What runs flow `name`; None when there is none."""
        flow = self._flows.get(name)
        if flow is None:
            return None

        async def application(call: Call) -> None:
            await run_flow(call, flow)

        return application

    def texts(self, default: Language) -> list[tuple[str, str]]:
        """(text, language) of everything that all flows say, for preloading."""
        return list(dict.fromkeys(spoken for flow in self._flows.values() for spoken in prompts_of(flow, default)))


async def run_flow(call: Call, flow: Flow) -> None:
    """Runs `flow` to its end; the call is hung up by whoever runs the application. FLOW_BLOCK tells each block's
    exit.
    """
    if flow.language is not None:
        call.language = flow.language
    if flow.coroutine is not None:
        call.variables[KEPT] = PythonRun(call, flow)
        await flow.coroutine(call)
        return
    loop = asyncio.get_running_loop()
    second, burst = loop.time(), 0
    run = call.variables[KEPT] = Run(call, flow)
    name = flow.start
    while name:
        burst += 1
        if loop.time() - second >= 1.0:
            second, burst = loop.time(), 0
        elif burst > BURST:
            log.error("flow %s runs in a circle at block %s: call %s is ended", flow.name, name, call.id)
            await call.hangup("error")
            return
        name = run.leads(await take_step(run, name, flow.blocks[name]))
