"""`centrala flow replay`: a day's calls from the database through a document."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pbx.cli.commands import app
from pbx.config import Config
from pbx.events import CallEvent
from pbx.flow.model import Flow
from pbx.flow.rehearsal.rehearse import Outcome, rehearse
from pbx.flow.rehearsal.script import Caller
from tests.pbx.flow.rehearsal.support import BLOCKS, hotline
from tests.pbx.flow.replay.test_replay import PEOPLE
from tests.pbx.store.support import World, until

CONFIG = """
[server]
data_dir = "{folder}"
timezone = "UTC"
[[extension]]
number = "102"
secret = "secret-102"
[[queue]]
name = "sales"
max_wait_s = 30
[[hours]]
name = "office"
mon = ["09:00-17:00"]
timezone = "UTC"
"""
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
NAMES = ("served", "gives up", "full", "phone")


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A database with four calls of that Monday."""
    flow, config = hotline()
    async with World(tmp_path) as world:
        for number, name in enumerate(NAMES):
            caller = Caller.model_validate({"name": name, **PEOPLE[name], "at": MONDAY.isoformat()})
            outcome = rehearse_in_thread(flow, caller, config)
            world.publish([e for e in outcome.events if isinstance(e, CallEvent)])
            await until(lambda n=number: world.count("cdrs") == n + 1)
    (tmp_path / "pbx.toml").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "pbx.toml").chmod(0o600)
    return tmp_path


def rehearse_in_thread(flow: Flow, caller: Caller, config: Config) -> Outcome:
    """A rehearsal has a loop of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(rehearse, flow, caller, config, {}).result()


def run(folder: Path, blocks: dict, *arguments: str) -> Result:
    document = {"schema": 1, "name": "hotline", "start": "when", "language": "en", "blocks": blocks}
    (folder / "draft.json").write_text(json.dumps(document))
    command = ["--config", str(folder / "pbx.toml"), "flow", "replay", str(folder / "draft.json"), *arguments]
    return CliRunner().invoke(app, command)


def test_a_day_through_a_draft(folder: Path) -> None:
    done = run(folder, BLOCKS, "--date", "2026-11-23")
    assert done.exit_code == 0, done.output
    assert "4 calls of flow hotline on 2026-11-23: 4 go the same way, 0 go another way, 0 end otherwise" in done.output
    shorter = {**BLOCKS, "sales": {**BLOCKS["sales"], "max_wait_s": 5}}
    done = run(folder, shorter, "--date", "2026-11-23")
    assert "2 go the same way, 0 go another way, 2 end otherwise, of 0 nobody can know" in " ".join(done.output.split())
    assert "draft  when=open > hello=next > ask=1 > sales=timeout > late=end: ended at late" in done.output
    found = json.loads(run(folder, shorter, "--date", "2026-11-23", "--json").output)
    assert found["verdicts"] == {"same": 2, "another_end": 2}
    assert found["left_out"] == 0


def test_a_day_without_calls_and_what_is_no_day(folder: Path) -> None:
    assert "0 calls of flow hotline" in run(folder, BLOCKS, "--date", "2026-11-22").output
    done = run(folder, BLOCKS, "--date", "monday")
    assert (done.exit_code, "'monday' is no day" in done.output) == (2, True)
    done = run(folder, {"when": {"kind": "hours", "hours": "nowhere"}})
    assert done.exit_code == 2
    assert "nowhere" in done.output
