"""Calibration of the waits that were promised: how often each was said, and how often it was true."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from pbx.reporting.intervals import Interval
from pbx.reporting.proportion import Share, kaplan_meier, survival_at
from pbx.reporting.sheet import Column, Measure, Sheet, Unit
from pbx.store import schema
from pbx.store.visits import Verdict

NOTES = (
    "Kept: served within what was said. Broken: waited for longer. Open: gave up or left before its end.\n"
    "True = kept / (kept + broken), with its 95 % interval (Wilson). Corrected: those who left count as far as they "
    "waited (Kaplan-Meier)."
)


@dataclass(slots=True)
class Calibration:
    """What became of the waits of at most `high_s` that were said in `queue` ("" all); `high_s` 0: of any length."""

    queue: str
    high_s: float
    kept: int = 0
    broken: int = 0
    open: int = 0
    aimed: float = 0.0  # sum of the quantiles
    _waits: list[tuple[float, bool]] = field(default_factory=list)  # (wait / promise, served)

    def add(self, high_s: float, waited_s: float, outcome: str, quantile: float) -> None:
        self.kept += outcome == Verdict.KEPT
        self.broken += outcome == Verdict.BROKEN
        self.open += outcome == Verdict.OPEN
        self.aimed += quantile
        # A broken one was not over at the end of its promise, whatever came of it later.
        ratio = waited_s / high_s if high_s > 0 else 2.0
        self._waits.append((ratio, outcome == Verdict.KEPT))

    @property
    def said(self) -> int:
        return self.kept + self.broken + self.open

    @property
    def true(self) -> Share:
        """Kept, of those of which it is known."""
        return Share(self.kept, self.kept + self.broken)

    @property
    def corrected(self) -> float | None:
        """The share that would have been served in time if nobody had left."""
        return 1 - survival_at(kaplan_meier(self._waits), 1.0) if self._waits else None

    @property
    def aim(self) -> float | None:
        """The share that was aimed at."""
        return self.aimed / self.said if self.said else None


def calibrations(connection: Connection, interval: Interval) -> list[Calibration]:
    """By queue and by what was said, shortest first; after each queue's the sum of them, and all queues last."""
    table = schema.wait_promises.c
    query = select(table.queue, table.high_s, table.waited_s, table.outcome, table.quantile).where(
        table.told_us >= interval.start_us, table.told_us < interval.end_us
    )
    found: dict[tuple[str, float], Calibration] = {}
    for queue, high_s, waited_s, outcome, quantile in connection.execute(query):
        for key in ((queue, high_s), (queue, 0.0), ("", 0.0)):
            found.setdefault(key, Calibration(*key)).add(high_s, waited_s, outcome, quantile)
    return [found[key] for key in sorted(found, key=lambda key: (not key[0], key[0], not key[1], key[1]))]


COLUMNS = (
    Column("queue", "Queue", Unit.TEXT),
    Column("at_most_s", "Said\nat most", Unit.SECONDS),
    Column("said", "Times\nsaid", formula="PROMISE.SAID"),
    Column("kept", "Kept", formula="PROMISE.KEPT"),
    Column("broken", "Broken", formula="PROMISE.BROKEN"),
    Column("open", "Open", formula="PROMISE.OPEN"),
    Column("true", "True", Unit.SHARE, "PROMISE"),
    Column("true_low", "from", Unit.SHARE),
    Column("true_high", "to", Unit.SHARE),
    Column("corrected", "Cor-\nrected", Unit.SHARE, "PROMISE.CORRECTED", Measure.CURVE),
    Column("aimed_at", "Aimed\nat", Unit.SHARE, "PROMISE.AIM", Measure.MEAN),
)


def promises_sheet(connection: Connection, interval: Interval) -> Sheet:
    """The report."""
    sheet = Sheet(f"Promised waits, {interval.label}", COLUMNS, notes=NOTES)
    for found in calibrations(connection, interval):
        low, high = found.true.interval
        sheet.rows.append(
            (
                found.queue or "all",
                found.high_s or None,
                found.said,
                found.kept,
                found.broken,
                found.open,
                found.true.value,
                low,
                high,
                found.corrected,
                found.aim,
            )
        )
    return sheet
