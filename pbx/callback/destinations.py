"""Which numbers may be called back: those of allowed countries and kinds, never a premium or emergency number.

Callback forms are abused to make systems call numbers that pay their owner (security.md 34): what is not plainly
allowed is refused, both when it is asked for and again before each attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NamedTuple

from pbx.config import Config
from pbx.numbers.plan import NumberPlan

UNKNOWN = "unknown"


class Verdict(NamedTuple):
    """`number` as it is dialled and kept ("" when it is none); `reason` "" when it may be called, else why not."""

    number: str
    reason: str = ""
    text: str = ""
    country: str = ""


class Destinations:
    """Built once from the configuration. `extensions` are ours: who called from one is called back there."""

    def __init__(self, config: Config, extensions: Container[str], is_emergency: Callable[[str], bool]) -> None:
        settings = config.callback
        self._plan = NumberPlan(config.numbering.country)
        self._countries = frozenset(code.upper() for code in settings.countries or [config.numbering.country] if code)
        self._kinds = frozenset(settings.kinds)
        self._blocked = tuple(settings.blocked)
        self._extensions = extensions
        self._is_emergency = is_emergency

    def check(self, heard: str) -> Verdict:
        """What `heard` is as a number, and whether it may be called back. Spaces, dashes and brackets are ignored."""
        plain = "".join(mark for mark in heard if mark not in " -()./\u00a0")
        if plain in self._extensions:
            return Verdict(plain)
        if plain and self._is_emergency(plain):
            return Verdict(plain, "emergency", f"{plain} is an emergency number")
        number = self._plan.e164(plain)
        if not number:
            return Verdict("", "invalid", f"{heard[:40]!r} is no full number; write it as +48221234567")
        if number.startswith(self._blocked):
            return Verdict(number, "blocked", f"{number} is blocked by callback.blocked")
        country, kind = self._plan.info(number)
        kind = kind or UNKNOWN
        if kind not in self._kinds:
            text = f"{number} is a number of the kind {kind}; callback.kinds allows {', '.join(sorted(self._kinds))}"
            return Verdict(number, kind, text, country)
        if country not in self._countries:
            allowed = ", ".join(sorted(self._countries)) or "none"
            text = f"{number} is of {country or 'no country'}; callback.countries allows {allowed}"
            return Verdict(number, "foreign", text, country)
        return Verdict(number, "", "", country)

    def country(self, number: str) -> str:
        """ISO 3166 of a number, "" for an extension."""
        return self._plan.info(number).country
