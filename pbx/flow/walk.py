"""From block to block: through a flow, into others and back, until an exit leads nowhere."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

from pbx.call.errors import CallEnded, DialFailed
from pbx.flow.errors import FlowError
from pbx.flow.model import MAX_ENTERED
from pbx.flow.run import KEPT, PythonRun, Run
from pbx.flow.step import take_step

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FAULTS = 10  # of one call: a fault leads on, but not for ever
log = logging.getLogger("centrala.flow")


async def walk(run: Run, start: str = "") -> str:
    """Runs the blocks of `run.flow` from its start, or `start`, to the end; returns the exit that a "return" named, ""
    without one."""
    if run.flow.coroutine is not None:
        return await _python(run)
    name = start or run.flow.start
    while name:
        if run.pace.too_fast():
            log.error("flow %s runs in a circle at block %s: call %s is ended", run.flow.name, name, run.call.id)
            await run.call.hangup("error")
            raise CallEnded(f"flow {run.flow.name} runs in a circle")
        name = await _next(run, name)
        if run.gone_to is not None:
            run.flow, run.gone_to = run.gone_to, None
            run.block = ""
            begin(run)
            if run.flow.coroutine is not None:
                return await _python(run)
            name = run.flow.start
    return run.returned


def begin(run: Run) -> None:
    """What holds from the start of a flow: its language, and its variables that have no value yet."""
    flow = run.flow
    if flow.language is not None:
        run.language = flow.language
    if flow.hides:
        run.call.hide_digits(False, ahead=True)
    for name, value in flow.variables.items():
        if name not in run.variables:
            run.variables.set(name, value)


async def enter(run: Run, name: str) -> str:
    """Runs flow `name` from within another, and comes back; returns the exit that it ended with, "" for none."""
    flow = run.flows.get(name)
    if flow is None:
        raise FlowError(f"there is no flow {name!r} any more", "publish it, or lead elsewhere")
    if len(run.outer) >= MAX_ENTERED:
        raise FlowError(f"flow {name!r} is more than {MAX_ENTERED} flows deep", "return from one before the next")
    kept: Mapping[str, Any] = {key: getattr(run, key) for key in ("flow", "block", "loops")}
    run.outer.append(run.flow)
    run.flow, run.block, run.loops, run.returned = flow, "", {}, ""
    try:
        begin(run)
        answer = await walk(run)
    except (CallEnded, DialFailed):  # the run tells where the caller was
        raise
    except Exception:
        _come_back(run, kept)
        raise
    _come_back(run, kept)
    return answer


def _come_back(run: Run, kept: Mapping[str, Any]) -> None:
    """To the flow that waits."""
    run.outer.pop()
    run.returned = ""
    for key, value in kept.items():
        setattr(run, key, value)


async def _next(run: Run, name: str) -> str:
    """One block; the next one's name, "" at the end. A block that fails leads on by its own exit for
    that, or the flow's default."""
    flow = run.flow
    try:
        return run.leads(await take_step(run, name, flow.blocks[name]))
    except (CallEnded, DialFailed):
        raise
    except Exception as error:
        if run.blamed is not error:  # not told yet by a flow within
            run.failed(f"{type(error).__name__}: {error}")
            run.blamed = error
        beyond = flow.beyond(name)
        run.faults += 1
        if not beyond or run.faults > MAX_FAULTS:
            raise
        run.blamed = None
        trace = run.variables.hidden("".join(traceback.format_exception(error)))
        log.error("call %s goes on at block %s\n%s", run.call.id, beyond, trace)
        return beyond


async def _python(run: Run) -> str:
    """A flow in Python; what it returns is the exit when it is a text."""
    assert run.flow.coroutine is not None
    former = run.call.variables.get(KEPT)
    run.call.variables[KEPT] = PythonRun(run.call, run.flow, run.flows, run.variables)
    try:
        answer: Any = await run.flow.coroutine(run.call)
    finally:
        run.call.variables[KEPT] = former
    return answer if isinstance(answer, str) else ""
