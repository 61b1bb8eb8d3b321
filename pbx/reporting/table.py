"""Reports as tables for the terminal. Imports rich: for the command line, never for the serving process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pbx.reporting.callbacks import LIMITS_S, CallbackFigures, total
from pbx.reporting.codes import codes_text
from pbx.reporting.csv_text import plain
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


def queues_table(report: Report) -> RenderableType:
    """A line per queue and one for all of them: what became of callers, and below how long it took."""
    rows = [(Text(plain(queue.queue)), queue) for queue in report.queues]
    if len(rows) > 1:
        rows.append((Text("all"), report.total))
    return _queue_tables(f"Queues, {report.interval.label}", "Queue", rows)


def hours_table(reports: Sequence[Report], queue: str = "") -> RenderableType:
    """A line per interval with a call in it, for one queue or (with "") all of them together."""
    rows = []
    for report in reports:
        figures = next((found for found in report.queues if found.queue == queue), None) if queue else report.total
        if figures is not None and figures.offered:
            rows.append((Text(report.interval.label), figures))
    return _queue_tables(f"Queue {plain(queue)}" if queue else "All queues", "From", rows)


def _queue_tables(title: str, first: str, rows: Sequence[tuple[Text, QueueFigures]]) -> RenderableType:
    """Two narrow tables, because one with all figures is wider than a terminal; the formulas stand below."""
    calls = _table(title, (first,), ("Offered", "An-\nswered", "Aban-\ndoned", "Short\naban.", "Flow-\nout"))
    for name in (DEFAULT.value, BESIDE.value, "AR", "AR\nadj."):
        calls.add_column(name, justify="right", no_wrap=True)
    times = _table(
        "", (first,), ("ASA", "Longest\nwait", "To\nabandon", "AHT", "Talk", "Hold", "Wrap-up", "Offers\nmissed")
    )
    for label, queue in rows:
        calls.add_row(label, *_call_cells(queue))
        times.add_row(label, *_time_cells(queue))
    return Group(calls, times, Text(_notes([queue for _, queue in rows]), style="dim"))


def trunks_table(report: Report) -> Table:
    """A line per trunk that was seized."""
    table = _table(
        f"Trunks, {report.interval.label}",
        ("Trunk",),
        ("Sei-\nzures", "An-\nswered", "Busy", "No\nanswer", "Re-\njected", "Failed", "ASR", "NER", "Average\ncall"),
    )
    for name in ("PDD", "Longest\nPDD", "Cost"):
        table.add_column(name, justify="right", no_wrap=True)
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
            f"{trunk.cost:.2f}",
        )
    return table


def calls_table(report: Report) -> Table:
    """All calls in one line."""
    calls = report.calls
    names = (
        "Calls",
        "Answered",
        "Answer\nrate",
        "Inter-\nrupted",
        "Average\ncall",
        "Average\nset-up",
        "Longest\nset-up",
    )
    table = _table(f"Calls, {report.interval.label}", (), names)
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
    """A line per call; start in local time, "To" is its last queue, else the application it was routed to."""
    table = _table("Calls", (), ("Start",))
    for name in ("Caller", "Called", "To", "Agent"):
        table.add_column(name, overflow="fold")
    for name in ("Wait", "Talk", "Length"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("End", overflow="fold")
    for record in records:
        names = (record.caller, record.callee, record.queue or record.application, record.agent)
        table.add_row(
            f"{local(record.started_us, zone):%m-%d %H:%M:%S}",
            *(Text(plain(name)) for name in names),
            duration(record.wait_s),
            duration(record.talk_s),
            duration(record.duration_s),
            Text(plain(f"{record.cause}, {record.ended_by}")),
        )
    return table


def _call_cells(queue: QueueFigures) -> list[str]:
    counts = (queue.offered, queue.answered, queue.abandoned, queue.counts.abandoned_short, queue.flowed_out)
    return [
        *map(str, counts),
        percent(queue.service_level(DEFAULT)),
        percent(queue.service_level(BESIDE)),
        percent(queue.abandonment_rate),
        percent(queue.adjusted_abandonment_rate),
    ]


def _time_cells(queue: QueueFigures) -> list[str]:
    return [
        duration(queue.asa_s),
        duration(queue.longest_wait_s),
        duration(queue.time_to_abandon_s),
        duration(queue.aht_s),
        duration(queue.average_talk_s),
        duration(queue.average_hold_s),
        duration(queue.average_wrapup_s),
        percent(queue.missed_offer_rate),
    ]


def _notes(rows: Sequence[QueueFigures]) -> str:
    limits = {(row.threshold_s, row.short_s) for row in rows}
    given = "T and S as set for each queue"
    if len(limits) == 1:
        threshold, short = limits.pop()
        given = f"T = {threshold:g} s, S = {short:g} s"
    lines = [f"{formula.value} = {TEXT[formula]}" for formula in (DEFAULT, BESIDE)]
    flows: Counter[str] = Counter()
    for row in [row for row in rows if row.queue != "all"] or rows:
        flows.update(row.flows)
    if flows:
        lines.append("Flow-out: " + ", ".join(f"{plain(reason)} {count}" for reason, count in flows.most_common()))
    lines.append(f"{given}. Talk, hold and wrap-up are averages of answered calls. Calls count once they have ended.")
    return "\n".join(lines)


def _table(title: str, names: Sequence[str], figures: Sequence[str]) -> Table:
    table = Table(
        title=escape(title) or None,
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1),
        collapse_padding=True,
    )
    for name in names:
        table.add_column(name, overflow="fold")
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def callbacks_table(label: str, rows: Sequence[CallbackFigures]) -> RenderableType:
    """A line per queue and one for all: how fast customers were reached, and how many never."""
    speed = _table(f"Callbacks, {label}", ("Queue",), ("Asked", "Reached"))
    for name in ("P50", "P90", "<=28 s", "<=60 s", "<=5 min", "Never"):
        speed.add_column(name, justify="right", no_wrap=True)
    other = _table(
        "", ("Queue",), ("Promises\nkept", "Tries", "An-\nswered", "Silent", "Came\nback", "Re-\nfused", "Open")
    )
    shown = [*rows, total(rows)] if len(rows) > 1 else list(rows)
    for row in shown:
        title = Text(plain(row.queue))
        cells = (duration(row.quantile_s(0.5)), duration(row.quantile_s(0.9)))
        shares = (percent(row.within(limit)) for limit in LIMITS_S)
        speed.add_row(title, str(row.base), str(row.reached), *cells, *shares, percent(row.never_reached))
        other.add_row(
            title,
            percent(row.service_level),
            str(row.attempts),
            str(row.answered),
            percent(row.silent_share),
            *(str(row.ends.get(end, 0)) for end in ("customer_came_back", "refused", "")),
        )
    note = (
        "Speed-to-lead: request, or the hour that was chosen, to customer and agent hearing each other. Asked: without "
        "requests that were merged, taken back, or whose customer rang himself. Silent: answered, and no agent came."
    )
    given = [f"{plain(row.queue)}: {codes_text(row.codes)}" for row in rows if row.codes]
    codes = [Text(f"Codes of wrap-up: {'; '.join(given)}")] if given else []
    return Group(speed, other, *codes, Text(note, style="dim"))
