"""What `centrala reconcile` and `centrala ledger conversions` read from the database and print."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfo

from pbx.cli.console import fail, out, show_sheet
from pbx.config import Config, Language
from pbx.ledger.reconcile.records import System
from pbx.ledger.terms import Terms
from pbx.reporting.intervals import Interval, period
from pbx.reporting.jobs import Where
from pbx.reporting.money.compare import Given
from pbx.reporting.money.conversions import ConversionsJob
from pbx.reporting.money.reconciliation import ReconcileJob, differences_sheet, page, steps_sheet
from pbx.reporting.registry import LANGUAGES, sheets
from pbx.reporting.request import BadRequest
from pbx.reporting.sheet_table import sheet_table
from pbx.reporting.words import translate
from pbx.store.database import database_url, reader_engine
from pbx.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Compared:
    """What is to be compared: `files` (text, name), `zones` and `columns` ("ga.call_id") by system."""

    since: str
    until: str
    files: dict[str, tuple[str, str]]
    zones: dict[str, str]
    columns: dict[str, str]
    page: Path | None
    language: str

    def given(self) -> dict[System, Given]:
        names = [system.value for system in System if system is not System.PBX]
        for name in (*self.zones, *(key.partition(".")[0] for key in self.columns)):
            if name not in names:
                fail(f"{name!r} is no system: {', '.join(names)}")
        found = {}
        for name, (text, file) in self.files.items():
            columns = {key.partition(".")[2]: to for key, to in self.columns.items() if key.startswith(f"{name}.")}
            found[System(name)] = Given(text, file, self.zones.get(name, ""), columns)
        return found


def print_reconciliation(config: Config, asked: Compared, form: str) -> None:
    """Compares, prints, and writes the page where one is wanted."""
    zone = ZoneInfo(config.server.timezone)
    language = cast(Language, asked.language or config.server.language)
    if language not in get_args(Language):
        fail(f"{language!r} is no language: {', '.join(get_args(Language))}")
    interval = _period(asked.since, asked.until, zone)
    job = ReconcileJob(database_url(config), config.server.timezone, Terms.of(config), interval, asked.given())
    try:
        solved = job.solve()
    except (BadRequest, StoreError) as error:
        fail(error)
    except (KeyError, ValueError, OSError) as error:
        reason = error.args[0] if isinstance(error, KeyError) and error.args else error
        fail(f"{reason}; a zone is written --zone ga=Europe/Warsaw")
    if form == "csv":
        sys.stdout.write(differences_sheet(solved, interval.label, zone).csv())
    else:
        sheet = translate(steps_sheet(solved, interval.label, language), "reconciliation", language)
        if form == "json":
            sys.stdout.write(sheet.json() + "\n")
        else:
            show_sheet(sheet_table(sheet))
    if asked.page is not None:
        try:
            asked.page.write_text(page(solved, interval.label, zone, language))
        except OSError as error:
            fail(f"{asked.page} cannot be written: {error.strerror}")
        if form == "table":
            out.print(f"{asked.page} is written", markup=False)


def print_conversions(config: Config, since: str, until: str, form: str, name: str) -> None:
    """The CSV on standard output."""
    interval = _period(since, until, ZoneInfo(config.server.timezone))
    try:
        sys.stdout.write(ConversionsJob(database_url(config), Terms.of(config), interval, form, name).run()["csv"])
    except (BadRequest, StoreError) as error:
        fail(error)


def _period(since: str, until: str, zone: ZoneInfo) -> Interval:
    today = datetime.now(zone).date().isoformat()
    since, until = since or today, until or since or today
    try:
        return period(since, until, zone)
    except ValueError as error:
        fail(error)


def print_figures(config: Config, name: str, asked: tuple[str, str], by: str, language: str, form: str) -> None:
    """A report of the registry on standard output."""
    wanted = language or config.server.language
    if wanted not in LANGUAGES:
        fail(f"there are no figures in {wanted!r}: write --language pl, ru or en", 2)
    where = Where.of(config)
    zone = ZoneInfo(config.server.timezone)
    engine = reader_engine(where.url)
    try:
        with engine.begin() as connection:
            request = where.request(_period(*asked, zone), wanted, {"by": by} if by else {})
            made = sheets(connection, name, request)
    except (BadRequest, StoreError) as error:
        fail(error)
    finally:
        engine.dispose()
    for sheet in made:
        if form == "table":
            show_sheet(sheet_table(sheet))
        else:
            sys.stdout.write(sheet.csv() if form == "csv" else sheet.json() + "\n")
