"""What time it is where a number belongs: by the number plan, the country's clocks, and what else is known."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pbx.numbers.country_zones import clocks_of, distinct, same_clock
from pbx.numbers.plan import info_of, parsed
from pbx.numbers.russian_zones import zones_of_subject

UNKNOWN = "Etc/Unknown"
ALL, SERVER = "all", "server"


class Hints(NamedTuple):
    """What is known beside the number; "" for what is not."""

    zone: str = ""  # of the customer himself: his browser's, a program's
    region: str = ""  # of the number, by the ranges that were imported
    home: str = ""  # where customers with numbers of several zones are taken to be: "all", "server" or a zone


NO_HINTS = Hints()


@lru_cache(maxsize=8192)
def zone_names(number: str) -> tuple[str, ...]:
    """The zones that an E.164 number may be in, one for each different clock: one for a Polish number, eleven for a
    Russian mobile, those of its area for an American one; () when nobody knows. The table is loaded when it is first
    asked.
    """
    from phonenumbers import timezone

    found = parsed(number) if number[:1] == "+" else None
    if found is None:
        return ()
    names = tuple(name for name in timezone.time_zones_for_number(found) if name != UNKNOWN)
    if len(names) > 1 and names == tuple(timezone._country_level_time_zones_for_number(found)):
        # Of the country alone, and those of all countries with its code: Kazakhstan's for a Russian number.
        names = clocks_of(info_of(number).country) or names
    return distinct(names)


def zones_of(number: str, server: ZoneInfo, hints: Hints = NO_HINTS) -> tuple[ZoneInfo, ...]:
    """The clocks that must all allow a call to `number`.

    Of several zones that the number may be in: the customer's own counts alone, else those of its region, else the home
    zone; each only if the number may be there. Otherwise all of them count. A number of which nothing is known goes by
    the server's clock.
    """
    names = zone_names(number)
    if not names:
        return (server,)
    if len(names) > 1:
        home = server.key if hints.home == SERVER else "" if hints.home == ALL else hints.home
        known = ((hints.zone,), zones_of_subject(hints.region) if hints.region else (), (home,))
        names = next((found for each in known if (found := _among(names, each))), names)
    return tuple(ZoneInfo(name) for name in names)


def is_zone(name: str) -> bool:
    """Whether the tz database has a zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _among(names: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `names` that show the time of `wanted`; () unless all of `wanted` are among them."""
    found = [next((name for name in names if same_clock(name, each)), "") for each in wanted if each]
    return tuple(dict.fromkeys(found)) if found and all(found) else ()
