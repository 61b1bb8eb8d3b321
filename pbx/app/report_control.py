"""Reports in the process: made by child processes, so that calls notice nothing."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import orjson

from pbx.api.control import Refused
from pbx.app.child_process import ChildFailed, answer_of
from pbx.config import Language
from pbx.reporting.behind import Selector
from pbx.reporting.formulas import FIGURES
from pbx.reporting.intervals import Interval, period
from pbx.reporting.jobs import CallsJob, Job, ReportJob, Where
from pbx.reporting.registry import KINDS, REPORTS
from pbx.reporting.worker import RAW

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

REPORT_S = 120.0  # a report may take
AT_ONCE = 2  # reports under way
WAITING = 16  # that may wait for one of those


class PbxReportControl:
    """For the REST routes `/reports`. Every method refuses with Refused: 404 unknown, 422 not understood, 429 too many,
    503 too slow.
    """

    def __init__(self, app: Pbx) -> None:
        self._app = app
        self._places = asyncio.Semaphore(AT_ONCE)
        self._asked = 0

    def kinds(self, language: Language = "en") -> list[dict[str, Any]]:
        """Every report with its title and parameters."""
        return [kind.data(language) for kind in KINDS]

    async def report(
        self,
        name: str,
        since: str,
        until: str,
        filters: Mapping[str, str],
        language: Language = "en",
        form: Literal["json", "csv"] = "json",
        per: str = "",
    ) -> bytes:
        """A report as JSON or CSV: its name and sheets, which have title, columns (name, title, unit, formula), rows by
        column, notes. `since` and `until`: days, the last one included, or instants.
        """
        if name not in REPORTS:
            raise Refused(404, f"no report is called {name!r}: there are {', '.join(REPORTS)}")
        job = ReportJob(
            Where.of(self._app.config), name, self._period(since, until), language, dict(filters), form, per
        )
        found: bytes = await self.run(job)
        return found

    async def calls(
        self,
        figure: str,
        since: str,
        until: str,
        filters: Mapping[str, str],
        *,
        limit: int = 100,
        cursor: str = "",
        per: str = "",
        interval: str = "",
    ) -> dict[str, Any]:
        """The calls behind a figure, newest first: what ("call" or "contact"), whole, part, rows (at, id, counted,
        value), next (the cursor of the next page, "" at the end).
        """
        if figure not in FIGURES:
            raise Refused(404, f"no figure has the id {figure!r}: there are {', '.join(FIGURES)}")
        selector = Selector(figure, self._period(since, until), dict(filters))
        where = Where.of(self._app.config)
        found: dict[str, Any] = await self.run(CallsJob(where, selector, limit, cursor, per, interval))
        return found

    def figures(self) -> list[dict[str, Any]]:
        """Every figure that can be opened: id, what it is made of, and what it can be asked by."""
        return [{"id": one.id, "what": one.what, "keys": list(one.keys)} for one in FIGURES.values()]

    def _period(self, since: str, until: str) -> Interval:
        zone = ZoneInfo(self._app.config.server.timezone)
        today = datetime.fromtimestamp(self._app.clock.unix(), zone).date().isoformat()
        try:
            return period(since or today, until or since or today, zone)
        except ValueError as error:
            raise Refused(422, str(error)) from None

    async def run(self, job: Job) -> Any:
        """What a job yields, in a process of its own."""
        if self._asked >= AT_ONCE + WAITING:
            raise Refused(429, f"{self._asked} reports are being made or wait; ask again in a minute")
        self._asked += 1
        try:
            async with self._places:
                answer = await _in_child(pickle.dumps(job))
        finally:
            self._asked -= 1
        if "refused" in answer:
            raise Refused(422, answer["refused"])
        return answer["found"]


async def _in_child(job: bytes) -> dict[str, Any]:
    try:
        output = await answer_of("pbx.reporting.worker", job, REPORT_S)
    except TimeoutError:
        raise Refused(503, f"the report took more than {REPORT_S:g} s; ask for a shorter period") from None
    except ChildFailed as error:
        raise Refused(503, f"the process of the report ended with status {error.status}; the log says why") from None
    if output.startswith(RAW):
        return {"found": output[len(RAW) :]}
    answer: dict[str, Any] = orjson.loads(output)
    return answer
