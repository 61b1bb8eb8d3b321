"""Queues as a sheet: what became of callers, the six service levels, waits and handling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pbx.reporting.figures import QueueFigures, add
from pbx.reporting.intervals import Interval
from pbx.reporting.service_level import TEXT, Formula
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value

COLUMNS = (
    Column("queue", "Queue", Unit.TEXT),
    Column("offered", "Offered", formula="OFF"),
    Column("answered", "An-\nswered", formula="ANS"),
    Column("abandoned", "Aban-\ndoned", formula="AB"),
    Column("short_abandoned", "Short\naban.", formula="AB<=S"),
    Column("flowed_out", "Flow-\nout", formula="FO"),
    *(Column(one.value, one.value, Unit.SHARE, one.value) for one in Formula),
    Column("asa_s", "ASA", Unit.SECONDS, "ASA"),
    Column("longest_wait_s", "Longest\nwait", Unit.SECONDS, "MAXWAIT", Measure.MAX),
    Column("average_time_to_abandon_s", "To\nabandon", Unit.SECONDS, "ATA"),
    Column("abandonment_rate", "AR", Unit.SHARE, "AR"),
    Column("adjusted_abandonment_rate", "AR\nadj.", Unit.SHARE, "AR.ADJ"),
    Column("aht_s", "AHT", Unit.SECONDS, "AHT"),
    Column("average_talk_s", "Talk", Unit.SECONDS, "TALK"),
    Column("average_hold_s", "Hold", Unit.SECONDS, "HOLD"),
    Column("average_wrapup_s", "ACW", Unit.SECONDS, "ACW"),
    Column("left_out", "Left\nout", formula="AHT.LEFT_OUT", rare=True),
    Column("offers", "Offers", formula="VISIT.OFFERS"),
    Column("rona", "RONA", Unit.SHARE, "VISIT.RONA"),
)
NOTES = (
    "\n".join(f"{one.value} = {TEXT[one]}" for one in Formula)
    + "\n"
    + (
        "Talk, hold and ACW (wrap-up) are averages of answered calls; AHT is their sum. Left out of them, and\n"
        "counted, are talks (with hold) and wrap-ups of over 4 hours, which somebody forgot to end.\n"
        "RONA = offers not accepted / offers."
    )
)


def queues_sheet(
    interval: Interval,
    figures: Sequence[QueueFigures],
    by: str = "queue",
    limits: Iterable[tuple[float, float]] | None = None,
    every: QueueFigures | None = None,
) -> Sheet:
    """A row for each queue (or what else `by` says), and one for all where there are several. `limits`: T and S where
    they are not those of the figures; `every`: all of them, where that is not their sum.
    """
    columns = (Column(by, by.capitalize(), Unit.TEXT), *COLUMNS[1:])
    sheet = Sheet(f"Queues, {interval.label}", columns, [_row(one) for one in figures], NOTES)
    if len(figures) > 1 and every is not None:
        sheet.rows.append(_row(every))
    elif len(figures) > 1:
        total = QueueFigures("all")
        for one in figures:
            add(total, one)
        sheet.rows.append(_row(total))
    told = {(one.threshold_s, one.short_s) for one in figures} if limits is None else set(limits)
    sheet.remarks = "; ".join(f"T = {threshold:g} s, S = {short:g} s" for threshold, short in sorted(told))
    return sheet


def _row(one: QueueFigures) -> list[Value]:
    return [
        one.queue,
        one.offered,
        one.answered,
        one.abandoned,
        one.counts.abandoned_short,
        one.flowed_out,
        *(one.service_level(formula) for formula in Formula),
        one.asa_s,
        one.longest_wait_s if one.offered else None,
        one.time_to_abandon_s,
        one.abandonment_rate,
        one.adjusted_abandonment_rate,
        one.aht_s,
        one.average_talk_s,
        one.average_hold_s,
        one.average_wrapup_s,
        one.left_out,
        one.offers,
        one.missed_offer_rate,
    ]
