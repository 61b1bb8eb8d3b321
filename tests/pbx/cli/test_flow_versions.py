"""`centrala flow check`, `schema` and what the other commands ask of the PBX."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pbx.cli import flow_versions
from pbx.cli.commands import app
from pbx.flow.schema import flow_schema

FLOW = {"schema": 1, "name": "main", "start": "say", "blocks": {"say": {"kind": "hangup", "text": "Bye"}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pbx.toml").write_text("")
    (tmp_path / "pbx.toml").chmod(0o600)
    (tmp_path / "flow.json").write_text(json.dumps(FLOW))
    return tmp_path


def run(folder: Path, *arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(app, ["--config", str(folder / "pbx.toml"), "flow", *arguments], **more)


def test_a_document_is_checked_without_a_running_pbx(folder: Path) -> None:
    done = run(folder, "check", str(folder / "flow.json"))
    assert (done.exit_code, "no mistakes" in done.output) == (0, True)
    wrong = json.dumps(FLOW).replace("hangup", "hangpu")
    done = run(folder, "check", "-", input=wrong)
    assert done.exit_code == 1
    assert "blocks.say.kind: flow 'main', block 'say': there is no kind 'hangpu'; did you mean 'hangup'?" in done.output
    missing = run(folder, "check", str(folder / "none.json"))
    assert (missing.exit_code, "cannot be read: No such file" in " ".join(missing.output.split())) == (2, True)
    assert run(folder, "check", "-", input="{").exit_code == 2


def test_the_schema_is_printed(folder: Path) -> None:
    assert json.loads(run(folder, "schema").output) == flow_schema()


ANSWERS: dict[str, Any] = {
    "GET /flows": [{"name": "main", "version": 2, "blocks": 7, "python": False, "draft": 3}],
    "GET /flows/main": FLOW,
    "GET /flows/main?version=1": FLOW,
    "GET /flows/main/diff?old=0": [{"what": "changed", "text": '~ /start: "a" -> "b"'}],
    "PUT /flows/main/draft": {"version": 3, "problems": [{"pointer": "/start", "text": "wrong", "remedy": "mend"}]},
    "POST /flows/main/publish": {"version": 3},
    "POST /flows/main/rollback": {"version": 0},
    "GET /flows/main/versions": [
        {"version": 3, "state": "published", "holds": True, "created": 1.8e9, "author": "ada", "published": 0,
         "published_by": "", "note": "why"},
    ],
}  # fmt: skip
COMMANDS: list[tuple[list[str], str, Any]] = [
    (["list"], "version 2", None),
    (["show", "main"], "hangup", None),
    (["export", "main", "--version", "1"], '"name": "main"', None),
    (["diff", "main", "0"], '~ /start: "a" -> "b"', None),
    (["versions", "main"], "why", None),
    (["import", "FILE"], "version 3 is a draft, with 1 mistake to correct", {"document": FLOW, "note": ""}),
    (["draft", "main", "--note", "n"], "version 3 is a draft", {"document": FLOW, "note": "n"}),
    (["publish", "main", "--force"], "version 3 holds", {"version": None, "note": "", "force": True}),
    (["rollback", "main", "--to", "0"], "the configuration's holds", {"to": 0, "note": ""}),
]


@pytest.mark.parametrize(("arguments", "prints", "body"), COMMANDS)
def test_commands_ask_and_print(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], prints: str, body: Any
) -> None:
    sent: list[Any] = []

    def ask(_path: Path, method: str, request: str, body: Any = None, **_: Any) -> Any:
        sent.append(body)
        return ANSWERS[f"{method} {request}"]

    monkeypatch.setattr(flow_versions, "ask", ask)
    done = run(folder, *[str(folder / "flow.json") if each == "FILE" else each for each in arguments])
    assert done.exit_code == 0, done.output
    assert prints in done.output
    if body is not None:
        assert {key: value for key, value in sent[-1].items() if key != "by"} == body


def test_an_export_is_written_to_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_versions, "ask", lambda *_: FLOW)
    assert run(folder, "export", "main", "-o", str(folder / "out.json")).exit_code == 0
    assert json.loads((folder / "out.json").read_text()) == FLOW


def test_only_exits_are_shown_as_exits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = {
        "sales": {"kind": "queue", "queue": "sales", "keys": {"2": "bye"}},
        "bye": {"kind": "hangup", "text": "sales"},
        "odd": {"kind": "say", "txt": "a draft may have mistakes"},
    }
    document = {"schema": 1, "name": "main", "start": "sales", "defaults": {"timeout": "bye"}, "blocks": blocks}
    monkeypatch.setattr(flow_versions, "ask", lambda *_: document)
    shown = " ".join(run(folder, "show", "main").output.split())
    assert "timeout → bye" in shown
    assert "2 → bye" in shown
    assert "→ sales" not in shown
    assert "odd" in shown
