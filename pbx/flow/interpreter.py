"""Runs flows: as applications of calls, and what is left to do when their callers have gone."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from pbx.call.errors import CallEnded, DialFailed, RouteError
from pbx.config import Language
from pbx.events import Kind
from pbx.flow.blocks.queue import Queue
from pbx.flow.errors import FlowError
from pbx.flow.model import Flow, prompts_of
from pbx.flow.run import KEPT, Run
from pbx.flow.scope import AFTER_S
from pbx.flow.walk import begin, walk

if TYPE_CHECKING:
    from pbx.call.call import Call

log = logging.getLogger("centrala.flow")

LOST = ("media_timeout", "lost", "expired")  # the caller is gone as well, without a word
STOP_S = 5.0  # how long it may still take when the PBX stops


class Flows:
    """The flows of this node, as applications "flow:<name>". Each call keeps those that there were when it came."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        self._flows = dict(flows)
        self._after: set[asyncio.Task[None]] = set()
        self.ended: Callable[[Run], object] = lambda _: None  # hears of each run that is over

    @property
    def flows(self) -> Mapping[str, Flow]:
        """All flows by name, as they are now."""
        return self._flows

    def replace(self, flows: Mapping[str, Flow]) -> None:
        """From the next call on these flows hold, all of them."""
        self._flows = dict(flows)

    def application(self, name: str) -> Callable[[Call], Awaitable[None]] | None:
        """What runs flow `name`; None when there is none."""
        if name not in self._flows:
            return None

        async def application(call: Call) -> None:
            flow = self._flows.get(name)
            if flow is None:
                raise RouteError(404, "not_found", f"flow {name!r} was taken back, and nothing stands for it")
            await self.run(call, flow)

        return application

    async def run(self, call: Call, flow: Flow) -> None:
        """Runs `flow` to its end; the call is hung up by whoever runs the application. When the caller hangs up, what
        the flow does after that goes on by itself."""
        run = call.variables[KEPT] = Run(call, flow, self._flows)
        try:
            begin(run)
            await walk(run)
        except (asyncio.CancelledError, CallEnded):
            if call.a.is_ended and (call.ended_by == "caller" or call.cause in LOST):
                self._hung_up(run)
            raise
        except (DialFailed, RouteError):
            raise
        except Exception as error:
            if not run.variables.masked:
                raise
            # Whoever logs it does not know what is masked.
            log.error("call %s: %s", call.id, run.variables.hidden("".join(traceback.format_exception(error))))
            raise FlowError(run.variables.hidden(f"{type(error).__name__}: {error}")) from None
        finally:
            run.over = True
            self.ended(run)
            call.variables.pop(KEPT, None)  # a circle of references: the collector comes seldom while calls run
            _tell_variables(run, flow)

    def texts(self, default: Language) -> list[tuple[str, ...]]:
        """(text, language), and the voice where it is chosen, of everything that all flows say, for preloading."""
        return list(dict.fromkeys(spoken for flow in self._flows.values() for spoken in prompts_of(flow, default)))

    def queue_of(self, name: str) -> str:
        """The first queue that a flow has, "" for none."""
        flow = self._flows.get(name)
        blocks = flow.blocks.values() if flow is not None else ()
        return next((block.queue for block in blocks if isinstance(block, Queue)), "")

    async def stop(self, within_s: float = STOP_S) -> None:
        """Gives what runs after hang-ups a little time, then ends it."""
        if self._after:
            await asyncio.wait(self._after, timeout=within_s)
        for task in tuple(self._after):
            task.cancel()
        await asyncio.gather(*self._after, return_exceptions=True)

    def _hung_up(self, run: Run) -> None:
        """The block in which the caller hung up may lead on, else the flow that he was in, else those that waited for
        it."""
        flow, block = run.flow, run.flow.blocks.get(run.block)
        start = ""
        if block is not None:
            run.variables.hung_up(flow.name, run.block, block.kind)
            start = flow.target(run.block, block.after_hangup(run))
        if not start:
            flow = next((each for each in (run.flow, *reversed(run.outer)) if each.on_hangup), run.flow)
            start = flow.on_hangup
        if not start:
            return
        after = Run(run.call, flow, run.flows, run.variables)
        after.block = run.block if flow is run.flow else ""
        task = asyncio.get_running_loop().create_task(_afterwards(after, start))
        self._after.add(task)
        task.add_done_callback(self._after.discard)


async def _afterwards(run: Run, start: str) -> None:
    """What a flow does when the caller has gone: in any case for AFTER_S at most."""
    try:
        async with asyncio.timeout(AFTER_S):
            await walk(run, start)
    except TimeoutError:
        run.failed(f"what is done after a hang-up was ended after {AFTER_S:g} s")
    except Exception as error:
        log.error("call %s: what is done after a hang-up ended: %s", run.call.id, run.variables.hidden(str(error)))


def _tell_variables(run: Run, flow: Flow) -> None:
    """The values that the flow wants kept go into the journey."""
    if flow.journal:
        values = run.variables.shown(iter(flow.journal))
        if values:
            run.call.emit(Kind.FLOW_VARIABLES, flow=flow.name, version=flow.version, values=values)
