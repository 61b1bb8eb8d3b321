"""How long callers of each queue wait before they give up; answers cut the observation short (D3 of the glossary)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, case, cast, func, select

from pbx.reporting.intervals import Interval
from pbx.reporting.proportion import Hazard, hazards, kaplan_meier, quantile, survival_at
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Measure, Sheet, Unit
from pbx.store import schema

AFTER_S = (15, 30, 60, 120, 300, 600)
NOTES = (
    "Mean = all waiting / abandonments (exponential). Still there after and median: Kaplan-Meier, every other end of a "
    "wait censors.\nHazard: of those who wait, the share that gives up within the next 5 s."
)

Observed = list[tuple[float, bool]]


def observed(connection: Connection, interval: Interval) -> dict[str, Observed]:
    """(wait, whether the caller gave up) of every caller who waited, by queue."""
    visit = schema.queue_visits.c
    query = select(visit.queue, visit.wait_s, visit.outcome).where(
        visit.joined_us >= interval.start_us, visit.joined_us < interval.end_us, visit.wait_s > 0, visit.contact == ""
    )
    found: dict[str, Observed] = {}
    for queue, wait_s, outcome in connection.execute(query):
        found.setdefault(queue, []).append((wait_s, outcome == "abandoned"))
    return dict(sorted(found.items()))


Counted = tuple[float, int, int]  # wait, who gave up after it, whose wait ended otherwise


def observed_counts(connection: Connection, interval: Interval) -> dict[str, list[Counted]]:
    """The waits of callers by tenths of a second, by queue, in order: for long periods."""
    visit = schema.queue_visits.c
    tenths = cast(func.round(visit.wait_s * 10), BigInteger).label("tenths")
    gave_up = func.sum(case((visit.outcome == "abandoned", 1), else_=0))
    query = (
        select(visit.queue, tenths, gave_up, func.count())
        .where(visit.joined_us >= interval.start_us, visit.joined_us < interval.end_us)
        .where(visit.wait_s > 0, visit.contact == "")
        .group_by(visit.queue, tenths)
        .order_by(visit.queue, tenths)
    )
    found: dict[str, list[Counted]] = {}
    for queue, wait, gone, count in connection.execute(query).all():
        found.setdefault(queue, []).append((wait / 10, int(gone), count - int(gone)))
    return found


def mean_patience_s(waits: Observed) -> float | None:
    """1/theta: the maximum likelihood of exponential patience; None when nobody gave up."""
    return share(sum(wait for wait, _ in waits), sum(gave_up for _, gave_up in waits))


COLUMNS = (
    Column("queue", "Queue", Unit.TEXT),
    Column("waited", "Waited", formula="PATIENCE.WAITED"),
    Column("abandoned", "Gave\nup", formula="PATIENCE"),
    Column("mean_s", "Mean", Unit.SECONDS, "PATIENCE", Measure.EACH),
    Column("median_s", "Median", Unit.SECONDS, "PATIENCE", Measure.CURVE),
    *(
        Column(f"there_after_{after}_s", f"There\n{after} s", Unit.SHARE, "PATIENCE", Measure.CURVE)
        for after in AFTER_S
    ),
    Column("hazard_first_5_s", "Hazard\n0-5 s", Unit.SHARE, "PATIENCE", Measure.CURVE),
    Column("hazard_peak", "Highest\nhazard", Unit.SHARE, "PATIENCE", Measure.CURVE),
    Column("hazard_peak_at_s", "at", Unit.SECONDS),
)


def patience_sheet(connection: Connection, interval: Interval) -> Sheet:
    """The report."""
    sheet = Sheet(f"Patience, {interval.label}", COLUMNS, notes=NOTES)
    for queue, waits in observed(connection, interval).items():
        steps = kaplan_meier(waits)
        longest_s = max(wait for wait, _ in waits)
        bins = hazards(waits)
        # A bin that few people reached says nothing.
        solid: list[Hazard] = [one for one in bins if one.at_risk >= 20]
        peak = max(solid, key=lambda one: one.share, default=None)
        sheet.rows.append(
            (
                queue,
                len(waits),
                sum(gave_up for _, gave_up in waits),
                mean_patience_s(waits),
                quantile(steps, 0.5),
                *(survival_at(steps, after) if after <= longest_s else None for after in AFTER_S),
                bins[0].share if bins else None,
                peak.share if peak is not None else None,
                peak.start_s if peak is not None else None,
            )
        )
    return sheet
