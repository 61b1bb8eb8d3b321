"""Planning in the process: made by child processes, so that calls notice nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from pbx.api.control import Refused
from pbx.app.report_control import PbxReportControl
from pbx.staffing.facts import Facts
from pbx.staffing.jobs import StaffingAsk, StaffingJob
from pbx.store.database import database_url

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


class PbxStaffingControl:
    """For the REST routes `/staffing`; takes its turn with the reports. Refused as they are."""

    def __init__(self, app: Pbx, reports: PbxReportControl) -> None:
        self._app = app
        self._reports = reports

    async def plan(
        self, what: Literal["need", "what_if", "promise"], day: str, asked: dict[str, Any]
    ) -> dict[str, Any]:
        """A sheet as data: title, columns, rows, notes. `day` is the first one, tomorrow when it is left out."""
        config = self._app.config
        names = [queue.name for queue in config.queue]
        if asked["queue"] not in names:
            raise Refused(404, f"there is no queue {asked['queue']!r}; there are: {', '.join(names) or 'none'}")
        zone = ZoneInfo(config.server.timezone)
        today = datetime.fromtimestamp(self._app.clock.unix(), zone).date()
        try:
            first = date.fromisoformat(day) if day else today + timedelta(days=1)
        except ValueError:
            raise Refused(422, f"{day!r} is no date; write 2026-11-21") from None
        ask = StaffingAsk(first=first, today=today, **asked)
        found: dict[str, Any] = await self._reports.run(StaffingJob(what, database_url(config), Facts.of(config), ask))
        return found
