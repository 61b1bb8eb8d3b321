"""Sends scheduled reports: each run once. What is about to be done is written down before it is done.

A run is known by the day on which it was due. `making` is repeated after a restart; `sending` is not, because the
message may have gone out: it is `in_doubt`, and an alarm says so. A run that was due while the process was down is
caught up, the latest one only. `failed` is tried again with growing pauses.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from pbx.clock import Clock
from pbx.config import Config
from pbx.config_reports import ReportSchedule, Smtp
from pbx.events import Alarm, EventBus
from pbx.reporting.jobs import Where
from pbx.reporting.schedule.due import due, period_of
from pbx.reporting.schedule.mail import MailError, MailInDoubt, message, send
from pbx.reporting.schedule.making import MailJob
from pbx.reporting.schedule.notice import notice
from pbx.reporting.words import titles

log = logging.getLogger("centrala.reports")
ROOM = "report_schedule"
LOOK_S = 20.0
RESULTS = ("sent", "failed", "in_doubt")
PAUSES_S = (60.0, 300.0, 900.0, 3600.0)  # between two tries of a run; the last one again and again
Made = Callable[[MailJob], Awaitable[list[dict[str, str]]]]
Tell = Callable[[str, bytes], Awaitable[int]]  # key, body; to how many it goes
Send = Callable[[Smtp, EmailMessage], None]


class Keeper(Protocol):
    """pbx.store.kept.Kept."""

    def load(self, room: str) -> dict[str, Any]: ...

    async def keep(self, room: str, key: str, value: Any) -> None: ...


class ScheduledReports:
    """`make` runs a job in a child process; `send` blocks and runs in a thread."""

    def __init__(
        self,
        config: Config,
        keeper: Keeper,
        bus: EventBus,
        clock: Clock,
        make: Made,
        *,
        send: Send = send,
        tell: Tell | None = None,
    ) -> None:
        self._config = config
        self._keeper = keeper
        self._bus = bus
        self._clock = clock
        self._make = make
        self._send = send
        self._tell = tell
        self._known: dict[str, dict[str, Any]] = keeper.load(ROOM)
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        # name and "sent", "failed", "in_doubt": tries since the start
        self.results = {(one.name, result): 0 for one in config.report_schedule for result in RESULTS}

    def configure(self, config: Config) -> None:
        """From now on these schedules and this server; a report that is being made or sent goes as it was begun."""
        self._config = config
        for one in config.report_schedule:
            for result in RESULTS:
                self.results.setdefault((one.name, result), 0)
        self._changed.set()
        self.start()

    def start(self) -> None:
        """Looks for what is due from now on; without a schedule, and without the memory of one, it need not look."""
        if self._task is not None or not (self._config.report_schedule or self._known):
            return
        self._task = asyncio.get_running_loop().create_task(self._run(), name="report-schedule")

    async def stop(self) -> None:
        """A message that is being sent is waited for by nobody; its run is in doubt at the next start."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def states(self) -> list[dict[str, Any]]:
        """Of each schedule its latest run: due, state, tries, error; last_sent (UTC seconds) of any run."""
        return [{"name": one.name, **self._known.get(one.name, {})} for one in self._config.report_schedule]

    async def _run(self) -> None:
        while True:
            for schedule in self._config.report_schedule:
                try:
                    await self.look(schedule)
                except Exception:
                    log.exception("report %s could not be looked after", schedule.name)
            await self._forget()
            if not self._config.report_schedule:
                self._task = None
                return
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()

    async def _forget(self) -> None:
        """Of a schedule that is no more nothing is remembered: one that gets its name begins anew."""
        for name in self._known.keys() - {one.name for one in self._config.report_schedule}:
            try:
                await self._keeper.keep(ROOM, name, None)
            except RuntimeError as error:  # what the store raises
                log.warning("the runs of report %s cannot be forgotten, and are with the next look: %s", name, error)
                return
            del self._known[name]
            self._bus.publish(Alarm(f"report:{name}", "", False, self._clock.unix()))

    async def look(self, schedule: ReportSchedule) -> None:
        """Does what is due of one schedule, if anything is."""
        now = self._clock.unix()
        wanted = due(schedule, self._zone(schedule), datetime.fromtimestamp(now, UTC)).isoformat()
        known = self._known.get(schedule.name)
        if known is None:  # configured just now: what was due before it existed is not sent
            await self._note(schedule, {"due": wanted, "state": "begins", "tries": 0})
            return
        if known["state"] == "sending":
            await self._doubt(schedule, known, "the process ended while it was being sent")
            known = self._known[schedule.name]
        if (known["due"] != wanted and known["state"] not in ("failed", "making")) or known["due"] < wanted:
            known = {"due": wanted, "state": "making", "tries": 0, "last_sent": known.get("last_sent", 0.0)}
            await self._note(schedule, known)
        if known["state"] == "making" or (known["state"] == "failed" and now >= known["again"]):
            await self._do(schedule, known)

    async def _do(self, schedule: ReportSchedule, known: dict[str, Any]) -> None:
        """One try."""
        try:
            when = date.fromisoformat(known["due"])
            parts = await self._make(mail_job(self._config, schedule, when))
            if schedule.webhook:
                await self._tell_webhooks(schedule, when, parts)
            if not schedule.recipients:
                await self._done(schedule, {**known, "tries": known["tries"] + 1})
                return
            made = await asyncio.to_thread(mail_of, self._config, schedule, when, parts)
            known = {**known, "state": "sending", "tries": known["tries"] + 1}
            await self._note(schedule, known)
            await asyncio.to_thread(self._send, self._config.smtp, made)
        except MailInDoubt as error:
            await self._doubt(schedule, known, str(error))
            return
        except Exception as error:
            await self._failed(schedule, known, str(error))
            return
        await self._done(schedule, known)

    async def _done(self, schedule: ReportSchedule, known: dict[str, Any]) -> None:
        self.results[schedule.name, "sent"] += 1
        now = self._clock.unix()
        await self._note(schedule, {**known, "state": "sent", "at": now, "last_sent": now})
        self._alarm(schedule, "", active=False)

    async def tell_now(self, schedule: ReportSchedule) -> tuple[str, int]:
        """The run that was due last once more, to webhooks alone, whether or not it has gone out; the event's id and to
        how many it goes. Raises MailError where nobody wants it, and what making it raises.
        """
        now = self._clock.unix()
        when = due(schedule, self._zone(schedule), datetime.fromtimestamp(now, UTC))
        key = f"{run_id(schedule, when)}-{round(now * 1000)}"  # another event than that of the run
        parts = await self._make(mail_job(self._config, schedule, when))
        return key, await self._tell_webhooks(schedule, when, parts, key)

    async def _tell_webhooks(
        self, schedule: ReportSchedule, when: date, parts: list[dict[str, str]], key: str = ""
    ) -> int:
        """The outbox has it under the name of the run: put again after a crash or for another try, it goes out once."""
        job = mail_job(self._config, schedule, when)
        body = await asyncio.to_thread(notice, schedule.name, when, job, parts)
        told = await self._tell(key or run_id(schedule, when), body) if self._tell is not None else 0
        if not told:
            raise MailError("no webhook that is on wants report.ready: add one, or write webhook = false")
        return told

    def _zone(self, schedule: ReportSchedule) -> ZoneInfo:
        return ZoneInfo(schedule.timezone or self._config.server.timezone)

    async def _failed(self, schedule: ReportSchedule, known: dict[str, Any], error: str) -> None:
        self.results[schedule.name, "failed"] += 1
        tries = max(known["tries"], 1)
        pause_s = PAUSES_S[min(tries, len(PAUSES_S)) - 1]
        again = self._clock.unix() + pause_s
        await self._note(schedule, {**known, "state": "failed", "tries": tries, "again": again, "error": error})
        self._alarm(schedule, f"report {schedule.name} was not sent: {error}; tried again in {pause_s / 60:g} min")

    async def _doubt(self, schedule: ReportSchedule, known: dict[str, Any], error: str) -> None:
        self.results[schedule.name, "in_doubt"] += 1
        await self._note(schedule, {**known, "state": "in_doubt", "error": error})
        remedy = f"ask a recipient, and if it did not come: centrala report send {schedule.name}"
        self._alarm(schedule, f"nobody knows whether report {schedule.name} went out ({error}): {remedy}")

    async def _note(self, schedule: ReportSchedule, known: dict[str, Any]) -> None:
        await self._keeper.keep(ROOM, schedule.name, known)
        self._known[schedule.name] = known

    def _alarm(self, schedule: ReportSchedule, text: str, *, active: bool = True) -> None:
        self._bus.publish(Alarm(f"report:{schedule.name}", text, active, self._clock.unix()))


def run_id(schedule: ReportSchedule, when: date) -> str:
    """The same for every try of a run."""
    return f"report-{schedule.name}-{when.isoformat()}"


def mail_job(config: Config, schedule: ReportSchedule, when: date) -> MailJob:
    """What is to be made of the run that was due on `when`."""
    zone = schedule.timezone or config.server.timezone
    language = schedule.language or config.server.language
    period = period_of(schedule, ZoneInfo(zone), when)
    given = (tuple(schedule.reports), tuple(schedule.format), period, zone, language)
    return MailJob(Where.of(config), *given, schedule.per)


def mail_of(config: Config, schedule: ReportSchedule, when: date, parts: Sequence[dict[str, str]]) -> EmailMessage:
    """The message with its attachments."""
    language = schedule.language or config.server.language
    job = mail_job(config, schedule, when)
    named = ", ".join(titles(language).get(name, name) for name in schedule.reports if name != "page")
    subject = f"Centrala: {schedule.name}, {job.period.label}"
    body = "\n".join(filter(None, (f"{job.period.label} ({job.zone})", named, *(part["name"] for part in parts))))
    return message(config.smtp, schedule.recipients, subject, body + "\n", parts, run_id(schedule, when))


__all__ = ["MailError", "MailInDoubt", "ScheduledReports", "mail_job", "mail_of"]
