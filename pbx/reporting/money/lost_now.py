"""Lost money of a period, for a process that shows nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass

from pbx.ledger.amounts import units
from pbx.reporting.intervals import Interval
from pbx.reporting.jobs import Where
from pbx.reporting.money.figures import money
from pbx.store.database import reader_engine


@dataclass(frozen=True, slots=True)
class LostJob:
    """For a child process; see pbx.reporting.jobs.Job. `lost` in units of the reports' currency."""

    where: Where
    period: Interval

    def run(self) -> dict[str, float]:
        engine = reader_engine(self.where.url)
        try:
            with engine.begin() as connection:
                found = money(connection, self.where.request(self.period, "en", {}))
        finally:
            engine.dispose()
        return {"lost": round(units(found.lost), 2)}
