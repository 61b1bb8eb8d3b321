"""How callers went through a flow, from the running PBX or from the journey, as a table or as JSON."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pbx.cli.console import fail, out, show
from pbx.config import Config
from pbx.flow.counts import FlowCounts
from pbx.reporting.intervals import day
from pbx.store.database import database_url, reader_engine
from pbx.store.errors import StoreError
from pbx.store.flow_steps import steps_between

UNITS = {"m": 60, "h": 3600, "d": 86_400}
_MICRO = 1_000_000


def from_journey(config: Config, flow: str, since: str) -> dict[str, Any]:
    """The counts of a span that ends now; the PBX need not run."""
    now_us = int(time.time() * _MICRO)
    from_us = _begin(since, now_us, ZoneInfo(config.server.timezone))
    counts = FlowCounts()
    try:
        engine = reader_engine(database_url(config))
        with engine.connect() as connection:
            for step in steps_between(connection, flow, from_us, now_us):
                counts.add(step)
        engine.dispose()
    except StoreError as error:
        fail(error)
    begin = datetime.fromtimestamp(from_us / _MICRO, UTC).isoformat(timespec="seconds")
    return {
        "flow": flow,
        "since": begin,
        "blocks": {name: block.as_json() for name, block in counts.flows.get(flow, {}).items()},
    }


def _begin(text: str, now_us: int, zone: ZoneInfo) -> int:
    if text[-1:] in UNITS and text[:-1].isdigit():
        return now_us - int(text[:-1]) * UNITS[text[-1]] * _MICRO
    try:
        return day(date.fromisoformat(text), zone).start_us
    except ValueError:
        fail(f"{text!r} is no span of time; write --since 24h, 7d or 2026-11-21", 2)


def show_counts(found: dict[str, Any], *, as_json: bool) -> None:
    """Blocks by how many went through them; each exit with its share."""
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
        return
    out.print(f"flow {found['flow']} since {found['since']}", markup=False, highlight=False)
    rows: list[list[object]] = []
    for name, block in sorted(found["blocks"].items(), key=lambda one: -one[1]["entered"]):
        entered = block["entered"]
        exits = [
            f"{way} {count} ({count / entered:.0%})" if entered else f"{way} {count}"
            for way, count in sorted(block["exits"].items(), key=lambda one: -one[1])
            if count
        ]
        came = ", ".join(f"{source or 'start'} {count}" for source, count in block["from"].items())
        rows.append([name, block["kind"], entered, block.get("inside", ""), block["mean_s"], ", ".join(exits), came])
    show("Blocks", ["block", "kind", "entered", "inside", "mean s", "exits", "from"], rows, "nobody went through it")
