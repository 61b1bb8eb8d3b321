"""Scheduled reports in the process; without a schedule nothing runs, and one may come while we run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pbx.app.report_control import PbxReportControl
from pbx.metrics.report_schedule import ReportScheduleMetrics
from pbx.reporting.schedule.making import MailJob
from pbx.reporting.schedule.service import ScheduledReports

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


def start(app: Pbx, stack: contextlib.AsyncExitStack) -> None:
    """When calls can come in."""
    reports = PbxReportControl(app)

    async def make(job: MailJob) -> list[dict[str, str]]:
        found: list[dict[str, str]] = await reports.run(job)
        return found

    scheduled = ScheduledReports(app.config, app.store.kept, app.bus, app.clock, make, tell=app.webhooks.report)
    app.metrics.add(ReportScheduleMetrics(lambda: scheduled))
    scheduled.start()
    app.calls.services.followers.rebuild(scheduled.configure, "report_schedule", "smtp", "server")
    stack.push_async_callback(scheduled.stop)
