"""One step of a flow: a block runs, and the journey tells which one, how long it took and how it was left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.errors import CallEnded
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.flow.block import Block
    from pbx.flow.run import Run

HANGUP = "hangup"  # the exit of a block in which the caller hung up
ERROR = "error"  # the exit of a block that failed


async def take_step(run: Run, name: str, block: Block) -> str:
    """Runs `block`, which the flow calls `name`; returns the name of the exit. FLOW_BLOCK is published in any case."""
    flow, came_from, run.block = run.flow, run.block, name
    loop = run.call.loop
    began, left_by = loop.time(), HANGUP
    try:
        left_by = await block.run(run)
    except Exception as error:
        left_by = HANGUP if isinstance(error, CallEnded) else ERROR
        raise
    finally:
        step = {"flow": flow.name, "version": flow.version, "block": name, "kind": block.kind, "from": came_from}
        run.call.emit(Kind.FLOW_BLOCK, **step, exit=left_by, duration_s=round(loop.time() - began, 3))
    return left_by
