"""The clocks of a country, by the table of the tz database (zone.tab, which comes with the package tzdata)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Zones whose clocks agree on all of these days are one clock: they differ in their history alone.
_YEARS, _MONTHS = range(2026, 2029), range(1, 13)
_DAYS = [datetime(year, month, day, 12, tzinfo=UTC) for year in _YEARS for month in _MONTHS for day in (1, 15)]


@lru_cache(maxsize=256)
def clocks_of(country: str) -> tuple[str, ...]:
    """One zone for each different clock of a country (ISO 3166), the first of each in the table: eleven of Russia, one
    of Poland; () when the table does not know it.
    """
    return distinct(_table().get(country, ()))


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """`names` without zones whose clock another one has, and without those that nobody knows."""
    found: dict[tuple[object, ...], str] = {}
    for name in names:
        key = _clock(name)
        if key:
            found.setdefault(key, name)
    return tuple(found.values())


def same_clock(one: str, other: str) -> bool:
    """Whether two zones always show the same time nowadays."""
    return one == other or (_clock(one) != () and _clock(one) == _clock(other))


@lru_cache(maxsize=1024)
def _clock(name: str) -> tuple[object, ...]:
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ()
    return tuple(day.astimezone(zone).utcoffset() for day in _DAYS)


@lru_cache(maxsize=1)
def _table() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines():
        if line and line[0] != "#":
            country, _place, name, *_ = line.split("\t")
            found.setdefault(country, []).append(name)
    return found
