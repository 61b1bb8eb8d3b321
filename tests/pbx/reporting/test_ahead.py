"""A page of a long period by two processes says what one alone says."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

from pbx.demodata.agency import Agency
from pbx.demodata.build import Year, build

LAST = date(2026, 11, 20)
# In a process of its own: a test's process has threads, and a child is never made beside them.
BOTH = """
import sys
from datetime import date
from zoneinfo import ZoneInfo
from sqlalchemy.engine import URL
from pbx.reporting.intervals import days
from pbx.reporting.page import ahead
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.period import period_page
from pbx.store.database import reader_engine

zone = ZoneInfo("Europe/Warsaw")
period = days(date(2026, 11, 20), 120, zone)
asked = Asked(period, zone, "en", {"hotline": (20.0, 5.0)}, (), period.end_us)
engine = reader_engine(URL.create("sqlite", database=sys.argv[1]))

ahead.os.sched_getaffinity = lambda _: range(2)

with ahead.reading(engine, asked) as (connection, read):
    beside = read._child is not None
    together = period_page(connection, asked, read)
with engine.begin() as connection:
    print(beside, together == period_page(connection, asked), len(together) > 10_000)
"""


def test_two_processes_say_what_one_says(tmp_path: Path) -> None:
    file = tmp_path / "centrala.db"
    build(file, Year(Agency(inbound=1000, outbound=200), last=LAST, days=1, seed=3))

    command = [sys.executable, "-c", BOTH, str(file)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.split()
    assert said == ["True", "True", "True"]
