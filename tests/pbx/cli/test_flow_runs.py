"""`centrala flow test`: exit status, what it prints, and which flows it takes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from pbx.cli.commands import app
from tests.pbx.flow.rehearsal.support import BLOCKS, CONFIG

SCRIPT = {
    "config": CONFIG,
    "callers": [
        {"name": "is served", "steps": [{"press": "1", "after_s": 2}], "expect": {"path": ["...", "sales=answered"]}},
        {"name": "is late", "at": "2026-11-23T20:00", "expect": {"path": ["when=closed", "night"]}},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    document = {"schema": 1, "name": "hotline", "start": "when", "language": "en", "blocks": BLOCKS}
    (tmp_path / "flow.json").write_text(json.dumps(document))
    (tmp_path / "script.yaml").write_text(json.dumps(SCRIPT))  # JSON is YAML
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--config", str(folder / "pbx.toml"), "flow", "test", *arguments])


def test_all_pass(folder: Path) -> None:
    done = run(folder, str(folder / "flow.json"), str(folder / "script.yaml"), "-v")
    assert done.exit_code == 0, done.output
    assert "passed  is served: when=open > hello=next > ask=1 > sales=answered" in done.output
    assert "2 of 2 callers passed" in done.output


def test_a_failure_is_status_1_and_in_the_junit_file(folder: Path) -> None:
    wrong = {**SCRIPT, "callers": [{"name": "one", "expect": {"path": ["night"]}}]}
    (folder / "script.yaml").write_text(json.dumps(wrong))
    done = run(folder, str(folder / "flow.json"), str(folder / "script.yaml"), "--junit", str(folder / "out.xml"))
    assert done.exit_code == 1
    assert "FAILED  one" in done.output
    suite = ElementTree.parse(folder / "out.xml").getroot()
    assert (suite.get("name"), suite.get("failures")) == ("hotline", "1")


def test_a_flow_of_the_configuration_by_its_name(folder: Path) -> None:
    flow = {"name": "hotline", "start": "when", "language": "en", "block": BLOCKS}
    (folder / "script.yaml").write_text(json.dumps({**SCRIPT, "config": {**CONFIG, "flow": [flow]}}))
    assert run(folder, "hotline", str(folder / "script.yaml")).exit_code == 0
    done = run(folder, "hotlin", str(folder / "script.yaml"))
    assert done.exit_code == 2
    assert "did you mean 'hotline'?" in done.output


@pytest.mark.parametrize(
    ("flow", "script", "message"),
    [
        ("{", None, "this is no JSON"),
        (None, "callers: 3", "callers: Input should be a valid list"),
        (
            '{"schema": 1, "name": "x", "start": "a", "blocks": {"b": {"kind": "echo"}}}',
            None,
            "flow 'x' has no block 'a'",
        ),
        (None, "config: nowhere.toml\ncallers: [{name: a}]", "nowhere.toml"),
        (None, "config: {queue: 3}\ncallers: [{name: a}]", "queue"),
    ],
)
def test_what_cannot_be_used_is_status_2(folder: Path, flow: str | None, script: str | None, message: str) -> None:
    for name, text in (("flow.json", flow), ("script.yaml", script)):
        if text is not None:
            (folder / name).write_text(text)
    done = run(folder, str(folder / "flow.json"), str(folder / "script.yaml"))
    assert (done.exit_code, message in done.output) == (2, True), done.output


def test_a_template_becomes_a_flow_that_passes_its_script(tmp_path: Path) -> None:
    def flow(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(tmp_path / "pbx.toml"), "flow", *arguments])

    assert "after-hours" in flow("templates").output
    done = flow("new", "main", "--template", "hotline", "--folder", str(tmp_path))
    assert done.exit_code == 0, done.output
    done = flow("test", str(tmp_path / "main.json"), str(tmp_path / "main.test.yaml"))
    assert done.exit_code == 0, done.output
    done = flow("new", "main", "--folder", str(tmp_path))
    assert done.exit_code == 2
    assert "is there already" in done.output
    assert flow("new", "main", "--folder", str(tmp_path), "--force", "--use", "sales=orders").exit_code == 0
    assert '"queue": "orders"' in (tmp_path / "main.json").read_text()
    assert "did you mean 'hotline'" in flow("new", "x", "--template", "hotlin").output
    assert "write --use" in flow("new", "x", "--use", "sales").output
