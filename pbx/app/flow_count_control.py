"""Answers the control socket about the callers who go through flows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused
from pbx.flow.counts import FlowCounts
from pbx.flow.run import KEPT, Run
from pbx.metrics.flows import FlowMetrics

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


class AppFlowCountControl:
    """Implements pbx.api.flow_count_routes.FlowCountControl; counts from its construction on."""

    def __init__(self, app: Pbx) -> None:
        self._app = app
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
