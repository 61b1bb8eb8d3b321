"""The sections of reports that are sent by themselves, and of the server that takes mail."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Literal

from pydantic import Field, model_validator

from pbx.config_base import Language, Section

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ADDRESS = r"^[^\s@<>,]{1,64}@[^\s@<>,]{1,190}$"


class Smtp(Section):
    """[smtp]: who takes our mail. Without a host there is none."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"  # "none" only to this machine
    ca: str = ""  # a file of certificates that are trusted besides the system's
    user: str = ""
    password: str = ""
    sender: str = Field(default="", pattern=rf"^$|{ADDRESS[1:]}")
    timeout_s: float = Field(default=30.0, gt=0, le=300)

    @model_validator(mode="after")
    def _checked(self) -> Smtp:
        if self.host and not self.sender:
            raise ValueError('sender is missing: write sender = "pbx@example.com"')
        if self.security == "none" and self.host and not _this_machine(self.host):
            raise ValueError(
                'security = "none" would send reports in the clear to another machine: write "starttls" or "tls", '
                "or an address of this machine such as 127.0.0.1 as host"
            )
        return self


def _this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class ReportSchedule(Section):
    """[[report_schedule]]: reports of the day, week or month before, by e-mail and to webhooks."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    every: Literal["day", "week", "month"] = "day"
    at: str = Field(default="07:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")  # on the clock of `timezone`
    weekday: Weekday = "mon"  # of a weekly one
    timezone: str = ""  # empty: the server's
    language: Language | None = None  # None: the server's
    reports: list[str] = Field(default=["page"], min_length=1)  # "page", or names of `centrala report show`
    per: str = ""  # each interval of the reports by itself: "hour", "day"...; not of the page
    format: list[Literal["html", "csv", "json"]] = Field(default=["html"], min_length=1)
    recipients: list[str] = Field(default=[], max_length=50)
    webhook: bool = False  # to the webhooks that want report.ready

    @model_validator(mode="after")
    def _addresses(self) -> ReportSchedule:
        import re

        if not self.recipients and not self.webhook:
            raise ValueError('nobody gets it: write recipients = ["boss@example.com"] or webhook = true')
        for one in self.recipients:
            if not re.match(ADDRESS, one):
                raise ValueError(f"recipients: {one!r} is no e-mail address")
        return self
