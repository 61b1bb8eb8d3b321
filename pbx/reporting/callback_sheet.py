"""Callbacks as a sheet: how fast customers were reached, how many never, and what was promised."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.callbacks import LIMITS_S, CallbackFigures, total
from pbx.reporting.codes import codes_text
from pbx.reporting.intervals import Interval
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value

COLUMNS = (
    Column("queue", "Queue", Unit.TEXT),
    Column("asked", "Asked", formula="CB.ASKED"),
    Column("reached", "Reached", formula="CB.REACHED"),
    Column("p50_s", "P50", Unit.SECONDS, "STL", Measure.P50),
    Column("p90_s", "P90", Unit.SECONDS, "STL", Measure.P90),
    *(Column(f"within_{limit:g}_s", f"<= {limit:g} s", Unit.SHARE, f"STL.{limit:g}") for limit in LIMITS_S),
    Column("never_reached", "Never", Unit.SHARE, "CB.NEVER"),
    Column("promised", "Prom-\nised", formula="CB.PROMISED"),
    Column("promise_kept", "Promises\nkept", Unit.SHARE, "CB.SL"),
    Column("attempts", "Tries", formula="CB.ATTEMPTS"),
    Column("tries_answered", "Tries\nanswered", formula="PICKUP"),
    Column("silent", "Silent", Unit.SHARE, "CB.SILENT"),
    Column("came_back", "Came\nback", formula="CB.CAME_BACK"),
    Column("refused", "Re-\nfused", formula="CB.REFUSED"),
    Column("open", "Open", formula="CB.OPEN"),
    Column("codes", "Codes", Unit.TEXT),
)
NOTES = (
    "Speed-to-lead (STL): request, or the hour that was chosen, to customer and agent hearing each other.\n"
    "Asked: without requests that were merged, taken back, or whose customer rang himself. Never = asked without a\n"
    "talk / asked. Silent = answered, and no agent came / answered. Promises kept: their own service level."
)


def callbacks_sheet(interval: Interval, figures: Sequence[CallbackFigures]) -> Sheet:
    """A row for each queue, and one for all where there are several."""
    rows = [*figures, total(figures)] if len(figures) > 1 else figures
    return Sheet(f"Callbacks, {interval.label}", COLUMNS, [_row(one) for one in rows], NOTES)


def _row(one: CallbackFigures) -> list[Value]:
    return [
        one.queue,
        one.base,
        one.reached,
        one.quantile_s(0.5),
        one.quantile_s(0.9),
        *(one.within(limit) for limit in LIMITS_S),
        one.never_reached,
        one.promised,
        one.service_level,
        one.attempts,
        one.answered,
        one.silent_share,
        *(one.ends.get(end, 0) for end in ("customer_came_back", "refused", "")),
        codes_text(one.codes),
    ]
