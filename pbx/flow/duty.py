"""Who is on duty: by calendar, by shift, in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pbx.config_blocks import DutyShift, Rota

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Events = Callable[[Sequence[str], float], Sequence[str]]


class OnDuty(NamedTuple):
    """Somebody to ring; `target` is an extension or a number."""

    person: str
    target: str


class Duty:
    """One rota. `events` as in pbx.call.conditions."""

    def __init__(self, rota: Rota, default_zone: str, events: Events) -> None:
        self._rota = rota
        self._zone = ZoneInfo(rota.timezone or default_zone)
        self._events = events
        self._targets = {person.name: person.targets for person in rota.person}

    def people(self, unix: float) -> list[str]:
        """Who is on duty at this instant, whom to ask first first; those of `fallback` come last."""
        local = datetime.fromtimestamp(unix, self._zone)
        found = self._by_calendar(unix) or self._by_shift(local) or self._in_turns(local)
        return list(dict.fromkeys([*found, *self._rota.fallback]))

    def now(self, unix: float) -> list[OnDuty]:
        """Everything to ring, in order."""
        return [OnDuty(name, target) for name in self.people(unix) for target in self._targets[name]]

    def _by_calendar(self, unix: float) -> list[str]:
        """People whose name an event has; others' events say nothing."""
        if not self._rota.calendar:
            return []
        known = {name.casefold(): name for name in self._targets}
        names = self._events((self._rota.calendar,), unix)
        return [known[name.casefold()] for name in names if name.casefold() in known]

    def _by_shift(self, local: datetime) -> list[str]:
        return [name for shift in self._rota.shifts if _covers(shift, local) for name in shift.people]

    def _in_turns(self, local: datetime) -> list[str]:
        rota = self._rota
        if not rota.turns:
            return []
        day = (local - timedelta(hours=rota.turn_hour)).date()
        first = date.fromisoformat(rota.turns_from)
        return [rota.turns[(day - first).days // rota.turn_days % len(rota.turns)]]


def _covers(shift: DutyShift, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    start, end = _minutes(shift.start), _minutes(shift.end)
    today = DAYS[local.weekday()] in shift.days
    if start < end:
        return today and start <= minute < end
    before = DAYS[local.weekday() - 1] in shift.days
    return (today and minute >= start) or (before and minute < end)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
