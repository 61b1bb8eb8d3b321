"""What only this layer can check of scheduled reports: that there are such reports and zones, and a server for mail."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pbx.config import Config
from pbx.config_reports import ReportSchedule
from pbx.configfile.problem import Path, Problem


def check_reports(config: Config) -> list[Problem]:
    """The problems of [[report_schedule]]. Reports are imported only where there is one."""
    if not config.report_schedule:
        return []
    from pbx.reporting.registry import REPORTS

    found: list[Problem] = []
    if not config.smtp.host and any(one.recipients for one in config.report_schedule):
        text = "reports are scheduled and no server takes mail"
        found.append(Problem(("smtp", "host"), text, 'write [smtp] host = "mail.example.com"'))
    for number, one in enumerate(config.report_schedule):
        key: Path = ("report_schedule", number)
        if one.name in {other.name for other in config.report_schedule[:number]}:
            found.append(Problem((*key, "name"), f"{one.name!r} is there already", "write another name"))
        for name in one.reports:
            if name != "page" and name not in REPORTS:
                known = ", ".join(("page", *REPORTS))
                found.append(Problem((*key, "reports"), f"no report is called {name!r}", f"write one of {known}"))
        if one.per:
            found += _check_per(one, key)
        try:
            ZoneInfo(one.timezone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            text = f"{one.timezone!r} is no time zone"
            found.append(Problem((*key, "timezone"), text, 'write one like "Europe/Warsaw"'))
    return found


def _check_per(one: ReportSchedule, key: Path) -> list[Problem]:
    """Every report of the schedule can be told so."""
    from pbx.reporting.per.splits import PER

    found = []
    for name in one.reports:
        steps = [step.value for step in PER[name].steps] if name in PER else []
        if name != "page" and one.per not in steps:
            text = f"report {name} cannot be told per {one.per!r}"
            remedy = f"write one of {', '.join(steps)}" if steps else "leave per out, or the report"
            found.append(Problem((*key, "per"), text, remedy))
    return found
