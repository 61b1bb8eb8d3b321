"""A page of a long period is begun to be read while the configuration is still checked.

What the file says of the database and the time zone is believed until the check is done; the page takes what was begun
only where the checked configuration, with the settings of the database over it, says the same.
"""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from pbx.places import DATA_DIR
from pbx.reporting.intervals import days, local
from pbx.reporting.page.ahead import Begun, Early, begun
from pbx.reporting.page.asked import MOST_DAYS
from pbx.store.database import DATABASE, reader_engine
from pbx.store.errors import StoreError

VARIABLES = ("CENTRALA_SERVER__", "CENTRALA_STORE__")  # which would change what the file says


@contextmanager
def page_begun(path: Path, when: str, count: int) -> Iterator[Begun | None]:
    """None of a short period, and where only a check of the whole can say what to read."""
    with ExitStack() as stack:
        yield _begin(path, when, count, stack) if count > MOST_DAYS else None


def _begin(path: Path, when: str, count: int, stack: ExitStack) -> Begun | None:
    try:
        folder, zone = _told(tomllib.loads(path.read_text(encoding="utf-8")))
        now_us = round(time.time() * 1e6)
        last = date.fromisoformat(when) if when else local(now_us, zone).date()
        early = Early(days(last, count, zone), zone, now_us)
        engine = reader_engine(URL.create("sqlite", database=str(Path(folder) / DATABASE)))
        stack.callback(engine.dispose)
        return stack.enter_context(begun(engine, early))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, StoreError, SQLAlchemyError):
        return None  # the check says what is wrong, if anything is


def _told(values: dict[str, Any]) -> tuple[str, ZoneInfo]:
    """Folder and time zone. Raises ValueError where they may be others, and what else a wrong file leads to."""
    if values.get("store") or any(name.upper().startswith(VARIABLES) for name in os.environ):
        raise ValueError("not in the file alone")
    server = values["server"]
    return server.get("data_dir", DATA_DIR), ZoneInfo(server["timezone"])
