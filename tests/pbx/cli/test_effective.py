"""Commands that read the configuration see what was changed while the PBX ran, whether it runs now or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pbx.call.fakes import LoopClock
from pbx.cli.config_values import field_values
from pbx.cli.effective import effective_config
from pbx.configfile.load import load
from pbx.events import EventBus
from pbx.store.store import Store

FILE = """
[server]
data_dir = "{folder}/var"
[[extension]]
number = "101"
secret = "secret-of-101"
[[queue]]
name = "sales"
agents = ["101"]
"""


def raising(_event: object, error: BaseException) -> None:
    raise error


async def test_the_database_stands_over_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pbx.toml"
    path.write_text(FILE.format(folder=tmp_path))
    path.chmod(0o600)
    assert [queue.name for queue in effective_config(path).queue] == ["sales"]  # there is no database
    (tmp_path / "var").mkdir()
    store = Store(load(path, {}).config, EventBus(raising), LoopClock())
    await store.start()
    spare = json.dumps({"name": "spare", "service_level_s": 5.0})
    wrong = json.dumps({"name": "wrong", "agents": ["999"]})
    try:
        rows: dict[tuple[str, str], str | None] = {("queue", "spare"): spare, ("queue", "wrong"): wrong}
        rows["queue", "sales"] = None
        assert await store.settings.write(rows, "anna", "why", 1.0) == 1
        assert await store.settings.write({("queue", "sales"): ""}, "bert", "", 2.0) == 2
        (newest, first) = await store.settings.revisions(10)
        assert (newest.revision, newest.who, newest.steps[0].before, newest.steps[0].after) == (2, "bert", None, "")
        assert (first.note, len(first.steps)) == ("why", 3)
        assert [one.revision for one in await store.settings.revisions(10, 2)] == [1]
        since = await store.settings.since(1)
        assert since is not None
        assert [one.revision for one in since] == [2]
        assert await store.settings.since(2) == []
    finally:
        await store.stop()
    found = effective_config(path)
    assert [(queue.name, queue.service_level_s) for queue in found.queue] == [("spare", 5.0)]
    assert "not in force: queue wrong" in capsys.readouterr().err.replace("\n", " ")


def test_fields_of_the_command_line() -> None:
    pairs = [
        "agents=101,102",
        "strategy=ring-all",
        "ring_timeout_s=7",
        'skills={"russian": 3}',
        "callback.mode=agent_first",
    ]
    assert field_values("queue", pairs, {"callback": {"delay_s": 5.0}}) == {
        "agents": ["101", "102"],
        "strategy": "ring-all",
        "ring_timeout_s": "7",
        "skills": {"russian": 3},
        "callback": {"delay_s": 5.0, "mode": "agent_first"},
    }
    assert field_values("extension", ["secret=12345678", "outbound=true"], {}) == {
        "secret": "12345678",
        "outbound": "true",
    }
    assert field_values("speed_dials", ["7=101"], {}) == {"7": "101"}
    for section, pair, words in (
        ("queue", "agents", "is no field=value"),
        ("queue", "agent=1", "there is no field 'agent'"),
        ("quene", "a=1", "is no section"),
        ("media", "port_min=1", "cannot be changed while the PBX runs"),
    ):
        with pytest.raises(ValueError, match=words):
            field_values(section, [pair], {})
