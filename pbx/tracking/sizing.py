"""How many numbers a pool needs, by what its visitors do: Erlang B over the busiest hour of the last days.

A = V * (S + H), with V visitors an hour, S the mean stay and H the hold time in hours; N is the smallest number of
which at most the share `loss` of visitors finds none. Who looks at the mean only (N = V * S) is short for every fifth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pbx.config import Config
from pbx.erlang import erlang_b, lines_for
from pbx.tracking.desk import Desk
from pbx.tracking.pool import Pool
from pbx.tracking.visit import PoolHour

HOUR_S = 3600
MIN_VISITS = 10  # in an hour: fewer say nothing
DEFAULT_STAY_S = 180.0  # until stays were measured; the mean of a web site's session is two to four minutes
CLEAR = 0.9  # the alarm ends when the need is below this share of the pool


@dataclass(slots=True, frozen=True)
class Need:
    """One pool as it is and as it should be. `visits_per_hour` is the busiest hour's."""

    pool: str
    size: int
    held: int
    free: int
    quarantined: int
    most_held: int
    visits_per_hour: float
    stay_s: float
    hold_s: float
    load: float  # erlang
    needed: int
    loss: float  # by the formula, with the present size
    wanted_loss: float
    given: int
    short: int
    crowded: int  # since the start, turned away because their network holds its share; not in `visits_per_hour`

    @property
    def is_small(self) -> bool:
        return self.needed > self.size


class Sizing:
    """Counts by the hour; `tell(hour)` keeps one that is over. Instants are steady UTC seconds."""

    def __init__(self, config: Config, desk: Desk, tell: Callable[[PoolHour], None]) -> None:
        self._desk, self._tell = desk, tell
        self._hours: dict[str, deque[PoolHour]] = {}
        self._now: dict[str, PoolHour] = {}
        self.configure(config)

    @property
    def pools(self) -> dict[str, Pool]:
        return self._desk.pools

    def configure(self, config: Config) -> None:
        self._days = config.tracking.warn_days
        self._losses = {pool.name: pool.loss or config.tracking.loss for pool in config.number_pool}

    def load(self, hours: Iterable[PoolHour], now: float) -> None:
        """In order. An hour that an earlier process did not finish goes on."""
        current = int(now // HOUR_S) * HOUR_S
        for hour in hours:
            if hour.hour == current:
                self._now[hour.pool] = hour
            else:
                self._past(hour.pool).append(hour)

    def wanted(self, pool: str, given: bool, now: float) -> None:
        """A visitor asked for a number."""
        hour = self._hour(pool, now)
        hour.visits += 1
        if given:
            hour.given += 1
        else:
            hour.short += 1

    def stayed(self, pool: str, stay_s: float, now: float) -> None:
        """A visit that held a number of the pool is over; first to last sign."""
        hour = self._hour(pool, now)
        hour.stays += 1
        hour.stay_s += stay_s

    def roll(self, now: float) -> None:
        """Regularly: closes hours that are over, and keeps the present one as far as it is."""
        for name, pool in self._desk.pools.items():
            hour = self._hour(name, now)
            hour.most_held = max(hour.most_held, pool.most_held, len(pool.held))
            pool.most_held = len(pool.held)
            hour.size = pool.size
            need = self.need(name, now)
            hour.load, hour.needed = need.load, need.needed
            if hour.visits or hour.stays:
                self._tell(hour)

    def needs(self, now: float) -> list[Need]:
        """Every pool."""
        return [self.need(name, now) for name in self._desk.pools]

    def need(self, name: str, now: float) -> Need:
        pool = self._desk.pools[name]
        hours = [*self._past(name), self._hour(name, now)]
        busiest = float(max((hour.visits for hour in hours), default=0))
        stays = sum(hour.stays for hour in hours)
        stay_s = sum(hour.stay_s for hour in hours) / stays if stays else DEFAULT_STAY_S
        load = busiest * (stay_s + pool.hold_s + pool.quarantine_s) / HOUR_S
        loss = self._losses[name]
        measured = busiest >= MIN_VISITS
        return Need(
            pool=name,
            size=pool.size,
            held=len(pool.held),
            free=pool.free,
            quarantined=pool.quarantined,
            most_held=max((hour.most_held for hour in hours), default=0),
            visits_per_hour=busiest,
            stay_s=stay_s,
            hold_s=pool.hold_s + pool.quarantine_s,
            load=load,
            needed=lines_for(load, loss) if measured else 0,
            loss=erlang_b(pool.size, load),
            wanted_loss=loss,
            given=sum(hour.given for hour in hours),
            short=sum(hour.short for hour in hours),
            crowded=pool.crowded,
        )

    def _hour(self, pool: str, now: float) -> PoolHour:
        begin = int(now // HOUR_S) * HOUR_S
        hour = self._now.get(pool)
        if hour is None or hour.hour != begin:
            if hour is not None:
                self._past(pool).append(hour)
                self._tell(hour)
            hour = self._now[pool] = PoolHour(pool, begin)
        return hour

    def _past(self, pool: str) -> deque[PoolHour]:
        found = self._hours.get(pool)
        if found is None:
            found = self._hours[pool] = deque(maxlen=24 * self._days)
        return found
