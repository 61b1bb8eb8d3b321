"""The agency's year, day by day: its calls with their ids. The same seed gives the same calls, whoever writes them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from pbx.demodata.agency import Agency, Source
from pbx.demodata.arrivals import MONTHS, Calendar, DayPlan
from pbx.demodata.ids import id_of
from pbx.demodata.office import Backlog, Call, Office
from pbx.demodata.telling import Teller

WAVES = (1, 3)  # Tuesday and Thursday: messages of a campaign
WAVES_A_YEAR = 102  # some of them are holidays
UNIQUE_S = 30 * 86_400.0  # tracking.unique_days
NOON_S = 12 * 3600.0
DRAWN = 4096  # random numbers at once: one by one numpy takes as long as all the rest of an id


@dataclass(slots=True)
class Lived:
    """A day. `zero` is its midnight in UTC seconds; `wave` are the customers who were written to."""

    plan: DayPlan
    zero: float
    office: Office
    teller: Teller
    calls: list[Call]
    wave: list[int]


class Year:
    """`days` days of the agency up to and with `last`, the same for the same `seed`."""

    def __init__(self, agency: Agency, *, last: date, days: int, seed: int) -> None:
        self.agency = agency
        self.days = days
        self.seed = seed
        self.first = date.fromordinal(last.toordinal() - days + 1)
        self._zone = ZoneInfo(agency.zone)
        self._known: dict[str, tuple[int, float]] = {}
        self.sources: dict[str, Source] = _Sources(agency, seed)

    def lived(self, backlog: Backlog) -> Iterator[Lived]:
        """Each day with its calls and their ids, from the first on, the same each time."""
        self._known.clear()
        random, new_id = np.random.default_rng(self.seed), _Ids(self.seed)
        for plan in Calendar(self.agency, self.first, self.days).plans(random):
            zero = datetime.combine(plan.day, time(12), self._zone).timestamp() - NOON_S
            wave: list[int] = []
            if plan.works and plan.day.weekday() in WAVES:
                backlog.wave = np.random.default_rng((self.seed, plan.day.toordinal())).integers(
                    0, self.agency.customers, round(self.agency.sms_campaign * MONTHS / WAVES_A_YEAR)
                )
                wave = backlog.wave.tolist()
            office = Office(self.agency, plan, random, backlog, zero)
            known = len(backlog.all)
            calls = office.live()
            for call in calls:
                call.id = new_id(zero + call.at)
                if not call.outbound:
                    self._count(call, zero + call.at)
                if call.missed is not None and not call.outbound and not call.missed.origin:
                    call.missed.origin, call.missed.did = call.id, self.sources[call.number].did
                    call.missed.item = new_id(call.missed.at)
            for missed in backlog.all[known:]:
                missed.item = missed.item or new_id(missed.at)  # asked for on the page: from no call
            random_ = np.random.default_rng((self.seed, plan.day.toordinal(), 2))
            yield Lived(plan, zero, office, Teller(self.agency, zero, self.sources, random_), calls, wave)

    def _count(self, call: Call, at: float) -> None:
        """His call number since he was silent for a month."""
        number, last = self._known.get(call.number, (0, 0.0))
        call.repeat = number + 1 if at - last < UNIQUE_S else 1
        self._known[call.number] = call.repeat, at


class _Ids:
    """Makes ids of instants."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed + 1)
        self._drawn: list[int] = []

    def __call__(self, at: float) -> str:
        """Of that instant."""
        if not self._drawn:
            self._drawn = self._random.integers(0, 1 << 62, DRAWN).tolist()
        return id_of(at, self._drawn.pop(), self._drawn.pop())


class _Sources(dict[str, Source]):
    """By number: a customer has one source, whoever asks for it first."""

    def __init__(self, agency: Agency, seed: int) -> None:
        super().__init__()
        self._all = agency.sources
        self._seed = seed
        self._bounds = np.cumsum([source.share for source in agency.sources])

    def __missing__(self, number: str) -> Source:
        drawn = zlib.crc32(f"{self._seed}:{number}".encode()) / 2**32
        at = int(np.searchsorted(self._bounds, drawn * self._bounds[-1]))
        source = self[number] = self._all[min(at, len(self._all) - 1)]
        return source
