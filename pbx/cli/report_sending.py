"""`centrala report send`: a scheduled report at once, whether or not it has gone out, or what would go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pbx.cli.console import ask, fail, out, show
from pbx.config import Config
from pbx.config_reports import ReportSchedule
from pbx.reporting.request import BadRequest
from pbx.reporting.schedule.due import due, period_of
from pbx.reporting.schedule.mail import MailError, MailInDoubt, send
from pbx.reporting.schedule.notice import MOST, notice
from pbx.reporting.schedule.service import mail_job, mail_of
from pbx.store.errors import StoreError

MAKING_S = 180.0  # until the running PBX has made it


def send_report(config: Config, path: Path, name: str, *, only_show: bool = False, folder: Path | None = None) -> None:
    """Says to whom it went, or what is wrong. `path` is the configuration's. `only_show`: what would go out; `folder`
    takes its files.
    """
    schedule = _found(config, name)
    zone = ZoneInfo(schedule.timezone or config.server.timezone)
    when = due(schedule, zone, datetime.now(UTC))
    if only_show or folder is not None:
        _show(config, schedule, when, _made(config, schedule, when), folder)
        return
    if schedule.recipients:
        parts = _made(config, schedule, when)
        try:
            send(config.smtp, mail_of(config, schedule, when, parts))
        except (MailError, MailInDoubt) as error:
            fail(error)
        out.print(f"sent to {', '.join(schedule.recipients)}", markup=False)
    if schedule.webhook:
        told = ask(path, "POST", f"/report-schedules/{name}/webhooks", {}, timeout_s=MAKING_S)
        text = f"event {told['event']} is on its way, webhooks: {told['webhooks']}"
        out.print(f"{text}; `centrala outbox list` shows what came of it", markup=False, soft_wrap=True)


def _found(config: Config, name: str) -> ReportSchedule:
    schedule = next((one for one in config.report_schedule if one.name == name), None)
    if schedule is None:
        known = ", ".join(one.name for one in config.report_schedule) or "none is configured"
        fail(f"no [[report_schedule]] is called {name!r}: {known}", 2)
    if not schedule.recipients and not schedule.webhook:
        fail(f"{name} goes to nobody: write recipients or webhook = true in its [[report_schedule]]", 2)
    return schedule


def _made(config: Config, schedule: ReportSchedule, when: date) -> list[dict[str, str]]:
    try:
        return mail_job(config, schedule, when).run()
    except (StoreError, BadRequest) as error:
        fail(error)


def _show(
    config: Config, schedule: ReportSchedule, when: date, parts: Sequence[dict[str, str]], folder: Path | None
) -> None:
    """To whom, of which days, which files; writes them into the folder."""
    job = mail_job(config, schedule, when)
    period = period_of(schedule, ZoneInfo(job.zone), when)
    rows: list[list[object]] = [
        ["due", f"{when.isoformat()} {schedule.at} ({job.zone})"],
        ["period", period.label],
        ["language", job.language],
        ["e-mail to", ", ".join(schedule.recipients) or "nobody"],
        ["subject", str(mail_of(config, schedule, when, parts)["Subject"]) if schedule.recipients else "-"],
        ["webhooks", _size(config, schedule, when, parts) if schedule.webhook else "none"],
    ]
    show(f"{schedule.name}: nothing is sent", ["what", ""], rows, "")
    files: list[list[object]] = [[one["name"], one["type"], len(one["text"].encode())] for one in parts]
    show("Files", ["name", "type", "octets"], files, "no file")
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for one in parts:
                (folder / one["name"]).write_text(one["text"], encoding="utf-8", newline="")
        except OSError as error:
            fail(f"the files cannot be written: {error}")
        out.print(f"{len(parts)} files are in {folder}", markup=False, soft_wrap=True)


def _size(config: Config, schedule: ReportSchedule, when: date, parts: Sequence[dict[str, str]]) -> str:
    """What a webhook gets; of what is too long for it only the name."""
    body = notice(schedule.name, when, mail_job(config, schedule, when), parts)
    return f"report.ready, {len(body):,} of at most {MOST:,} octets"
