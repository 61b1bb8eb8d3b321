"""What the writer has done so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class WriterStats:
    """Counters of the writer; read from any thread, they may trail by one batch."""

    events: int = 0  # taken from the event loop
    commits: int = 0
    failures: int = 0  # transactions that were refused, each tried again
    waiting_rows: int = 0
    dropped_rows: int = 0  # refused for want of memory while the database could not be written
    refused_rows: int = 0  # that the database takes in no case
    last_commit_s: float = 0.0  # duration
    commit_s: float = 0.0  # sum of durations
    failing: bool = False
    settled: int = 0  # quarters of an hour whose sums were made
    settle_s: float = 0.0  # time spent on them
