"""What a request of the HTTP API costs the event loop, beside a bare Starlette route that says the same; and how long a
page of the history takes at a million calls, deep in the list.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import create_engine, insert, text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from bench.load.api_house import Calls, guarded
from pbx.reporting.call_history import Scope, WantedCalls, find_calls
from pbx.store import schema
from pbx.store.records import Cdr, columns

CALLS = 50  # that run
FIRST_US = 1_790_000_000_000_000
BETWEEN_US = 30_000_000
WAYS = {
    "all": WantedCalls(),
    "agent": WantedCalls(agent="101"),
    "missed": WantedCalls(missed=True),
    "number": WantedCalls(numbers=("+48600100200",)),
    "scope": WantedCalls(scope=Scope("101", ("sales",))),
}


def requests(count: int) -> dict[str, float]:
    """api_calls_us, api_bare_us (CPU microseconds a request), api_calls_ratio, api_calls_per_s (of a core)."""
    calls = Calls(CALLS)

    async def bare(_: Request) -> Response:
        return Response(orjson.dumps({"items": calls.calls(), "next": None}), media_type="application/json")

    plain = Starlette(routes=[Route("/calls", bare)])
    ours, theirs = [], []
    for _ in range(7):  # in turns
        ours.append(asyncio.run(_cpu_us(guarded(calls), count)))
        theirs.append(asyncio.run(_cpu_us(plain, count)))
    found = {"api_calls_us": statistics.median(ours), "api_bare_us": statistics.median(theirs)}
    return found | {
        "api_calls_ratio": found["api_calls_us"] / found["api_bare_us"],
        "api_calls_per_s": 1e6 / found["api_calls_us"],
    }


async def _cpu_us(app: ASGIApp, count: int) -> float:
    for _ in range(20):
        await _ask(app)
    began = time.process_time()
    for _ in range(count):
        await _ask(app)
    return (time.process_time() - began) / count * 1e6


async def _ask(app: ASGIApp) -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/calls",
        "raw_path": b"/calls",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"pbx.test"), (b"authorization", b"Bearer bench")],
        "client": ("192.0.2.7", 4711),
        "server": ("192.0.2.1", 80),
    }
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    if status != 200:
        raise RuntimeError(f"GET /calls was answered with {status}")


def history(folder: Path, calls: int) -> dict[str, float]:
    """cdrs_page_ms, the dearest way to look, and cdrs_page_<way>_ms: CPU of a page of 50 in the middle of the list."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{folder}/calls.db")
    schema.metadata.create_all(engine)
    _fill(engine, calls)
    middle = (FIRST_US + calls // 2 * BETWEEN_US, "f" * 32)
    found = {}
    with engine.connect() as connection:
        for name, wanted in WAYS.items():
            times = [_timed(lambda wanted=wanted: find_calls(connection, wanted, 50, middle)) for _ in range(9)]  # type: ignore[misc]
            found[f"cdrs_page_{name}_ms"] = statistics.median(times)
    engine.dispose()
    return {"cdrs_page_ms": max(found.values()), **found}


def _timed(look: Callable[[], Any]) -> float:
    began = time.thread_time()
    look()
    return (time.thread_time() - began) * 1000


def _fill(engine: Any, calls: int) -> None:
    """One call in two thousand is the agent's, as many were missed, and as many are of one caller."""
    row: dict[str, Any] = dict.fromkeys(columns(Cdr), "")
    row |= dict.fromkeys(("wait_s", "talk_s", "hold_s", "duration_s", "billed_s", "recording_s", "jitter_ms"), 1.0)
    row |= dict.fromkeys(("cost", "legs", "rx_packets", "lost_packets"), 0)
    row |= {"id": "0" * 32, "started_us": FIRST_US, "ended_us": FIRST_US, "answered_us": FIRST_US, "bridged_us": 1}
    row |= {"setup_s": 0.1, "abandoned": False, "sip_status": 200, "queue": "sales", "direction": "inbound"}
    row |= {
        "agent": "101",
        "caller": "+48600100200",
        "callee": "+48221234567",
        "did": "+48221234567",
        "trunk": "carrier",
        "mos": None,
    }
    varied = ("id", "started_us", "agent", "bridged_us", "caller")
    same = ", ".join(name for name in columns(Cdr) if name not in varied)
    with engine.begin() as connection:
        connection.execute(insert(schema.cdrs), [row])
        connection.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :calls)"
                f" INSERT INTO cdrs ({', '.join(varied)}, {same}) SELECT printf('%032x', i), started_us + i * :between,"
                " CASE WHEN i % 2000 THEN '102' ELSE '101' END, CASE WHEN i % 2000 = 7 THEN NULL ELSE 1 END,"
                f" CASE WHEN i % 2000 = 9 THEN caller ELSE '+4860' || (i % 9973) END, {same}"
                " FROM cdrs, n WHERE id = :first"
            ),
            {"calls": calls, "between": BETWEEN_US, "first": "0" * 32},
        )
