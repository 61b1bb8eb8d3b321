"""Whom we may write to: mobile numbers of allowed countries that are not blocked."""

from __future__ import annotations

from typing import NamedTuple

from pbx.config import Config
from pbx.numbers.plan import NumberPlan


class Verdict(NamedTuple):
    """`number` in E.164 ("" when it is none), `reason` "" when it may be written to."""

    number: str
    country: str = ""
    reason: str = ""
    text: str = ""


class Destinations:
    """Built once from the configuration."""

    def __init__(self, config: Config) -> None:
        settings = config.sms
        self._plan = NumberPlan(config.numbering.country)
        self._countries = frozenset(code.upper() for code in settings.countries or [config.numbering.country] if code)
        self._kinds = frozenset(settings.kinds)
        self._blocked = tuple(settings.blocked)

    def number(self, heard: str) -> str:
        """`heard` in E.164 where the plan makes it so, else as it came."""
        plain = "".join(mark for mark in heard if mark not in " -()./\u00a0")
        return self._plan.e164(plain) or plain[:64]

    def country(self, number: str) -> str:
        return self._plan.info(number).country

    def check(self, heard: str) -> Verdict:
        """What `heard` is, and whether it may be written to."""
        number = self.number(heard)
        if number[:1] != "+":
            text = f"{heard[:40]!r} is no full number; write it as +48600100200"
            return Verdict("", reason="invalid", text=text)
        country, kind = self._plan.info(number)
        if self._blocked and number.startswith(self._blocked):
            return Verdict(number, country, "blocked", f"{number} is blocked by sms.blocked")
        if (kind or "unknown") not in self._kinds:
            allowed = ", ".join(sorted(self._kinds))
            text = f"{number} is a number of the kind {kind or 'unknown'}; sms.kinds allows {allowed}"
            return Verdict(number, country, "not_mobile", text)
        if country not in self._countries:
            allowed = ", ".join(sorted(self._countries)) or "none"
            text = f"{number} is of {country or 'no country'}; sms.countries allows {allowed}"
            return Verdict(number, country, "foreign", text)
        return Verdict(number, country)
