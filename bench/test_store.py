"""What the record of a call costs: a journey of 13 steps on the event loop, in the writer's hands, and on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from pbx.events import CallEvent, EventBus
from pbx.metrics.live import Sources
from pbx.metrics.metrics import Metrics
from pbx.store.batch import Pending
from pbx.store.database import prepare, writer_engine
from pbx.store.deriver import Deriver
from pbx.store.lock import WriterLock
from pbx.store.writer import Writer
from tests.support.journeys import answered

CALLS = 100
STEPS = 13


def calls(first: int, count: int = CALLS) -> list[CallEvent]:
    """The steps of `count` calls that run side by side."""
    return sorted((event for n in range(first, first + count) for event in answered(n)), key=lambda event: event.at)


def note(benchmark: Any, what: str) -> None:
    """The figure per call, beside pytest-benchmark's figure per round."""
    if benchmark.stats is not None:
        benchmark.extra_info[f"{what}_us_per_call"] = round(benchmark.stats.stats.median / CALLS * 1e6, 2)


def publish(bus: EventBus, events: list[CallEvent]) -> None:
    for event in events:
        bus.publish(event)


def test_hand_over(benchmark: Any) -> None:
    """The event loop's part: the journal's share of `publish` is one append."""
    bus, taken = EventBus(), []
    bus.subscribe(CallEvent, taken.append)
    events = calls(1)
    benchmark(publish, bus, events)
    note(benchmark, "hand_over")
    assert len(taken) >= CALLS * STEPS


def test_metrics(benchmark: Any) -> None:
    """The counters' share of `publish`."""
    bus = EventBus()
    Metrics(bus, Sources(), thresholds={"sales": (20.0, 5.0)})
    events = calls(1)
    benchmark(publish, bus, events)
    note(benchmark, "metrics")
    assert bus.errors == 0


def test_derive(benchmark: Any) -> None:
    """Rows and records from events: the writer's work under the GIL."""

    def derive(events: list[CallEvent]) -> int:
        pending = Pending()
        deriver = Deriver(pending, zone="UTC", next_seq=1, next_log_seq=1, reload=lambda _: None)
        for event in events:
            deriver.take(event, 0.0)
        deriver.derive(0.0, lambda: None)
        return len(pending.journey)

    assert benchmark(derive, calls(1)) == CALLS * STEPS
    note(benchmark, "derive")


def test_commit(benchmark: Any, tmp_path: Path) -> None:
    """1,300 journey rows, 100 records and 100 visits in one transaction: the writer's work outside of the GIL."""
    url = make_url(f"sqlite:///{tmp_path}/bench.db")
    prepare(url)
    engine = writer_engine(url)
    batches = _batches()
    with engine.connect() as connection:

        def commit(pending: Pending) -> None:
            with connection.begin():
                forget = pending.write(connection)
            forget()

        benchmark.pedantic(commit, setup=lambda: ((next(batches),), {}), rounds=20)
        note(benchmark, "commit")
        assert connection.exec_driver_sql("SELECT count(*) FROM cdrs").scalar_one() >= CALLS
    engine.dispose()


def _batches() -> Iterator[Pending]:
    seq = 1
    for number in range(10_000):
        pending = Pending()
        deriver = Deriver(pending, zone="UTC", next_seq=seq, next_log_seq=1, reload=lambda _: None)
        for event in calls(1 + number * CALLS):
            deriver.take(event, 0.0)
        deriver.derive(0.0, lambda: None)
        seq += CALLS * STEPS
        yield pending


@pytest.mark.parametrize("flush_ms", [200])
def test_whole(benchmark: Any, tmp_path: Path, flush_ms: int) -> None:
    """From the first append to the commit, with the real thread; CPU time of all threads per call is in extra_info."""
    url = make_url(f"sqlite:///{tmp_path}/bench.db")
    prepare(url)
    writer = Writer(
        *(writer_engine(url), WriterLock(url), "bench"),
        flush_s=flush_ms / 1000,
        zone="UTC",
        report=_quiet,
        lost=lambda: None,
    )
    writer.start(1, 1)
    rounds = iter(range(1, 10_000))
    spent: list[float] = []

    def whole(events: list[CallEvent]) -> None:
        began = time.process_time()
        for event in events:
            writer.events.append(event)
        writer.submit(lambda _: None).result()
        spent.append(time.process_time() - began)

    benchmark.pedantic(whole, setup=lambda: ((calls(next(rounds) * CALLS),), {}), rounds=20)
    assert writer.stop(10) == 0
    assert writer.stats.events == len(spent) * CALLS * STEPS
    benchmark.extra_info["cpu_us_per_call"] = round(sorted(spent)[len(spent) // 2] / CALLS * 1e6, 1)


_quiet: Callable[[str, bool, str], None] = lambda *_: None  # noqa: E731
