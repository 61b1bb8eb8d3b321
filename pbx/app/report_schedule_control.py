"""Scheduled reports in the process; without a schedule nothing runs, and one may come while we run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from pbx.api.control import Refused
from pbx.api.report_schedule_routes import report_schedule_routes
from pbx.app.report_control import PbxReportControl
from pbx.metrics.report_schedule import ReportScheduleMetrics
from pbx.reporting.schedule.making import MailJob
from pbx.reporting.schedule.service import MailError, ScheduledReports
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


EXTRA = "scheduled_reports"


def routes(app: Pbx) -> list[Route]:
    """For the control socket."""
    return report_schedule_routes(PbxReportScheduleControl(app))


class PbxReportScheduleControl:
    """Implements pbx.api.report_schedule_routes.ReportScheduleControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    @property
    def _scheduled(self) -> ScheduledReports:
        found: ScheduledReports | None = self._app.calls.services.extra.get(EXTRA)
        if found is None:
            raise Refused(503, "the PBX is starting; ask again in a moment")
        return found

    def states(self) -> list[dict[str, Any]]:
        """Of each schedule its latest run."""
        return self._scheduled.states()

    async def tell(self, name: str) -> dict[str, Any]:
        """Puts the report that was due last into the outbox of webhooks: event, webhooks (how many)."""
        schedules = self._app.config.report_schedule
        schedule = next((one for one in schedules if one.name == name), None)
        if schedule is None:
            known = ", ".join(one.name for one in schedules) or "none is configured"
            raise Refused(404, f"no [[report_schedule]] is called {name!r}: {known}")
        if not schedule.webhook:
            raise Refused(422, f"{name} goes to no webhook: write webhook = true in its [[report_schedule]]")
        try:
            event, count = await self._scheduled.tell_now(schedule)
        except (MailError, StoreError) as error:
            raise Refused(422, str(error)) from None
        return {"event": event, "webhooks": count}


def start(app: Pbx, stack: contextlib.AsyncExitStack) -> None:
    """When calls can come in."""
    reports = PbxReportControl(app)

    async def make(job: MailJob) -> list[dict[str, str]]:
        found: list[dict[str, str]] = await reports.run(job)
        return found

    scheduled = ScheduledReports(app.config, app.store.kept, app.bus, app.clock, make, tell=app.webhooks.report)
    app.metrics.add(ReportScheduleMetrics(lambda: scheduled))
    app.calls.services.extra[EXTRA] = scheduled
    scheduled.start()
    app.calls.services.followers.rebuild(scheduled.configure, "report_schedule", "smtp", "server")
    stack.push_async_callback(scheduled.stop)
