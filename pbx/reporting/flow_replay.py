"""Replays of a day's calls from the database: for the command line, and for the running PBX in a process of its own."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pbx.flow.rehearsal.material import of_document
from pbx.flow.replay.job import replay_calls
from pbx.reporting.intervals import day
from pbx.store.database import database_url, reader_engine
from pbx.store.flow_steps import calls_through
from pbx.store.journey import read_events

if TYPE_CHECKING:
    from pbx.config import Config


def replay_day(config: Config, document: str, when: date) -> dict[str, Any]:
    """The calls that were in the flow of `document` (JSON) on a day, led through it. ConfigError for a document with
    faults, StoreError without a database."""
    span = day(when, ZoneInfo(config.server.timezone))
    draft, flows = of_document(document, config)
    engine = reader_engine(database_url(config))
    try:
        with engine.connect() as connection:
            calls = calls_through(connection, draft.name, span.start_us, span.end_us)
            found = replay_calls(draft, flows, config, calls, lambda call_id: read_events(connection, call_id))
    finally:
        engine.dispose()
    return {"date": when.isoformat(), **found}
