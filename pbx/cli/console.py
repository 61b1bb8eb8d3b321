"""What all commands share: the configuration, the control socket, errors that name the fix."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from pbx.api.client import ControlClient, ControlError
from pbx.cli.table import is_piped, roomy, show_table
from pbx.config import Config
from pbx.configfile import ConfigError, Loaded, load
from pbx.configfile.load import Check

WIDE = 4096  # characters: no sheet is wider
out = Console()
err = Console(stderr=True)


def fail(text: object, status: int = 1) -> NoReturn:
    """Prints an error and ends with `status`."""
    err.print(Text(str(text), style="red"), soft_wrap=True)
    raise typer.Exit(status)


def read_config(path: Path, checks: Iterable[Check] = (), *, contradictions: bool = True) -> Loaded:
    """The configuration, or the end with status 2 and every problem of it, those of `checks` included."""
    try:
        return load(path, checks=checks, contradictions=contradictions)
    except ConfigError as error:
        fail(error, 2)


def data_dir(config: Config) -> Path:
    return Path(config.server.data_dir)


def ask(path: Path, method: str, request: str, body: Any = None, *, timeout_s: float = 10.0, refused: int = 1) -> Any:
    """One request to the PBX that runs with this configuration; a refusal ends the command with its text and the status
    `refused`.
    """
    client = ControlClient(data_dir(read_config(path).config) / "control.sock", timeout_s)
    try:
        return client.request(method, request, body)
    except ControlError as error:
        fail(error, refused)


def show(title: str, columns: list[str], rows: list[list[object]], empty: str) -> None:
    """A table; when it would be empty, a sentence instead."""
    if not rows:
        out.print(empty)
        return
    show_table(out, title, columns, [[str(cell) for cell in row] for row in rows])


def show_sheet(sheet: RenderableType) -> None:
    """A sheet of a report; in a file or a pipe as wide as it is."""
    (roomy(out, WIDE) if is_piped(out) else out).print(sheet)


def clock(seconds: float) -> str:
    """A duration as 0:07, 12:34 or 1:02:03."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
