"""Reports as tables for the terminal. Imports rich: for the command line, never for the serving process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pbx.reporting.export import plain
from pbx.reporting.figures import QueueFigures, Report
from pbx.reporting.intervals import local
from pbx.reporting.service_level import BESIDE, DEFAULT, TEXT
from pbx.store.records import Cdr

NONE = "–"


def percent(value: float | None) -> str:
    """A share from 0 to 1 as a percentage with one decimal."""
    return NONE if value is None else f"{value * 100:.1f} %"


def duration(value: float | None) -> str:
    """Seconds as "9.4 s" or, from a minute on, as "3:07" or "1:02:03"."""
    if value is None:
        return NONE
    if value < 59.95:
        return f"{value:.1f} s"
    whole = round(value)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def queues_table(report: Report) -> Table:
    """A line per queue and one for all of them; the formula of each service level stands below."""
    table = _table(
        f"Queues, {report.interval.label}",
        ("Queue",),
        ("Offered", "Answered", "Abandoned", "Short", "Flow-out", *_service_levels(), "ASA", "Longest", "To abandon"),
        ("AR", "AR adj.", "AHT", "Talk"),
    )
    rows = list(report.queues)
    if len(rows) > 1:
        rows.append(report.total)
    for queue in rows:
        table.add_row(Text(plain(queue.queue)), *_queue_cells(queue))
    table.caption = _caption(rows)
    return table


def hours_table(reports: Sequence[Report], queue: str = "") -> Table:
    """A line per interval with a call in it, for one queue or (with "") all of them together."""
    table = _table(
        f"Queue {escape(plain(queue))}" if queue else "All queues",
        ("From",),
        ("Offered", "Answered", "Abandoned", "Short", "Flow-out", *_service_levels(), "ASA", "Longest", "To abandon"),
        ("AR", "AR adj.", "AHT", "Talk"),
    )
    shown = []
    for report in reports:
        figures = next((found for found in report.queues if found.queue == queue), None) if queue else report.total
        if figures is not None and figures.offered:
            table.add_row(report.interval.label, *_queue_cells(figures))
            shown.append(figures)
    table.caption = _caption(shown)
    return table


def trunks_table(report: Report) -> Table:
    """A line per trunk that was seized."""
    table = _table(
        f"Trunks, {report.interval.label}",
        ("Trunk",),
        ("Seizures", "Answered", "Busy", "No answer", "Rejected", "Failed", "ASR", "NER"),
        ("Average call duration", "PDD", "Longest PDD"),
    )
    for trunk in report.trunks:
        counts = (trunk.seizures, trunk.answered, trunk.busy, trunk.no_answer, trunk.rejected, trunk.failed)
        table.add_row(
            Text(plain(trunk.trunk)),
            *map(str, counts),
            percent(trunk.asr),
            percent(trunk.ner),
            duration(trunk.average_call_duration_s),
            duration(trunk.pdd_s),
            duration(trunk.pdd_max_s),
        )
    return table


def calls_table(report: Report) -> Table:
    """All calls in one line."""
    calls = report.calls
    table = _table(
        f"Calls, {report.interval.label}",
        (),
        ("Calls", "Answered", "Answer rate", "Interrupted"),
        ("Average call duration", "Average set-up", "Longest set-up"),
    )
    table.add_row(
        str(calls.calls),
        str(calls.answered),
        percent(calls.answer_rate),
        str(calls.interrupted),
        duration(calls.average_call_duration_s),
        duration(calls.setup_s),
        duration(calls.setup_max_s),
    )
    return table


def cdrs_table(records: Iterable[Cdr], zone: ZoneInfo) -> Table:
    """A line per call; start in local time."""
    table = _table("Calls", ("Start", "Caller", "Called", "To", "Queue", "Agent"), ("Wait", "Talk", "Length"), ())
    table.add_column("End")
    for record in records:
        names = (record.caller, record.callee, record.application, record.queue, record.agent)
        table.add_row(
            f"{local(record.started_us, zone):%Y-%m-%d %H:%M:%S}",
            *(Text(plain(name)) for name in names),
            duration(record.wait_s),
            duration(record.talk_s),
            duration(record.duration_s),
            Text(plain(f"{record.cause} ({record.ended_by})")),
        )
    return table


def _queue_cells(queue: QueueFigures) -> list[str]:
    counts = (queue.offered, queue.answered, queue.abandoned, queue.counts.abandoned_short, queue.flowed_out)
    return [
        *map(str, counts),
        percent(queue.service_level(DEFAULT)),
        percent(queue.service_level(BESIDE)),
        duration(queue.asa_s),
        duration(queue.longest_wait_s),
        duration(queue.time_to_abandon_s),
        percent(queue.abandonment_rate),
        percent(queue.adjusted_abandonment_rate),
        duration(queue.aht_s),
        duration(queue.average_talk_s),
    ]


def _service_levels() -> tuple[str, str]:
    return (DEFAULT.value, BESIDE.value)


def _caption(rows: Sequence[QueueFigures]) -> str:
    limits = {(row.threshold_s, row.short_s) for row in rows}
    given = "T and S as set for each queue"
    if len(limits) == 1:
        threshold, short = limits.pop()
        given = f"T = {threshold:g} s, S = {short:g} s"
    return (
        f"{DEFAULT.value} = {TEXT[DEFAULT]}; {BESIDE.value} = {TEXT[BESIDE]}; {given}; calls count once they have ended"
    )


def _table(title: str, names: Sequence[str], counts: Sequence[str], durations: Sequence[str]) -> Table:
    table = Table(title=title)
    for name in names:
        table.add_column(name, overflow="fold")
    for name in (*counts, *durations):
        table.add_column(name, justify="right")
    return table
