"""What the running PBX plans comes from a child process, as the command line makes it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pbx.api.control import Refused
from pbx.app.report_control import PbxReportControl
from pbx.app.staffing_control import PbxStaffingControl
from pbx.clock import VirtualClock
from pbx.config import Config
from tests.pbx.store.support import World, until
from tests.support.journeys import answered


def control(folder: Path, unix: float) -> PbxStaffingControl:
    config = Config.model_validate({"server": {"data_dir": str(folder)}, "queue": [{"name": "sales"}]})
    app = cast(Any, SimpleNamespace(config=config, clock=VirtualClock(unix)))
    return PbxStaffingControl(app, PbxReportControl(app))


async def test_need_what_if_and_promise(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.publish(*(answered(number) for number in range(1, 40)))
        await until(lambda: world.count("cdrs") == 39)
        staffing = control(tmp_path, 1_790_000_000.0 + 10 * 86_400)
        given = {"queue": "sales", "patience_s": 300.0, "weeks": 4}
        with pytest.raises(Refused, match="two are needed") as few:
            await staffing.plan("need", "", given)
        assert few.value.status == 422
        hour = await staffing.plan("what_if", "", {**given, "calls": 100.0, "agent_hour": 60.0})
        assert [row["agents"] for row in hour["rows"]][2] - hour["rows"][0]["agents"] == 2
        assert hour["rows"][2]["meets"] == "met"
        promised = await staffing.plan("promise", "", {"queue": "sales", "share": 0.9, "weeks": 4})
        assert sum(row["callers"] for row in promised["rows"]) == 39
    for asked, day, status in (({**given, "queue": "moon"}, "", 404), (given, "soon", 422)):
        with pytest.raises(Refused) as refused:
            await staffing.plan("need", day, asked)
        assert refused.value.status == status
