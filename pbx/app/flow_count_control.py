"""Answers the control socket about the callers who go through flows."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pbx.api.control import Refused
from pbx.configfile.problem import ConfigError
from pbx.flow.counts import FlowCounts
from pbx.flow.run import KEPT, Run
from pbx.metrics.flows import FlowMetrics
from pbx.reporting.flow_replay import replay_day, which_day
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


REPLAY_S = 600.0  # a day of 50,000 calls takes some minutes


class AppFlowCountControl:
    """Implements pbx.api.flow_count_routes.FlowCountControl; counts from its construction on."""

    def __init__(self, app: Pbx) -> None:
        self._app = app
        self._replaying = False
        self.counted = FlowCounts()
        self.counted.listen(app.bus)
        app.metrics.add(FlowMetrics(self.counted))
        for flow in app.flows.flows.values():
            self.counted.expect(flow.name, flow.ways)

    def counts(self, flow: str) -> dict[str, Any]:
        """Counts since the start of the process, and who is in which block now. Refused 404 for an unknown flow."""
        app = self._app
        found = self.counted.flows.get(flow)
        if found is None and flow not in app.flows.flows:
            raise Refused(404, f"no flow is called {flow!r}")
        inside = Counter(
            run.block
            for call in app.calls.calls.values()
            if isinstance(run := call.variables.get(KEPT), Run) and not run.over and run.flow.name == flow
        )
        blocks = {name: {**block.as_json(), "inside": inside.pop(name, 0)} for name, block in (found or {}).items()}
        fresh = {"kind": "", "entered": 0, "mean_s": 0.0, "exits": {}, "from": {}}
        blocks |= {name: {**fresh, "inside": count} for name, count in inside.items()}
        since = datetime.fromtimestamp(app.started_at, UTC).isoformat(timespec="seconds")
        return {"flow": flow, "since": since, "blocks": blocks}

    async def replay(self, document: Any, date: str) -> dict[str, Any]:
        """A day's calls through a document, in a process of its own: calls notice nothing. One at a time."""
        zone = ZoneInfo(self._app.config.server.timezone)
        try:
            when = which_day(date, datetime.fromtimestamp(self._app.clock.unix(), zone).date())
        except ValueError:
            raise Refused(422, f"{date!r} is no day: yesterday, today or YYYY-MM-DD") from None
        if self._replaying:
            raise Refused(409, "a replay is under way; ask again when it is done")
        self._replaying = True
        pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            job = asyncio.get_running_loop().run_in_executor(
                pool, replay_day, self._app.config, json.dumps(document), when
            )
            async with asyncio.timeout(REPLAY_S):
                return await job
        except (ConfigError, StoreError) as error:
            raise Refused(422, str(error)) from None
        except TimeoutError:
            raise Refused(503, f"the replay took more than {REPLAY_S:g} s; use `centrala flow replay`") from None
        except BrokenProcessPool:
            raise Refused(503, "the process of the replay has died") from None
        finally:
            self._replaying = False
            for worker in (getattr(pool, "_processes", None) or {}).values():
                worker.kill()
            pool.shutdown(wait=False, cancel_futures=True)
