"""Reads a file of calls, whatever wrote it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from pbx.twin.freeswitch import is_freeswitch, read_freeswitch
from pbx.twin.past import is_database, read_database
from pbx.twin.queue_log import is_queue_log, read_queue_log
from pbx.twin.record import Reading, TwinError
from pbx.twin.table import read_table

MOST_BYTES = 1 << 30
ENCODINGS = ("utf-8-sig", "cp1250", "cp1251")
CYRILLIC = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")


@dataclass(slots=True)
class Source:
    """How files are to be read: the wall clock's zone, the country of numbers without a prefix, columns by name."""

    zone: ZoneInfo
    country: str = "PL"
    columns: Mapping[str, str] = field(default_factory=dict)
    own: Sequence[str] = ()  # beginnings of our own numbers, E.164


def read_file(path: Path, source: Source) -> Reading:
    """The calls of a file. Raises TwinError, which names the file and the remedy."""
    if is_database(path):
        return _own(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TwinError("it has over 1 GiB: split it by months")
        text = decoded(path.read_bytes(), source.country)
    except OSError as error:
        raise TwinError(f"{path}: {error.strerror}") from None
    except TwinError as error:
        raise TwinError(f"{path}: {error}") from None
    try:
        return read_text(text, source)
    except TwinError as error:
        raise TwinError(f"{path}: {error}") from None


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


def read_all(paths: Sequence[Path], source: Source) -> list[tuple[str, Reading]]:
    """(name, what was read) of files and folders; files of one form and the same columns in one. TwinError."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[list[Path], Reading]] = {}
    for path in files_of(paths):
        reading = read_file(path, source)
        key = reading.form, tuple(sorted(reading.mapping.items()))
        if key in found:
            found[key][0].append(path)
            found[key][1].take_in(reading)
        else:
            found[key] = [path], reading
    return [(some[0].name if len(some) == 1 else f"{len(some):,} files", reading) for some, reading in found.values()]


def _own(path: Path) -> Reading:
    """The calls of a database of ours, which may be in use."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(f"file:{path}?mode=ro", uri=True))
    try:
        with engine.connect() as connection:
            return read_database(path, connection)
    except SQLAlchemyError as error:
        text = f"{path} is no database of Centrala, or of another version: {error.__cause__ or error}"
        raise TwinError(text) from None
    finally:
        engine.dispose()


def read_text(text: str, source: Source) -> Reading:
    """The same of a text."""
    if is_freeswitch(text):
        return read_freeswitch(text, source.country)
    if is_queue_log(text) and not source.columns:
        return read_queue_log(text, source.country, source.zone)
    return read_table(text, source.zone, source.country, source.columns, source.own)


def decoded(data: bytes, country: str) -> str:
    """UTF-8 (with or without a mark), UTF-16 with one, or what Windows writes in Polish and Russian."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if b"\0" in data[:4000]:
        raise TwinError("it is no text: export it as CSV (a spreadsheet's own format cannot be read)")
    russian = data.decode("cp1251", errors="replace")
    letters = sum(mark in CYRILLIC for mark in russian[:20_000].lower())
    words = sum(len(word) > 3 and set(word) <= CYRILLIC for word in russian[:20_000].lower().split())
    if country in ("RU", "BY", "KZ", "UA") or (letters and words > 3):
        return russian
    return data.decode("cp1250", errors="replace")
