"""Reports and call records as CSV (RFC 4180) that a spreadsheet opens without executing what a caller sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pbx.reporting.callbacks import LIMITS_S, CallbackFigures
from pbx.reporting.codes import codes_text
from pbx.reporting.csv_text import Cell, to_csv
from pbx.reporting.figures import QueueFigures, Report, TrunkFigures
from pbx.reporting.intervals import local
from pbx.reporting.service_level import Formula
from pbx.store.records import Cdr

QUEUE_HEADER = (
    "interval",
    "start_utc",
    "queue",
    "offered",
    "answered",
    "abandoned",
    "short_abandoned",
    "flowed_out",
    "flowed_out_reasons",
    "threshold_s",
    *(formula.value for formula in Formula),
    "asa_s",
    "longest_wait_s",
    "average_time_to_abandon_s",
    "abandonment_rate",
    "adjusted_abandonment_rate",
    "aht_s",
    "talk_s",
    "hold_s",
    "wrapup_s",
    "offers",
    "offers_missed",
)


def queue_row(report: Report, queue: QueueFigures) -> list[Cell]:
    """One queue of one interval, in the order of QUEUE_HEADER; shares are from 0 to 1, durations in seconds."""
    return [
        report.interval.label,
        utc(report.interval.start_us),
        queue.queue,
        queue.offered,
        queue.answered,
        queue.abandoned,
        queue.counts.abandoned_short,
        queue.flowed_out,
        " ".join(f"{reason}={count}" for reason, count in sorted(queue.flows.items())),
        queue.threshold_s,
        *(_rounded(queue.service_level(formula), 4) for formula in Formula),
        _rounded(queue.asa_s),
        _rounded(queue.longest_wait_s),
        _rounded(queue.time_to_abandon_s),
        _rounded(queue.abandonment_rate, 4),
        _rounded(queue.adjusted_abandonment_rate, 4),
        _rounded(queue.aht_s),
        _rounded(queue.talk_s),
        _rounded(queue.hold_s),
        _rounded(queue.wrapup_s),
        queue.offers,
        queue.offers_missed,
    ]


def queues_csv(reports: Iterable[Report]) -> str:
    """Every queue of every interval."""
    return to_csv(QUEUE_HEADER, (queue_row(report, queue) for report in reports for queue in report.queues))


TRUNK_HEADER = (
    "interval",
    "start_utc",
    "trunk",
    "seizures",
    "answered",
    "busy",
    "no_answer",
    "rejected",
    "failed",
    "asr",
    "ner",
    "average_call_duration_s",
    "pdd_s",
    "longest_pdd_s",
    "billed_s",
    "cost",
)


def trunks_csv(reports: Iterable[Report]) -> str:
    """Every trunk of every interval."""
    return to_csv(TRUNK_HEADER, (_trunk_row(report, trunk) for report in reports for trunk in report.trunks))


def _trunk_row(report: Report, trunk: TrunkFigures) -> list[Cell]:
    return [
        report.interval.label,
        utc(report.interval.start_us),
        trunk.trunk,
        trunk.seizures,
        trunk.answered,
        trunk.busy,
        trunk.no_answer,
        trunk.rejected,
        trunk.failed,
        _rounded(trunk.asr, 4),
        _rounded(trunk.ner, 4),
        _rounded(trunk.average_call_duration_s),
        _rounded(trunk.pdd_s),
        _rounded(trunk.pdd_max_s),
        _rounded(trunk.billed_s),
        _rounded(trunk.cost, 4),
    ]


def reports_json(reports: Iterable[Report]) -> str:
    """Queues and trunks of every interval, by the names of the CSV's columns."""
    data = [
        {
            "interval": report.interval.label,
            "queues": [dict(zip(QUEUE_HEADER, queue_row(report, queue), strict=True)) for queue in report.queues],
            "trunks": [dict(zip(TRUNK_HEADER, _trunk_row(report, trunk), strict=True)) for trunk in report.trunks],
        }
        for report in reports
    ]
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def cdrs_csv(records: Iterable[Cdr], zone: ZoneInfo) -> str:
    """Call records; each instant as UTC and, for the start, as local time of `zone` too."""
    names = [field.name for field in fields(Cdr)]
    header = ["started_local", *(name.removesuffix("_us") + "_utc" if name.endswith("_us") else name for name in names)]

    def cells(record: Cdr) -> list[Cell]:
        row: list[Cell] = [local(record.started_us, zone).isoformat(timespec="milliseconds")]
        for name in names:
            value = getattr(record, name)
            row.append(utc(value) if name.endswith("_us") else value)
        return row

    return to_csv(header, (cells(record) for record in records))


def utc(us: int | None) -> str:
    """An instant in ISO 8601 with milliseconds, "" for none."""
    if us is None:
        return ""
    return datetime.fromtimestamp(us / 1_000_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)


CALLBACK_HEADER = (
    *("interval", "queue", "asked", "reached", "p50_s", "p90_s", "within_28_s", "within_60_s", "within_300_s"),
    *("never_reached", "promised", "promise_kept", "attempts", "answered", "silent", "came_back", "refused", "open"),
    "codes",
)


def callbacks_csv(label: str, rows: Iterable[CallbackFigures]) -> str:
    """A line per queue; shares from 0 to 1."""
    return to_csv(
        CALLBACK_HEADER,
        (
            (
                *(label, row.queue, row.base, row.reached, row.quantile_s(0.5), row.quantile_s(0.9)),
                *(row.within(limit) for limit in LIMITS_S),
                *(row.never_reached, row.promised, row.promise_kept, row.attempts, row.answered, row.silent),
                *(row.ends.get(end, 0) for end in ("customer_came_back", "refused", "")),
                codes_text(row.codes),
            )
            for row in rows
        ),
    )
