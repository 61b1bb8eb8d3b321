"""Reads files of calls, whatever wrote them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from pbx.twin.found import Reading
from pbx.twin.freeswitch import is_freeswitch, read_freeswitch
from pbx.twin.opening import SAMPLE, Progress, encoding_of, head_of, lines, windows
from pbx.twin.past import is_database, read_database
from pbx.twin.queue_log import Step, exported, is_queue_log, read_steps, steps
from pbx.twin.record import TwinError
from pbx.twin.rows import Lines, Row, csv_rows
from pbx.twin.table import Source, read_table
from pbx.twin.workbook import Workbook, is_zip

HTML = ("<html", "<!doctype html", "<table")


def silent(_bytes: int) -> None:
    """Nobody wants to know how far it is."""


def read_file(path: Path, source: Source, progress: Progress = silent) -> Reading:
    """The calls of a file. Raises TwinError, which names the file and the remedy."""
    ((_, found),) = read_all([path], source, progress)
    return found


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Folders as the files in them, by name; hidden ones are left out. TwinError for an empty folder."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
        if not inside:
            raise TwinError(f"{path} has no file: name the folder in which the records lie")
        found += inside
    return found


def read_all(paths: Sequence[Path], source: Source, progress: Progress = silent) -> list[tuple[str, Reading]]:
    """(name, what was read) of files and folders; files of one form and the same columns in one, and all queue_logs
    in one. TwinError."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[list[Path], Reading]] = {}
    logs: list[Path] = []
    for path in files_of(paths):
        try:
            reading = _read(path, source, progress)
        except TwinError as error:
            raise TwinError(f"{path}: {error}") from None
        if reading is None:
            logs.append(path)
            continue
        key = reading.form, tuple(sorted(reading.mapping.items()))
        if key in found:
            found[key][0].append(path)
            found[key][1].take_in(reading)
        else:
            found[key] = [path], reading
    told = list(found.values())
    if logs:
        told.append((logs, _read_logs(logs, source, progress)))
    return [(some[0].name if len(some) == 1 else f"{len(some):,} files", reading) for some, reading in told]


def _read(path: Path, source: Source, progress: Progress) -> Reading | None:
    """None for a queue_log, which is read with the others."""
    if is_database(path):
        return _own(path)
    head = head_of(path)
    if is_zip(head):
        book = Workbook(path)
        reading = read_table(book.rows, source)
        reading.form = f"Excel workbook ({reading.form})" if reading.form != "CSV" else "Excel workbook"
        return reading
    encoding = encoding_of(path, source.country)
    text = head.decode(encoding, errors="replace")
    if text.lstrip()[:20].casefold().startswith(HTML):
        raise TwinError("it is a web page, whatever its name says: open it in a spreadsheet and save it as CSV")
    if is_queue_log(text) and not source.columns:
        return None
    return _of_lines(text, lambda: lines(path, encoding, progress), source)


def read_text(text: str, source: Source) -> Reading:
    """The same of a text."""

    def opened() -> Iterator[str]:
        return iter(StringIO(text, newline=""))

    if is_queue_log(text) and not source.columns:
        reading = Reading("Asterisk queue_log")
        return read_steps([steps(opened(), source.zone, reading)], source.country, reading)
    return _of_lines(text[:SAMPLE], opened, source)


def _of_lines(head: str, opened: Lines, source: Source) -> Reading:
    if is_freeswitch(head):
        return read_freeswitch(opened(), source.country)
    rows = csv_rows(opened)
    log = _exported_log(rows(), source)
    return log if log is not None else read_table(rows, source)


def _exported_log(rows: Iterator[Row], source: Source) -> Reading | None:
    """Of a queue_log that was exported with headings; None for another table."""
    _, headings = next(rows, (0, []))
    columns = exported(headings)
    if columns is None:
        return None
    reading = Reading("Asterisk queue_log (exported)")
    reading.mapping = dict(zip(("at", "id", "queue", "agent", "event"), (headings[n] for n in columns), strict=False))
    told = ("|".join(cells[n] if n < len(cells) else "" for n in columns) for _, cells in rows)
    # An export need not be in order of time.
    ordered = sorted(steps(told, source.zone, reading), key=lambda step: step[0])
    return read_steps([iter(ordered)], source.country, reading)


def _read_logs(paths: Sequence[Path], source: Source, progress: Progress) -> Reading:
    reading = Reading("Asterisk queue_log")

    def opened(path: Path) -> Iterator[Step]:
        return steps(lines(path, "utf-8", progress), source.zone, reading)

    try:
        return read_steps([opened(path) for path in paths], source.country, reading)
    except TwinError as error:
        raise TwinError(f"{', '.join(path.name for path in paths)}: {error}") from None


def _own(path: Path) -> Reading:
    """The calls of a database of ours, which may be in use."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(f"file:{path}?mode=ro", uri=True))
    try:
        with engine.connect() as connection:
            return read_database(path, connection)
    except SQLAlchemyError as error:
        text = f"it is no database of Centrala, or of another version: {error.__cause__ or error}"
        export = "the calls of another system are read as CSV: sqlite3 -header -csv FILE 'SELECT * FROM cdr' > cdr.csv"
        raise TwinError(f"{text}; {export}") from None
    finally:
        engine.dispose()


def decoded(data: bytes, country: str) -> str:
    """A text of bytes that are no UTF-8."""
    return data.decode(windows(data, country), errors="replace")
