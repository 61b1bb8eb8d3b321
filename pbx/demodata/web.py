"""The agency's page on a day: visits that are shown a number of a pool by the real pool, and their calls."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from pbx.config import Config
from pbx.config_web import NumberPool
from pbx.demodata.agency import Agency, Source
from pbx.demodata.office import Call
from pbx.tracking.desk import Desk
from pbx.tracking.likelihood import Candidate, shares
from pbx.tracking.pool import Pool
from pbx.tracking.sizing import Sizing
from pbx.tracking.sources import Source as Origin
from pbx.tracking.visit import Consent, Device, Lease, PoolHour, Visit

SITE, POOL, LINE = "shop", "city", "main"
TAG = "search"  # whose visitors are shown a number of the pool
NUMBERS = tuple(f"+4822200{number:04d}" for number in range(60))
HOLD_S, QUARANTINE_S = 600.0, 300.0
ROLL_S = 300.0  # so often is a pool looked at
OTHERS = 1.0  # visits for each that calls
STAY_S, LONGEST_S = 170.0, 560.0  # who stays for longer gives signs of life: they are not made up
CONSENT = 0.72  # of visitors allow analytics
COME, CALL, GO = range(3)
PAGES = ("/", "/oferta", "/kontakt", "/cennik", "/promocja")
SETTINGS = Config(number_pool=[NumberPool(name=POOL, numbers=list(NUMBERS))])


@dataclass(slots=True)
class Seen:
    """What a day of the page leaves to be kept."""

    visits: list[Visit] = field(default_factory=list)
    leases: list[Lease] = field(default_factory=list)
    hours: dict[int, PoolHour] = field(default_factory=dict)


class Web:
    """Of one day. Until `live` was called every number is that of its channel."""

    def __init__(self, agency: Agency, zero: float, random: np.random.Generator) -> None:
        self._agency = agency
        self._zero = zero
        self._random = random
        self.origins: dict[str, dict[str, Any]] = {}
        self._known: dict[str, Visit] = {}
        self.seen = Seen()

    def live(self, calls: Sequence[Call], sources: dict[str, Source]) -> Seen:
        """Visitors come, are shown numbers, call and go. `calls` are those of the day."""
        callers = [call for call in calls if not call.outbound and sources[call.number].tag == TAG]
        steps: list[tuple[float, int, int, Visit]] = []
        for visit, call in self._visits(callers, sources):
            self.seen.visits.append(visit)
            number = len(self.seen.visits)
            steps.append((visit.started, COME, number, visit))
            steps.append((visit.seen, GO, number, visit))
            if call is not None:
                steps.append((self._zero + call.at, CALL, number, visit))
        heapq.heapify(steps)
        pool = Pool(POOL, NUMBERS, hold_s=HOLD_S, quarantine_s=QUARANTINE_S)
        desk = cast(Desk, SimpleNamespace(pools={POOL: pool}))
        sizing = Sizing(SETTINGS, desk, lambda hour: self.seen.hours.update({hour.hour: hour}))
        calling = {visit.id: call for visit, call in zip(self.seen.visits, self._calling, strict=True) if call}
        held: dict[str, str] = {}
        now = rolled = self._zero
        while steps:
            now, kind, _, visit = heapq.heappop(steps)
            if kind == COME:
                self._known[visit.id] = visit
                held[visit.id] = number_ = pool.allocate(visit.id, visit.visitor, now)
                sizing.wanted(POOL, bool(number_), now)
                if now - rolled > ROLL_S:
                    sizing.roll(now)
                    rolled = now
            elif kind == GO:
                number_ = held[visit.id]
                if number_:
                    pool.touch(number_, visit.id, now)
                    sizing.stayed(POOL, now - visit.started, now)
                    lease = (number_, visit.id, visit.visitor, POOL, SITE, LINE, visit.started, now)
                    self.seen.leases.append(Lease(*lease))
            else:
                self._attribute(calling[visit.id], held[visit.id], pool, now)
        sizing.roll(now + 1.0)
        return self.seen

    def _visits(self, callers: Sequence[Call], sources: dict[str, Source]) -> list[tuple[Visit, Call | None]]:
        """Whoever calls was on the page before; and others who do not call, at much the same times."""
        random, count = self._random, len(callers)
        others = [callers[at] for at in random.integers(0, count, int(OTHERS * count)).tolist()] if count else []
        made: list[tuple[Visit, Call | None]] = []
        stays = np.minimum(20.0 + random.exponential(STAY_S, count + len(others)), LONGEST_S).tolist()
        drawn = random.random((count + len(others), 3)).tolist()
        for number, call in enumerate((*callers, *others)):
            calls = number < count
            shift_s = -(0.2 + 0.7 * drawn[number][0]) * stays[number] if calls else 3600.0 * (drawn[number][0] - 0.5)
            started = self._zero + call.at + shift_s
            origin = sources[call.number]
            made.append((self._visit(started, stays[number], origin, drawn[number]), call if calls else None))
        self._calling = [call for _, call in made]
        return made

    def _visit(self, started: float, stay_s: float, origin: Source, drawn: Sequence[float]) -> Visit:
        ident = (
            f"{int(started * 1000):012x}7{int(drawn[0] * 4096):03x}{0x8000_0000_0000_0000 | int(drawn[1] * 2**62):016x}"
        )
        allowed = drawn[2] < CONSENT
        device: Device = "mobile" if drawn[1] < 0.61 else "desktop" if drawn[1] < 0.95 else "tablet"
        page = f"https://shop.example{PAGES[int(drawn[0] * len(PAGES))]}"
        source = Origin(origin.tag, origin.medium, origin.campaign, channel="paid_search", group="search", said=True)
        visit = Visit(ident, SITE, started, started + stay_s, source, ended=True, pages=1, landing=page, page=page)
        visit.device = device
        visit.consent = Consent(allowed, allowed, allowed)
        visit.first_source, visit.first_medium, visit.first_at = origin.tag, origin.medium, started
        visit.first_campaign = origin.campaign
        if allowed:
            visit.visitor = ident[::-1]
            visit.ga_client, visit.ga_session = f"{int(drawn[2] * 1e9)}.{int(started)}", str(int(started))
        return visit

    def _attribute(self, call: Call, number: str, pool: Pool, now: float) -> None:
        """As pbx.tracking.attribution does: whoever was shown the number, the likelier the newer his last sign."""
        if not number:
            return
        known, holders = self._known, pool.holders(number)
        told = [Candidate(one.visit, min(one.seen, now)) for one in holders]
        likely = shares(told, now, memory_s=SETTINGS.tracking.memory_s, stray=SETTINGS.tracking.stray)
        best = max(range(len(told)), key=lambda at: likely[at])
        meant = known[told[best].visit]
        method = "session" if meant.id == pool.held[number].visit else "pool"
        origin = {
            **{"source": meant.source.source, "medium": meant.source.medium, "campaign": meant.source.campaign},
            **{"channel": meant.source.channel, "visit": meant.id, "visitor": meant.visitor, "site": SITE},
            **{"number": number, "probability": round(likely[best], 4), "device": meant.device, "page": meant.page},
            **{"method": method, "landing": meant.landing},
            **{"ga_client": meant.ga_client, "ga_session": meant.ga_session},
            **{"first_source": meant.first_source, "first_medium": meant.first_medium},
        }
        if len(told) > 1:
            origin["candidates"] = [
                {"visit": one.visit, **_key(known[one.visit]), "probability": round(weight, 4)}
                for one, weight in zip(told, likely, strict=True)
            ]
        self.origins[call.id] = {name: value for name, value in origin.items() if value != ""}

    def origin(self, call: Call, source: Source, _at: float) -> dict[str, Any]:
        """What CALL_ATTRIBUTED says of a call that came in."""
        first = {"unique": call.repeat == 1, "repeat": call.repeat}
        found = self.origins.get(call.id)
        if found is not None:
            return {**found, **first}
        told = {"method": "static", "probability": 1.0, "number": source.did, "source": source.tag}
        told |= {"medium": source.medium, "campaign": source.campaign, "device": _device(call, source)}
        if source.medium == "app":
            told["method"] = "app"
        return {**{name: value for name, value in told.items() if value != ""}, **first}

    def asked(self, call: Call, source: Source) -> dict[str, Any]:
        """The same of a callback that a visitor asked for on the page: from a desk rather than from a telephone."""
        device = "desktop" if int(call.number[-2:]) < 64 else "mobile"
        told = {"method": "widget", "probability": 1.0, "site": SITE, "device": device, "source": source.tag}
        return {**told, "medium": source.medium, "campaign": source.campaign, "unique": call.repeat == 1}


def _key(visit: Visit) -> dict[str, str]:
    return {"source": visit.source.source, "medium": visit.source.medium, "campaign": visit.source.campaign}


def _device(call: Call, source: Source) -> str:
    """What the customer looked at the advert with, where that is known of it."""
    if source.medium in ("app", "sms"):
        return "mobile"
    return ("mobile" if int(call.number[-2:]) < 58 else "desktop") if source.medium == "organic" else ""
