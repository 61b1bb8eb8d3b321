"""Links of messages: a short token that leads to the address, and counts who opened it."""

from __future__ import annotations

from typing import Any

from pbx.call.keeping import Keeper
from pbx.clock import Clock
from pbx.events import CallEvent, EventBus, Kind
from pbx.ids import token

ROOM = "sms_links"
LENGTH = 10  # hexadecimal digits: 40 bits, of at most MOST that are alive
MOST = 100_000
MOST_EVENTS = 100  # clicks of one link that are told to the journey; all are counted


class Links:
    """`base` is the public address of the process; "" turns short links off: the address itself is written."""

    def __init__(self, base: str, bus: EventBus, clock: Clock, keeper: Keeper) -> None:
        self.base = base.rstrip("/")
        self._bus = bus
        self._clock = clock
        self._keeper = keeper
        self._links: dict[str, dict[str, Any]] = dict(
            sorted(keeper.load(ROOM).items(), key=lambda entry: float(entry[1].get("at", 0.0)))
        )

    def shorten(self, url: str, message: str) -> str:
        """What stands in the text for `url`."""
        if not self.base:
            return url
        name = token(LENGTH)
        self._links[name] = {"url": url, "message": message, "clicks": 0, "at": round(self._clock.unix(), 3)}
        self._keeper.put(ROOM, name, self._links[name])
        while len(self._links) > MOST:
            oldest = next(iter(self._links))
            del self._links[oldest]
            self._keeper.put(ROOM, oldest, None)
        return f"{self.base}/s/{name}"

    def open(self, name: str) -> str:
        """The address that a token leads to; "" for an unknown one."""
        link = self._links.get(name)
        if link is None:
            return ""
        link["clicks"] += 1
        self._keeper.put(ROOM, name, link)
        if link["clicks"] <= MOST_EVENTS:
            data = {"clicks": link["clicks"]}
            self._bus.publish(CallEvent(Kind.SMS_CLICKED, link["message"], "", self._clock.unix(), data))
        return str(link["url"])

    def clicks(self) -> dict[str, int]:
        """By message."""
        found: dict[str, int] = {}
        for link in self._links.values():
            found[link["message"]] = found.get(link["message"], 0) + int(link["clicks"])
        return found
