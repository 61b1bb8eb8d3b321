"""Answers the control socket about the callers who go through flows."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pbx.api.control import Refused
from pbx.app.child_process import ChildFailed, answer_of
from pbx.config import Config
from pbx.flow.counts import FlowCounts
from pbx.flow.run import KEPT, Run
from pbx.metrics.flows import FlowMetrics
from pbx.reporting.intervals import which_day
from pbx.reporting.pieces import pieces

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

    async def replay(self, document: Any, day: str) -> dict[str, Any]:
        """A day's calls through a document, in a process of its own: calls notice nothing. One at a time."""
        zone = ZoneInfo(self._app.config.server.timezone)
        try:
            when = which_day(day, datetime.fromtimestamp(self._app.clock.unix(), zone).date())
        except ValueError:
            raise Refused(422, f"{day!r} is no day: yesterday, today or YYYY-MM-DD") from None
        if self._replaying:
            raise Refused(409, "a replay is under way; ask again when it is done")
        self._replaying = True
        try:
            answer = await _in_child(await _job(self._app.config, json.dumps(document), when))
        finally:
            self._replaying = False
        if "refused" in answer:
            raise Refused(422, answer["refused"])
        found: dict[str, Any] = answer["found"]
        return found


async def _job(config: Config, document: str, when: date) -> bytes:
    """What the child is told; between two pieces of the configuration others have their turn."""
    told = [pickle.dumps((document, when))]
    for piece in pieces(config):
        told.append(piece)
        await asyncio.sleep(0)
    return b"".join(told)


async def _in_child(job: bytes) -> dict[str, Any]:
    """What the child process answers. Refused 503 when it takes too long or dies."""
    try:
        output = await answer_of("pbx.reporting.flow_replay_worker", job, REPLAY_S)
    except TimeoutError:
        raise Refused(503, f"the replay took more than {REPLAY_S:g} s; use `centrala flow replay`") from None
    except ChildFailed as error:
        raise Refused(503, f"the process of the replay ended with status {error.status}; the log says why") from None
    answer: dict[str, Any] = json.loads(output)
    return answer
