"""Addresses and numbers that are not listened to for days: those that gave trouble, as a nightly look at them finds."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pbx.call.keeping import Keeper
from pbx.clock import Clock

BANS, OFFENCES = "widget_bans", "widget_offences"  # rooms of the keeper
HOUR = 3  # of the night, on the server's clock
DAY_S = 86_400.0
MOST = 20_000  # keys that are remembered
MOST_TIMES = 200  # of one key


class Ban(NamedTuple):
    """`key` is "address:192.0.2.1" or "number:+48..."; instants are UTC seconds."""

    site: str
    key: str
    since: float
    until: float
    offences: int


class Bans:
    """`offend` notes, the night judges, `is_banned` is asked. `limits` gives a site's (offences, days of a ban)."""

    def __init__(self, clock: Clock, zone: str, keeper: Keeper) -> None:
        self._clock = clock
        self._zone = ZoneInfo(zone)
        self._keeper = keeper
        self.limits: dict[str, tuple[int, float]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._offences: dict[str, list[float]] = {
            key: list(map(float, at)) for key, at in keeper.load(OFFENCES).items()
        }
        self._bans: dict[str, Ban] = {key: Ban(*values) for key, values in keeper.load(BANS).items()}

    def start(self) -> None:
        """Judges every night."""
        now = datetime.fromtimestamp(self._clock.unix(), self._zone)
        night = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
        if night <= now:
            night += timedelta(days=1)
        self._timer = asyncio.get_running_loop().call_later(night.timestamp() - now.timestamp(), self._nightly)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def offend(self, site: str, key: str) -> None:
        """Something was refused, or asked for in vain."""
        name, now = f"{site}|{key}", self._clock.unix()
        if name not in self._offences and len(self._offences) >= MOST:
            return
        times = [at for at in self._offences.get(name, []) if now - at < DAY_S][-MOST_TIMES:]
        self._offences[name] = [*times, now]
        self._keeper.put(OFFENCES, name, self._offences[name])

    def is_banned(self, site: str, key: str) -> bool:
        ban = self._bans.get(f"{site}|{key}")
        return ban is not None and ban.until > self._clock.unix()

    def lift(self, site: str, key: str) -> bool:
        """Takes a ban back; False when there is none."""
        name = f"{site}|{key}"
        self._offences.pop(name, None)
        self._keeper.put(OFFENCES, name, None)
        self._keeper.put(BANS, name, None)
        return self._bans.pop(name, None) is not None

    def rows(self) -> list[Ban]:
        """Those that last."""
        now = self._clock.unix()
        return [ban for ban in self._bans.values() if ban.until > now]

    def judge(self) -> None:
        """Bans who offended as often as the site's limit within a day, and forgets what is over."""
        now = self._clock.unix()
        for name, ban in tuple(self._bans.items()):
            if ban.until <= now:
                del self._bans[name]
                self._keeper.put(BANS, name, None)
        for name, times in tuple(self._offences.items()):
            site, _, key = name.partition("|")
            most, days = self.limits.get(site, (0, 0.0))
            recent = [at for at in times if now - at < DAY_S]
            if most and len(recent) >= most:
                self._bans[name] = Ban(site, key, now, now + days * DAY_S, len(recent))
                self._keeper.put(BANS, name, list(self._bans[name]))
                recent = []
            if recent:
                self._offences[name] = recent
            else:
                del self._offences[name]
                self._keeper.put(OFFENCES, name, None)

    def _nightly(self) -> None:
        self.judge()
        self.start()
