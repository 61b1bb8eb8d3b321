"""The agency's year, day by day: its calls with their ids. The same seed gives the same calls, whoever writes them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from pbx.demodata.agency import Agency, Source
from pbx.demodata.arrivals import Calendar, DayPlan
from pbx.demodata.office import Backlog, Call, Office
from pbx.demodata.telling import Teller

NOON_S = 12 * 3600.0
DRAWN = 4096  # random numbers at once: one by one numpy takes as long as all the rest of an id


class Year:
    """`days` days of the agency up to and with `last`, the same for the same `seed`."""

    def __init__(self, agency: Agency, *, last: date, days: int, seed: int) -> None:
        self.agency = agency
        self.days = days
        self.seed = seed
        self.first = date.fromordinal(last.toordinal() - days + 1)
        self._zone = ZoneInfo(agency.zone)
        self._sources: dict[str, Source] = _Sources(agency, seed)

    def lived(self, backlog: Backlog) -> Iterator[tuple[DayPlan, Office, Teller, list[tuple[Call, str]]]]:
        """Each day with its calls and their ids, from the first on, the same each time."""
        random, new_id = np.random.default_rng(self.seed), _Ids(self.seed)
        for plan in Calendar(self.agency, self.first, self.days).plans(random):
            zero = datetime.combine(plan.day, time(12), self._zone).timestamp() - NOON_S
            office = Office(self.agency, plan, random, backlog, zero)
            calls = [(call, new_id(zero + call.at)) for call in office.live()]
            for call, call_id in calls:
                if call.missed is not None and not call.outbound and not call.missed.origin:
                    call.missed.origin, call.missed.did = call_id, self._sources[call.number].did
                    call.missed.item = new_id(call.missed.at)
            yield plan, office, Teller(self.agency, zero, self._sources), calls


class _Ids:
    """Makes ids of instants."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed + 1)
        self._drawn: list[int] = []

    def __call__(self, at: float) -> str:
        """A version 7 UUID of that instant, RFC 9562."""
        if not self._drawn:
            self._drawn = self._random.integers(0, 1 << 62, DRAWN).tolist()
        low, high = self._drawn.pop(), self._drawn.pop()
        return f"{int(at * 1000):012x}7{low & 0xFFF:03x}{0x8000_0000_0000_0000 | high:016x}"


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
