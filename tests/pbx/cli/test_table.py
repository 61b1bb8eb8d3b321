"""Tables of the command line: whole in a pipe, readable in 80 columns, rows as blocks where columns do not fit."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from pbx.app.alarms import Alarms
from pbx.cli.commands import app
from pbx.cli.table import folded, show_table
from pbx.events import Alarm, EventBus

COLUMNS = ["number", "name", "what, and what to do", "since"]
ROWS = [
    ["101", "Łucja Żółć", "the disk is full: make room, or move the recordings to another one", "2026-11-22 07:00"],
    ["102", "Анна", "", "2026-11-22 07:01"],
]


def printed(columns: list[str], rows: list[list[str]], width: int | None) -> list[str]:
    """`width` None: into a pipe."""
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=width is not None, color_system=None)
    show_table(console, "Title", columns, rows)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [None, 80, 30])
def test_no_cell_speaks_to_the_terminal(width: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    evil = "a\x1b]0;owned\x07\x9b31mb\u202etxt\nc\r"
    text = "\n".join(printed(["who", "what"], [["101", evil]], width))
    beside = "".join(printed(["who", "what"], [["101", "plain"]], width))
    marks = {mark for mark in text if not mark.isprintable()} - {"\n"}
    assert marks <= {mark for mark in beside if not mark.isprintable()}, "only what frames every title"
    assert "owned" in text


def test_a_pipe_gets_each_row_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    lines = printed(COLUMNS, ROWS, None)
    assert any(all(cell in line for cell in ROWS[0]) for line in lines)


def test_eighty_columns_fold_between_words() -> None:
    lines = printed(COLUMNS, ROWS, 80)
    assert max(map(cell_len, lines)) <= 80
    words = set(" ".join(lines).replace("│", " ").split())
    assert {"recordings", "Żółć", "2026-11-22", "07:00"} <= words, "no word is cut"


def test_where_no_table_fits_each_row_is_a_block() -> None:
    columns = [f"column {at}" for at in range(9)]
    rows = [[f"value-of-row-{at}-and-{row}" for at in range(9)] for row in range(2)]
    lines = printed(columns, rows, 80)
    assert max(map(cell_len, lines)) <= 80
    assert sum("value-of-row-8" in line and "column 8" in line for line in lines) == 2
    empty = [["one", *([""] * 8)]]
    assert all("column 3" not in line for line in printed(columns, empty, 80)), "what says nothing is left out"


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(1, 40)), min_size=1, max_size=9), st.integers(20, 120))
def test_columns_fit_or_are_given_up(sizes: list[tuple[int, int]], width: int) -> None:
    natural, words = [max(pair) for pair in sizes], [min(pair) for pair in sizes]
    found = folded(natural, words, width)
    if found is None:
        assert sum(words) + 3 * len(words) + 1 > width - 12 * len(words)
        return
    assert sum(found) + 3 * len(found) + 1 <= max(width, sum(found) + 3 * len(found) + 1)
    assert all(word <= one <= most for word, one, most in zip(words, found, natural, strict=True))


def test_an_alarm_that_is_said_anew_began_when_it_began() -> None:
    bus = EventBus()
    alarms = Alarms(bus)
    bus.publish(Alarm("disk", "full", True, 100.0))
    bus.publish(Alarm("disk", "fuller", True, 200.0))
    assert alarms.active() == [{"name": "disk", "text": "fuller", "since": 100.0}]
    bus.publish(Alarm("disk", "there is room", False, 300.0))
    bus.publish(Alarm("disk", "full", True, 400.0))
    assert alarms.active()[0]["since"] == 400.0


def test_alarms_say_since_when_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "the disk is full: make room"
    monkeypatch.setattr("pbx.cli.alarms.ask", lambda *_: [{"name": "disk", "text": text, "since": 1.8e9}])
    monkeypatch.delenv("COLUMNS", raising=False)
    shown = CliRunner().invoke(app, ["alarms", "--json"])
    assert (shown.exit_code, json.loads(shown.output)[0]["text"]) == (1, text)
    monkeypatch.setattr("pbx.cli.alarms.ask", lambda *_: [])
    assert CliRunner().invoke(app, ["alarms"]).exit_code == 0


def test_figures_in_a_language_that_is_none_are_refused(tmp_path: Path) -> None:
    config = tmp_path / "pbx.toml"
    config.write_text(f'[server]\ndata_dir = "{tmp_path}"\n')
    shown = CliRunner().invoke(app, ["--config", str(config), "ledger", "figures", "--language", "de"])
    assert shown.exit_code == 2
