"""What a command reads before it does anything, in modules; time would be the machine's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pbx.cli.control_socket import data_folder
from pbx.cli.rooms import ROOMS, rooms_of

HEAVY = ("sqlalchemy", "numpy", "pbx.config", "pbx.store", "pbx.reporting", "fastapi", "duckdb", "uvloop")
LOADED = """
import json, sys
from pbx.cli import main
try:
    main()
except SystemExit as end:
    print("\\n" + json.dumps([end.code, sorted(sys.modules)]))
"""
ADDED = """
import json
from pbx.cli.rooms import ROOMS, register
from pbx.cli.root import app, calls, report

def names():
    own = {command.name or command.callback.__name__: 1 for command in app.registered_commands}
    groups = {group.name: len(group.typer_instance.registered_commands) for group in app.registered_groups}
    return set((own | groups).items())

found = {}
for room in ROOMS:
    before = names()
    register([room])
    found[room] = sorted(name for name, _count in names() - before)
print(json.dumps(found))
"""


def python(code: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=True
    ).stdout


@pytest.mark.parametrize(
    ("arguments", "status", "ours"),
    [
        (["demo-data", "--help"], 0, 12),
        (["report", "show", "--help"], 0, 12),
        (["calls", "list"], 1, 14),
        (["--help"], 0, 50),
    ],
)
def test_a_command_reads_its_own_modules_alone(arguments: list[str], status: int, ours: int, tmp_path: Path) -> None:
    file = tmp_path / "centrala.toml"
    file.write_text(f'[server]\ndata_dir = "{tmp_path}"\n')
    told, modules = json.loads(python(LOADED, "--config", str(file), *arguments).splitlines()[-1])
    assert told == status
    assert [name for name in modules if name in HEAVY] == []
    assert len([name for name in modules if name.split(".")[0] in ("pbx", "core")]) <= ours


def test_the_list_of_rooms_is_what_they_register() -> None:
    assert json.loads(python(ADDED)) == {room: sorted(names) for room, names in ROOMS.items()}


def test_a_command_line_needs_the_rooms_of_its_command() -> None:
    assert rooms_of(["--config", "x.toml", "report", "show"]) == ["report_sheets", "export"]
    assert rooms_of(["trunks"]) == ["trunks"]
    assert rooms_of(["status"]) == rooms_of(["recordings", "open"]) == []
    assert (
        rooms_of([]) == rooms_of(["--help"]) == rooms_of(["reprot"]) == rooms_of(["-cx.toml", "trunks"]) == list(ROOMS)
    )


def test_the_folder_of_the_socket_is_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "centrala.toml"
    assert data_folder(file) is None  # the check of the whole says that there is none
    for text, folder in {
        "": Path("var"),
        '[server]\ndata_dir = "/srv"\nodd = 1': Path("/srv"),
        "[server]\ndata_dir = 5": None,
        "server = 5": None,
        "[server": None,
    }.items():
        file.write_text(text)
        assert data_folder(file) == folder
    file.write_text('[server]\ndata_dir = "/srv"')
    monkeypatch.setenv("centrala_server__data_dir", "/elsewhere")
    assert data_folder(file) == Path("/elsewhere")
