"""`centrala report send`: what would go out, and what goes to webhooks through the running PBX."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from pbx.cli import report_sending
from pbx.cli.commands import app
from pbx.reporting.schedule.mail import MailError
from pbx.store.database import prepare
from tests.pbx.reporting.test_schedule import Clock, Kept, Office

SETTINGS = """
[server]
data_dir = "{data}"
timezone = "Europe/Warsaw"

[[report_schedule]]
name = "hook"
webhook = true
reports = ["queues"]
format = ["json", "csv"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    prepare(URL.create("sqlite", database=str(tmp_path / "data" / "centrala.db")))
    (tmp_path / "centrala.toml").write_text(SETTINGS.format(data=tmp_path / "data"))
    return tmp_path


def send(folder: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["-c", str(folder / "centrala.toml"), "report", "send", *words])
    return result.exit_code, result.output


def test_a_look_sends_nothing_and_writes_the_files(folder: Path) -> None:
    code, text = send(folder, "hook", "--show", "--dir", str(folder / "files"))
    assert code == 0, text
    assert "nothing is sent" in text
    assert "report.ready" in text
    files = sorted(path.name.partition("-")[0] + path.suffix for path in (folder / "files").iterdir())
    assert files == ["queues.csv", "queues.json"]
    (path,) = (folder / "files").glob("*.json")
    assert orjson.loads(path.read_bytes())[0]["columns"]
    assert str(path.stat().st_size) in text


def test_webhooks_are_told_by_the_running_pbx(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = send(folder, "hook")
    assert (code, "no PBX is running here" in text) == (1, True)
    asked: list[Any] = []

    def answer(*request: Any, **_: Any) -> dict[str, Any]:
        asked.append(request[1:3])
        return {"event": "report-hook-1", "webhooks": 2}

    monkeypatch.setattr(report_sending, "ask", answer)
    code, text = send(folder, "hook")
    assert (code, asked) == (0, [("POST", "/report-schedules/hook/webhooks")])
    assert "webhooks: 2" in text
    assert send(folder, "nope")[0] == 2


def test_what_is_told_by_hand_is_another_event_than_the_run() -> None:
    told: list[tuple[str, bytes]] = []
    wanted = 1

    async def tell(key: str, body: bytes) -> int:
        told.append((key, body))
        return wanted

    clock = Clock("2026-11-22T08:00:00+00:00")
    office = Office(Kept(), clock, tell=tell, webhook=True, recipients=[])
    schedule = office.config.report_schedule[0]
    key, count = asyncio.run(office.service.tell_now(schedule))
    assert (count, told[0][0]) == (1, key)
    assert key.startswith("report-boss-2026-11-22-")
    assert orjson.loads(told[0][1])["schedule"] == "boss"
    clock.now += 1
    assert asyncio.run(office.service.tell_now(schedule))[0] != key
    assert office.kept.rows == {}  # the run itself goes out as it was due
    wanted = 0
    with pytest.raises(MailError, match=r"no webhook that is on wants report\.ready"):
        asyncio.run(office.service.tell_now(schedule))
