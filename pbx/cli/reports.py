"""`centrala report`: the database read, never written, as a table or as CSV."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from pbx.call.hours import OpeningHours
from pbx.cli.console import err, fail, out, show, show_sheet
from pbx.cli.effective import effective_config
from pbx.cli.page_begun import page_begun
from pbx.reporting import csv_text, export, table
from pbx.reporting.behind import Selector
from pbx.reporting.intervals import Interval, day, days, hours, period
from pbx.reporting.jobs import Where
from pbx.reporting.page.texts import TEXTS
from pbx.reporting.per.one import one_of
from pbx.reporting.recovery import Recovery
from pbx.reporting.registry import KINDS, LANGUAGES, step_of
from pbx.reporting.reporter import Reporter
from pbx.reporting.request import BadRequest
from pbx.reporting.sheet import Sheet
from pbx.reporting.sheet_table import sheet_table
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.config import Config, Language

MAX_RECORDS = 100_000


@contextmanager
def _reporter(config: Config) -> Iterator[Reporter]:
    try:
        reporter = Reporter.open(config)
    except StoreError as error:
        fail(error)
    with reporter:
        if note := reporter.demo():
            err.print(Text(note, style="yellow"))
        yield reporter


def _day(reporter: Reporter, text: str) -> date:
    if not text:
        return reporter.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no date; write --date 2026-11-21")


def day_report(config: Config, when: str, form: str) -> None:
    """Calls, queues and trunks of a day."""
    with _reporter(config) as reporter:
        found = reporter.day(_day(reporter, when))
        if form == "json":
            sys.stdout.write(export.reports_json([found]))
            return
        if form == "csv":
            sys.stdout.write(export.queues_csv([found]) + "\r\n" + export.trunks_csv([found]))
            return
        out.print(table.calls_table(found))
        out.print(table.queues_table(found))
        if found.trunks:
            out.print(table.trunks_table(found))


def hour_report(config: Config, when: str, form: str, queue: str) -> None:
    """Queue figures of each hour of a day."""
    with _reporter(config) as reporter:
        found = reporter.hours(_day(reporter, when))
        if form == "json":
            sys.stdout.write(export.reports_json(found))
        elif form == "csv":
            sys.stdout.write(export.queues_csv(found))
        else:
            out.print(table.hours_table(found, queue))


def queue_report(config: Config, when: str, form: str) -> None:
    """Figures of each queue of a day."""
    with _reporter(config) as reporter:
        found = reporter.day(_day(reporter, when))
        if form == "json":
            sys.stdout.write(export.reports_json([found]))
        elif form == "csv":
            sys.stdout.write(export.queues_csv([found]))
        else:
            out.print(table.queues_table(found))


def call_report(config: Config, when: str, as_csv: bool) -> None:
    """Call records of a day."""
    with _reporter(config) as reporter:
        records = reporter.cdrs(day(_day(reporter, when), reporter.zone), limit=MAX_RECORDS)
        if as_csv:
            sys.stdout.write(export.cdrs_csv(records, reporter.zone))
        else:
            out.print(table.cdrs_table(records, reporter.zone))


def callback_report(config: Config, when: str, as_csv: bool) -> None:
    """Callbacks of a day."""
    with _reporter(config) as reporter:
        date_ = _day(reporter, when)
        found = reporter.callbacks(date_)
        if as_csv:
            sys.stdout.write(export.callbacks_csv(date_.isoformat(), found))
        else:
            out.print(table.callbacks_table(date_.isoformat(), found))


def page_report(path: Path, when: str, count: int, language: str, to: Path) -> None:
    """The HTML page of some days. It is begun to be read while the configuration at `path` is checked."""
    with page_begun(path, when, count) as begun:
        config = effective_config(path)
        wanted = language or config.server.language
        if wanted not in TEXTS:
            fail(f"there is no page in {wanted!r}: write --language pl, ru or en", 2)
        hours = [OpeningHours.of(entry, config.server.timezone) for entry in config.hours]
        where = Where.of(config)
        with _reporter(config) as reporter:
            interval = days(_day(reporter, when), count, reporter.zone)
            text = reporter.page(interval, wanted, hours, where.money, where.teams, begun)
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{to} cannot be written: {error.strerror}")
    out.print(f"{to}: {len(text) / 1000:.0f} kB")


def missed_report(config: Config, when: str, as_csv: bool) -> None:
    """The contacts that were missed on a day, and how they ended."""
    with _reporter(config) as reporter:
        interval = day(_day(reporter, when), reporter.zone)
        found = reporter.recovery(interval)
        if as_csv:
            sys.stdout.write(csv_text.to_csv(RECOVERY_HEADER, (_recovery_cells(line) for line in found)))
            return
        rows: list[list[object]] = []
        for line in found:
            name, *figures, _rate = _recovery_cells(line)
            rows.append([name or "-", *figures, table.percent(line.rate)])
        columns = ["queue", "contacts", "no cust.", "customers", "reached", "came back", "open", "lost", "served"]
        show(f"Missed, {interval.label}", columns, rows, "nobody was missed")
        out.print(RECOVERY_NOTES, markup=False)


RECOVERY_NOTES = (
    "Served = customers whose contacts all ended in a talk, in either direction / customers. Test calls and short\n"
    "abandons are no customers; withheld numbers cannot be served. Of all calls of a queue, from the journey: report\n"
    "customers."
)
RECOVERY_HEADER = (
    "queue",
    "contacts",
    "not_customers",
    "customers",
    "reached",
    "came_back",
    "open",
    "lost",
    "served_rate",
)


def _recovery_cells(line: Recovery) -> list[csv_text.Cell]:
    rate = None if line.rate is None else round(line.rate, 4)
    return [
        line.queue,
        line.contacts,
        line.not_customers,
        line.customers,
        line.reached,
        line.came_back,
        line.open,
        line.lost,
        rate,
    ]


def sheet_report(config: Config, what: str, when: str, count: int, form: str) -> None:
    """One of the reports that are sheets ("promises", "patience", "customers"), of `count` days."""
    with _reporter(config) as reporter:
        interval = days(_day(reporter, when), count, reporter.zone)
        made = getattr(reporter, what, None)
        if made is not None:
            _print(made(interval), form)
            return
        from pbx.reporting.registry import sheets

        request = Where.of(config).request(interval, "en", {})
        with reporter.connection() as connection:
            for sheet in sheets(connection, what, request):
                _print(sheet, form)


def _period(reporter: Reporter, asked: tuple[str, str]) -> Interval:
    since, until = (text or reporter.today().isoformat() for text in asked)
    try:
        return period(since, until, reporter.zone)
    except ValueError as error:
        fail(error, 2)


def behind_report(
    config: Config,
    figure: str,
    asked: tuple[str, str],
    only: list[str],
    pages: tuple[int, str],
    form: str,
    one: tuple[str, str] = ("", ""),
) -> None:
    """The calls that a figure is made of; `pages`: how many rows, and after which cursor; `one`: per what, and which
    interval.
    """
    limit, cursor = pages
    with _reporter(config) as reporter:
        request = Where.of(config).request(_period(reporter, asked), "en", {})
        try:
            period, fold = one_of(request.period, *one, request.zone, request.now_us)
            selector = Selector(figure, period, filters_of(only), fold)
            found = reporter.behind(selector, request, limit, cursor)
        except BadRequest as error:
            fail(error, 2)
        _print(found.sheet(f"{figure}, {selector.period.label}"), form)


def filters_of(only: list[str]) -> dict[str, str]:
    """ "queue=sales" and so on."""
    for text in only:
        if "=" not in text:
            fail(f"--filter {text!r} says no value: write it as queue=sales", 2)
    return dict(text.partition("=")[::2] for text in only)


def any_report(
    config: Config, name: str, asked: tuple[str, str], only: list[str], language: str, form: str, per: str = ""
) -> None:
    """A report of the registry, or the list of them."""
    wanted = language or config.server.language
    if wanted not in LANGUAGES:
        fail(f"there are no reports in {wanted!r}: write --language pl, ru or en", 2)
    if not name:
        rows: list[list[object]] = [
            [kind.name, kind.title(wanted), ", ".join(one.name for one in kind.parameters)] for kind in KINDS
        ]
        show("Reports", ["name", "title", "filters"], rows, "")
        return
    filters = filters_of(only)
    with _reporter(config) as reporter:
        try:
            request = Where.of(config).request(_period(reporter, asked), wanted, filters, step_of(name, per))
            for sheet in reporter.sheets(name, request):
                _print(sheet, form, wanted)
        except BadRequest as error:
            fail(error, 2)


def agent_report(config: Config, when: str, by_hour: bool, form: str) -> None:
    """What agents did in a day, or in each of its hours."""
    with _reporter(config) as reporter:
        date_ = _day(reporter, when)
        _print(reporter.agents(hours(date_, reporter.zone) if by_hour else [day(date_, reporter.zone)]), form)


def _print(sheet: Sheet, form: str, language: Language = "en") -> None:
    if form == "csv":
        sys.stdout.write(sheet.csv())
    elif form == "json":
        sys.stdout.write(sheet.json() + "\n")
    else:
        show_sheet(sheet_table(sheet, language))
