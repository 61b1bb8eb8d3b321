"""Puts the second part of the made-up year into the database of the first."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from pbx.demodata.part import Part
from pbx.store import schema
from pbx.store.encode import from_json, json_text, micros
from pbx.store.intervals.bins import BIN_US, begin
from pbx.store.intervals.settling import settle

COUNTED = ("journey", "agent_log")  # each part counts its rows from one
BORDER_BINS = 8  # a call of the day before may end in the first quarters of the part


def take_in(connection: Connection, draft: Path, part: Part) -> None:
    """`draft` holds the days of `part`, with the same tables."""
    connection.exec_driver_sql("ATTACH DATABASE ? AS taken", (str(draft),))
    connection.rollback()
    with connection.begin():
        steps = _offset(connection, "journey")
        for table in schema.metadata.sorted_tables:
            if table is not schema.meta:
                _copy(connection, table.name, [column.name for column in table.columns])
        _note(connection, steps)
        midnight = datetime.combine(
            part.year.first + timedelta(days=part.first), time(), ZoneInfo(part.year.agency.zone)
        )
        border = begin(micros(midnight.timestamp()))
        settle(connection, (border, border + BORDER_BINS * BIN_US))
    connection.exec_driver_sql("DETACH DATABASE taken")


def _offset(connection: Connection, table: str) -> int:
    seq = schema.metadata.tables[table].c.seq
    return int(connection.execute(select(func.max(seq))).scalar() or 0)


def _copy(connection: Connection, table: str, columns: list[str]) -> None:
    values = list(columns)
    if table in COUNTED:
        values[columns.index("seq")] = f"seq + {_offset(connection, table)}"
    # What both have is an agent's last state, which is the later one's, and sums of the border, which are made anew.
    connection.exec_driver_sql(
        f"INSERT OR REPLACE INTO main.{table} ({', '.join(columns)}) "  # noqa: S608 - names come from the schema
        f"SELECT {', '.join(values)} FROM taken.{table}"
    )


def _note(connection: Connection, steps: int) -> None:
    """The later part's checkpoint is that of both: nothing is open, and its steps are counted on."""
    key = schema.META_CHECKPOINT
    found = connection.exec_driver_sql("SELECT value FROM taken.meta WHERE key = ?", (key,)).scalar()
    note = from_json(str(found))
    value = json_text({**note, "next": note["next"] + steps})
    meta = schema.meta
    connection.execute(meta.update().where(meta.c.key == key).values(value=value))
