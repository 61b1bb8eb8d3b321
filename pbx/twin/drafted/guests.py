"""The callers of a past day: what each of them did in the flow of then, when he came, how patient he was, how long he
was talked with.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from pbx.events import CallEvent, Kind
from pbx.flow.replay.past import PastCall, Visit, read_past
from pbx.reporting.intervals import Interval
from pbx.store import schema
from pbx.store.journey import read_events


@dataclass(frozen=True, slots=True)
class Guest:
    """`at` is seconds from the day's beginning. `queue` is the first one that he waited in, "" for none; then `wait_s`
    is how long, and `gave_up` says that it was his patience that ended it. `talk_s` and `wrapup_s` are of the answered.
    """

    past: PastCall
    at: float
    queue: str = ""
    wait_s: float = 0.0
    gave_up: bool = False
    answered: bool = False
    talk_s: float = 0.0
    wrapup_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """One replay's caller: what was not known of him is drawn."""

    guest: Guest
    patience_s: float
    talk_s: float
    wrapup_s: float


@dataclass(slots=True)
class PastChoices:
    """What the day's callers did in each block: exits by (block, kind), and how long they were in it."""

    exits: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, visit: Visit) -> None:
        key = visit.block, visit.kind
        exits = self.exits.setdefault(key, Counter())
        spent = self.seconds.get(key, 0.0) * exits.total()
        exits[visit.exit] += 1
        self.seconds[key] = (spent + visit.duration_s) / exits.total()


def read_guests(connection: Connection, interval: Interval) -> list[Guest]:
    """Everybody who called on that day, in order; test calls and calls that follow a contact are left out."""
    cdr, visit = schema.cdrs.c, schema.queue_visits.c
    wanted = (
        cdr.started_us >= interval.start_us,
        cdr.started_us < interval.end_us,
        cdr.direction == "inbound",
        cdr.test == "",
        cdr.contact == "",
    )
    columns = (visit.call_id, visit.queue, visit.wait_s, visit.outcome, visit.talk_s, visit.hold_s, visit.wrapup_s)
    stays: dict[str, list[Any]] = {}
    query = select(*columns).join(schema.cdrs, cdr.id == visit.call_id).where(*wanted)
    for row in connection.execute(query.order_by(visit.joined_us, visit.visit)):
        stays.setdefault(row.call_id, []).append(row)
    calls = connection.execute(select(cdr.id, cdr.started_us).where(*wanted).order_by(cdr.started_us, cdr.id)).all()
    return [
        _guest(_past(call_id, read_events(connection, call_id)), started_us - interval.start_us, stays.get(call_id, []))
        for call_id, started_us in calls
    ]


def _guest(past: PastCall, at_us: int, stays: Sequence[Any]) -> Guest:
    if not stays:
        return Guest(past, at_us / 1e6)
    waited = sum(row.wait_s for row in stays)
    served = next((row for row in stays if row.outcome == "answered"), None)
    talk = (served.talk_s + served.hold_s, served.wrapup_s) if served is not None else (0.0, 0.0)
    gave_up = stays[-1].outcome == "abandoned"
    return Guest(past, at_us / 1e6, stays[0].queue, waited, gave_up, served is not None, *talk)


def _past(call_id: str, events: Sequence[CallEvent]) -> PastCall:
    """His way from the first flow on; without a flow a way without a block."""
    flow = next((str(event.data.get("flow", "")) for event in events if event.kind is Kind.FLOW_BLOCK), "")
    found = read_past(call_id, events, flow) if flow else None
    known: Mapping[str, Any] = next((event.data for event in events if event.kind is Kind.CALL_STARTED), {})
    return found or PastCall(call_id, events[0].at if events else 0.0, known)


def choices_of(guests: Iterable[Guest]) -> PastChoices:
    found = PastChoices()
    for guest in guests:
        for visit in guest.past.visits:
            found.add(visit)
    return found


def draw(guests: Sequence[Guest], patience_s: float, dice: random.Random) -> list[Drawn]:
    """Patience of those who did not give up is what they waited and an exponential rest; talks of those who were not
    answered are those of somebody who was. ValueError when nobody was."""
    answered = [(one.talk_s, one.wrapup_s) for one in guests if one.answered]
    if not answered:
        raise ValueError("nobody was answered on that day: how long calls take is not known; name another --date")
    found = []
    for one in guests:
        rest = 0.0 if one.gave_up else dice.expovariate(1 / patience_s)
        talk = (one.talk_s, one.wrapup_s) if one.answered else dice.choice(answered)
        found.append(Drawn(one, one.wait_s + rest, *talk))
    return found
