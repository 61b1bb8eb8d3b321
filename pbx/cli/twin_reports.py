"""What `centrala twin` prints; imported when it is asked for."""

from __future__ import annotations

import sys
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pbx.cli.console import err, fail, out, show
from pbx.reporting.sheet_table import sheet_table
from pbx.staffing.requirement import Target
from pbx.twin.cleaning import Cleaned, clean
from pbx.twin.fitting import fit
from pbx.twin.reading import Source, read_file
from pbx.twin.record import Reading, TwinError
from pbx.twin.sheets import Wanted, summary, week_sheet
from pbx.twin.values import telephone


@dataclass(slots=True)
class Asked:
    """What the command was given."""

    files: Sequence[Path]
    zone: str
    country: str
    columns: Sequence[str]
    own: Sequence[str]
    tests: Sequence[str]

    def source(self) -> Source:
        try:
            zone = zoneinfo.ZoneInfo(self.zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            fail(f"{self.zone!r} is no time zone; write one like Europe/Warsaw", 2)
        columns = {}
        for text in self.columns:
            meaning, equals, heading = text.partition("=")
            if not equals:
                fail(f"{text!r} names no column; write --column at=Start", 2)
            columns[meaning.strip()] = heading.strip()
        return Source(zone, self.country.upper(), columns, tuple(self.own))


def read_report(asked: Asked, target: tuple[float, float, float], times: tuple[float, float, float], form: str) -> None:
    """Reads, cleans, fits and prints; a table of the needs is what CSV and JSON hold."""
    source = asked.source()
    readings = []
    for path in asked.files:
        try:
            readings.append((path, read_file(path, source)))
        except TwinError as error:
            fail(error)
    cleaned = clean(
        (record for _, reading in readings for record in reading.records),
        {telephone(number, source.country) for number in asked.tests},
    )
    if form == "table":
        for path, reading in readings:
            _show_reading(path, reading)
        _show_cleaned(cleaned)
    try:
        found = fit(cleaned, source.zone)
        sheet = week_sheet(found, Wanted(Target(*target), *times))
    except ValueError as error:
        fail(error)
    if form == "table":
        show("The calls", ["what", "figure"], [list(line) for line in summary(found)], "")
        out.print(sheet_table(sheet))
    else:
        sys.stdout.write(sheet.csv() if form == "csv" else sheet.json() + "\n")


def _show_reading(path: Path, reading: Reading) -> None:
    show(
        f"{path.name}: {reading.form}, {len(reading.records):,} lines of calls",
        ["meaning", "column"],
        [[meaning, column] for meaning, column in reading.mapping.items()],
        f"{path.name}: {reading.form}, {len(reading.records):,} calls",
    )
    for reason, count in reading.skipped.most_common():
        err.print(f"{count:,} lines left out: {reason} ({reading.examples[reason]})", markup=False, highlight=False)


def _show_cleaned(cleaned: Cleaned) -> None:
    rows: list[list[object]] = [[reason, f"{count:,}"] for reason, count in cleaned.removed.most_common()]
    show("Taken out or put together", ["why", "lines"], rows, "Every line is a call of its own.")
