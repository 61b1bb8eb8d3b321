"""What time it is where a number belongs, by the time zone data of the number plan."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pbx.numbers.plan import parsed

UNKNOWN = "Etc/Unknown"


@lru_cache(maxsize=8192)
def zone_names(number: str) -> tuple[str, ...]:
    """The zones that an E.164 number may be in: one for a Polish number, sixteen for a Russian mobile; () when nobody
    knows. The table is loaded when it is first asked.
    """
    from phonenumbers import timezone

    found = parsed(number) if number[:1] == "+" else None
    names = timezone.time_zones_for_number(found) if found is not None else ()
    return tuple(name for name in names if name != UNKNOWN and _known(name))


def zones_of(number: str, server: ZoneInfo, *, ambiguous: str = "server") -> tuple[ZoneInfo, ...]:
    """The clocks that must all allow a call to `number`.

    Of several zones the server's counts alone when it is one of them and `ambiguous` is "server": most customers are
    near. A number of which nothing is known goes by the server's clock.
    """
    names = zone_names(number)
    if not names or (len(names) > 1 and ambiguous == "server" and server.key in names):
        return (server,)
    return tuple(ZoneInfo(name) for name in names)


def _known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
