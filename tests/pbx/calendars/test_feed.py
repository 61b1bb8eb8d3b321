"""Files that are read again and again: what is in use outlives a reading that fails, its copy the process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pbx.calendars.feed import Feed
from pbx.clock import VirtualClock
from pbx.web.client import Answer, Ask, WebError
from pbx.web.hosts import Hosts

ADDRESS = "https://office.example/days.ics"


class Office:
    """Another system that answers with `body`, or raises."""

    def __init__(self, body: bytes | Exception, status: int = 200) -> None:
        self.hosts = Hosts(["office.example"])
        self.body = body
        self.status = status

    async def ask(self, ask: Ask) -> Answer:
        assert ask.url == ADDRESS
        if isinstance(self.body, Exception):
            raise self.body
        return Answer(self.status, {}, self.body)


class Reader:
    """Takes what is read; `fault` is raised instead."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.fault: Exception | None = None
        self.told, self.failed = asyncio.Event(), asyncio.Event()

    async def take(self, data: bytes) -> None:
        if self.fault is not None:
            self.failed.set()
            raise self.fault
        self.taken.append(data)
        self.told.set()


def feed_of(tmp_path: Path, source: str, reader: Reader, office: Office, every_s: float = 3600.0) -> Feed:
    clock = VirtualClock(1_790_000_000.0)
    return Feed(
        "days", source, every_s=every_s, copy=tmp_path / "x" / "copy", web=office, clock=clock, take=reader.take
    )


@pytest.mark.parametrize(
    ("body", "status", "fault", "said"),
    [
        (b"new", 404, None, "the answer is 404"),
        (WebError("connect", "refused"), 200, None, "refused"),
        (b"new", 200, ValueError("no calendar"), "no calendar"),
        (b"new", 200, RuntimeError(), "RuntimeError"),
    ],
)
async def test_what_was_in_use_stays_when_a_reading_fails(
    tmp_path: Path, body: bytes | Exception, status: int, fault: Exception | None, said: str
) -> None:
    reader, office = Reader(), Office(b"old")
    feed = feed_of(tmp_path, ADDRESS, reader, office)
    assert await feed.refresh()
    assert (feed.fault, feed.age_s()) == ("", 0.0)
    office.body, office.status, reader.fault = body, status, fault
    assert not await feed.refresh()
    assert (feed.fault, reader.taken) == (said, [b"old"])
    assert (tmp_path / "x" / "copy").read_bytes() == b"old"
    office.body, office.status, reader.fault = b"newer", 200, None
    assert await feed.refresh()
    assert (feed.fault, reader.taken) == ("", [b"old", b"newer"])


async def test_the_copy_of_an_earlier_process_counts_at_once(tmp_path: Path) -> None:
    assert await feed_of(tmp_path, ADDRESS, Reader(), Office(b"kept")).refresh()
    reader = Reader()
    feed = feed_of(tmp_path, ADDRESS, reader, Office(WebError("timeout", "no answer")))
    feed.start()
    async with asyncio.timeout(20):
        await reader.told.wait()
    await feed.stop()
    assert reader.taken == [b"kept"]


async def test_a_reader_that_breaks_does_not_end_the_reading(tmp_path: Path) -> None:
    source = tmp_path / "days.ics"
    source.write_bytes(b"days")
    reader = Reader()
    reader.fault = KeyError("broken")
    feed = feed_of(tmp_path, str(source), reader, Office(b""), every_s=0.01)
    feed.start()
    async with asyncio.timeout(20):
        await reader.failed.wait()
        reader.fault = None
        await reader.told.wait()
    await feed.stop()
    assert reader.taken[0] == b"days"
    assert not (tmp_path / "x").exists(), "of a file of this machine no copy is kept"
