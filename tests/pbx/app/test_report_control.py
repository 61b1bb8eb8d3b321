"""Reports of a running PBX come from a child process: the event loop is never held by them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from pbx.api.control import Refused
from pbx.app.report_control import AT_ONCE, WAITING, PbxReportControl
from pbx.clock import SystemClock
from pbx.config import Config
from pbx.metrics.buckets import LOOP_LAG
from pbx.metrics.cells import HistogramCell
from pbx.transport.loop_lag import LoopLag
from tests.pbx.store.support import World, until
from tests.support.journeys import answered


def control(folder: Path) -> PbxReportControl:
    queues = [{"name": "sales"}]
    config = Config.model_validate({"server": {"data_dir": str(folder)}, "queue": queues})
    return PbxReportControl(cast(Any, SimpleNamespace(config=config, clock=SystemClock())))


async def test_reports_and_the_calls_behind_them_without_holding_the_loop(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.publish(*(answered(number) for number in range(1, 40)))
        await until(lambda: world.count("cdrs") == 39)
        reports = control(tmp_path)
        watch = LoopLag()
        lag = HistogramCell(LOOP_LAG)
        watch.observe = lag.observe
        watch.start(asyncio.get_running_loop())
        spent = time.thread_time()
        report, calls = await asyncio.gather(
            reports.report("queues", "2026-09-21", "2026-09-21", {"queue": "sales"}, "pl"),
            reports.calls("SL4", "2026-09-21", "2026-09-21", {"queue": "sales"}, limit=5),
        )
        spent = time.thread_time() - spent
        watch.stop()
    (sheet,) = orjson.loads(report)["sheets"]
    assert sheet["rows"][0]["offered"] == 39
    assert sheet["title"].startswith("Kolejki")
    assert (calls["part"], calls["whole"], len(calls["rows"])) == (39, 39, 5)
    assert calls["next"]
    # The loop's thread worked for a moment in all, by processor time, which a busy machine does not stretch; half of
    # its ticks came within 10 ms of their time while two processes worked.
    assert spent < 0.1
    assert (lag.quantile(0.5) or 0.0) <= 0.01


async def test_what_is_refused(tmp_path: Path) -> None:
    reports = control(tmp_path)
    for asked, status in (
        (reports.report("moon", "2026-09-21", "2026-09-21", {}), 404),
        (reports.report("queues", "soon", "2026-09-21", {}), 422),
        (reports.calls("LUCK", "2026-09-21", "2026-09-21", {}), 404),
        (reports.report("queues", "2026-09-21", "2026-09-21", {}), 422),  # no database
    ):
        with pytest.raises(Refused) as refused:
            await asked
        assert refused.value.status == status
    reports._asked = AT_ONCE + WAITING
    with pytest.raises(Refused) as many:
        await reports.report("queues", "2026-09-21", "2026-09-21", {})
    assert many.value.status == 429
