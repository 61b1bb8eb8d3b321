"""`centrala report send`: a scheduled report at once, whether or not it has gone out."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pbx.cli.console import fail, out
from pbx.config import Config
from pbx.reporting.request import BadRequest
from pbx.reporting.schedule.due import due
from pbx.reporting.schedule.mail import MailError, MailInDoubt, send
from pbx.reporting.schedule.service import mail_job, mail_of
from pbx.store.errors import StoreError


def send_report(config: Config, name: str) -> None:
    """Says to whom it went, or what is wrong."""
    schedule = next((one for one in config.report_schedule if one.name == name), None)
    if schedule is None:
        known = ", ".join(one.name for one in config.report_schedule) or "none is configured"
        fail(f"no [[report_schedule]] is called {name!r}: {known}", 2)
    if not schedule.recipients:
        fail(f"{name} goes to webhooks alone, which the running PBX tells by itself; it has no recipients", 2)
    zone = ZoneInfo(schedule.timezone or config.server.timezone)
    when = due(schedule, zone, datetime.now(UTC))
    try:
        parts = mail_job(config, schedule, when).run()
        send(config.smtp, mail_of(config, schedule, when, parts))
    except (MailError, MailInDoubt, StoreError, BadRequest) as error:
        fail(error)
    out.print(f"sent to {', '.join(schedule.recipients)}", markup=False)
