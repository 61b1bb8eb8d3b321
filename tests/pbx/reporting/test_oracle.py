"""Reports against figures that are computed from the raw events alone, of random worlds."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, create_engine

from pbx.ledger.terms import Terms
from pbx.reporting.intervals import Interval, day, days, hours
from pbx.reporting.registry import sheets
from pbx.reporting.request import Request
from pbx.store import schema
from pbx.store.rebuild import rebuild
from tests.pbx.reporting.oracle import counting, messages, owed, waits
from tests.pbx.reporting.oracle.counting import Cut, Row
from tests.pbx.reporting.oracle.reading import Called, read_call, spells
from tests.pbx.reporting.oracle.stories import LIMITS, World, make
from tests.pbx.reporting.oracle.writing import Writers

WARSAW = ZoneInfo("Europe/Warsaw")
SUNDAY = date(2026, 10, 25)  # 25 hours
WHOLE = days(date(2026, 10, 26), 3, WARSAW)
LONG = days(date(2026, 10, 26), 16, WARSAW)
EDGES = [WHOLE.start_us, *(hours(SUNDAY, WARSAW)[n].start_us for n in (0, 2, 3, 4)), day(SUNDAY, WARSAW).end_us]
WORLDS = int(os.environ.get("CENTRALA_FIGURES", "5"))  # each of 40 journeys
NOW_US = WHOLE.end_us + 3 * 86_400 * 10**6


@dataclass
class Told:
    """A world, what the database says of it, and what was read from its events."""

    world: World
    connection: Connection
    calls: list[Called]
    sent: list[messages.Sent]

    def __post_init__(self) -> None:
        self.over, self.present = spells(self.world.states)
        self.numbers = {item.id: item.number for item in self.world.contacts}

    def product(self, name: str, period: Interval) -> dict[str, Row]:
        """Rows of a report by their first column."""
        asked = Request(period, WARSAW, NOW_US, thresholds=LIMITS, money=Terms(country="PL"))
        (sheet, *_) = sheets(self.connection, name, asked)
        names = [column.name for column in sheet.columns]
        return self.keyed(name, [dict(zip(names, row, strict=True)) for row in sheet.rows])

    def keyed(self, name: str, rows: list[Row]) -> dict[str, Row]:
        """Rows of a report by what tells them apart."""
        if name in ("sms", "automatic"):
            return {f"{row['source']} {row['template']}": row for row in rows}
        if name == "campaigns":
            return {f"{row['kind']} {row['template']}": row for row in rows}
        if name == "promises":
            return {f"{row['queue']} {row['at_most_s'] or 0:g}".replace(" 0", " None"): row for row in rows}
        key = {"agents": "agent", "lost": "agent", "trunks": "trunk", "redials": "attempts"}.get(name, "queue")
        return {str(row[key]): row for row in rows}

    def oracle(self, name: str, period: Interval) -> Mapping[str, Row]:
        cut = Cut(period.start_us, period.end_us, WARSAW)
        match name:
            case "queues":
                return counting.queues(self.calls, cut, LIMITS)
            case "agents":
                return counting.agents(self.calls, self.over, self.present, cut, NOW_US)
            case "lost":
                return counting.lost(self.calls, cut)
            case "trunks":
                return counting.trunks(self.calls, cut)
            case "customers":
                return counting.customers(self.calls, self.numbers, cut, NOW_US)
            case "redials":
                return counting.redials(self.calls, cut)
            case "patience":
                return waits.patience(self.calls, cut)
            case "promises":
                return waits.promises(self.calls, cut)
            case "callbacks":
                return owed.callbacks(self.world.contacts, self.calls, cut)
            case "sms":
                return messages.sms(self.sent, cut)
            case "automatic":
                return messages.automatic(self.sent, self.calls, cut, NOW_US)
            case "campaigns":
                return messages.campaigns(self.sent, self.world.contacts, self.calls, cut)
            case "missed":
                return owed.missed(self.world.contacts, cut)
        raise AssertionError(name)


def differences(told: Told, name: str, period: Interval) -> list[str]:
    return differing(name, period.label, told.product(name, period), told.oracle(name, period))


def differing(
    name: str, label: str, theirs: Mapping[str, Row], ours: Mapping[str, Row], *, zeros: bool = False
) -> list[str]:
    """What is not the same; with `zeros` a row that is not there is one of nothing."""
    nothing = {figure: 0 for row in ours.values() for figure in row} if zeros else {}
    found = [] if zeros or set(theirs) == set(ours) else [f"{name} {label}: {sorted(theirs)} against {sorted(ours)}"]
    for key in set(theirs) | set(ours) if zeros else set(theirs) & set(ours):
        for figure, expected in (ours.get(key) or nothing).items():
            said = theirs.get(key, nothing)[figure]
            if said == expected or (zeros and not said and not expected):
                continue
            if None in (said, expected) or said != pytest.approx(expected, rel=1e-9, abs=2e-6):
                found.append(f"{name} {label} {key} {figure}: {said}, and not {expected}")
    return found


def telling(seed: int, connection: Connection, *, settle: bool, order: random.Random | None = None) -> Told:
    world = make(seed, 40, [at / 1e6 for at in EDGES], 3 * 86_400 + 3600)
    Writers(connection).tell(world, order or random.Random(seed + 1), settle=settle)
    calls = [one for one in map(read_call, world.calls) if one is not None]
    first_us = WHOLE.start_us - 10 * 86_400 * 10**6
    sent = messages.send(random.Random(seed), calls, first_us, WHOLE.end_us - first_us, 40)
    messages.write(connection, sent)
    return Told(world, connection, calls, sent)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


REPORTS = (
    "queues",
    "agents",
    "lost",
    "trunks",
    "customers",
    "redials",
    "patience",
    "promises",
    "callbacks",
    "missed",
    "sms",
    "automatic",
    "campaigns",
)
PERIODS = [
    WHOLE,
    *(day(date(2026, 10, n), WARSAW) for n in (24, 25, 26)),
    hours(SUNDAY, WARSAW)[2],
    hours(SUNDAY, WARSAW)[3],
]


@pytest.mark.parametrize("seed", range(WORLDS))
def test_every_figure_is_that_of_the_raw_events(seed: int, connection: Connection) -> None:
    told = telling(seed, connection, settle=seed % 2 == 0)
    wrong = [line for period in PERIODS for name in REPORTS for line in differences(told, name, period)]
    assert not wrong, "\n".join(wrong[:40])
    rebuild(connection, zone="UTC")
    wrong = [line for period in PERIODS for name in REPORTS for line in differences(told, name, period)]
    assert not wrong, "rebuilt:\n" + "\n".join(wrong[:40])
