"""Queues and trunks of ten million calls from exported files: `python -m bench.analytics [CALLS]`.

The files are made by DuckDB and look like those of `centrala export parquet`; only the reading is timed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from pbx.reporting.analytics import connect, quoted
from pbx.reporting.analytics.figures import Files
from pbx.reporting.intervals import Interval

MONTHS = 12
MONTH_US = 30 * 86_400_000_000
VISITS = """SELECT printf('%032x', i) AS call_id, 1 AS visit, 'queue' || (i % 8) AS queue, {at} AS joined_us,
 {at} + 60000000 AS ended_us, CASE WHEN i % 7 = 0 THEN 'abandoned' WHEN i % 31 = 0 THEN 'callback' ELSE 'answered' END
 AS outcome, '2' || (i % 40) AS agent, 1 AS position, random() * 90 AS wait_s, random() * 300 AS talk_s,
 random() * 10 AS hold_s, 1 AS offers, 0 AS offers_missed, '' AS contact, random() * 30 AS wrapup_s
 FROM range({n}) t(i)"""
LEGS = """SELECT printf('%032x', i) AS call_id, 'b1' AS leg, 'trunk' || (i % 4) AS trunk, {at} AS started_us,
 CASE WHEN i % 3 THEN 'answered' ELSE 'no_answer' END AS outcome, random() * 4 AS pdd_s, random() * 200 AS billed_s,
 random() AS cost, CASE WHEN i % 3 THEN 4.2 END AS mos FROM range({n}) t(i)"""


def main() -> None:
    """Prints what it took."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with connect() as duck:
            for name, query in (("queue_visits", VISITS), ("trunk_calls", LEGS)):
                for month in range(MONTHS):
                    file = folder / name / f"month={month:02}" / "data.parquet"
                    file.parent.mkdir(parents=True)
                    at = f"{month * MONTH_US} + i * {MONTH_US // (calls // MONTHS)}"
                    made = query.format(at=at, n=calls // MONTHS)
                    duck.execute(f"COPY ({made}) TO {quoted(str(file))} (FORMAT parquet, COMPRESSION zstd)")
        began, spent = time.perf_counter(), time.process_time()
        with Files(folder) as files:
            queues, trunks = files.sheets(Interval("all", 0, 2**62), {"queue1": (20.0, 5.0)})
        took, cpu = time.perf_counter() - began, time.process_time() - spent
    print(f"{calls:,} calls, {len(queues.rows)} queues, {len(trunks.rows)} trunks: {took:.2f} s ({cpu:.2f} s of")
    print(f"processors, {os.cpu_count()} of them)")


if __name__ == "__main__":
    main()
