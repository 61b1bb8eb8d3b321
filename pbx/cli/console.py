"""What all commands share: the configuration, the control socket, errors that name the fix.

Every command reads this module: what only some need (configuration, sockets, tables) is read when they do.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from pbx.places import CONTROL_SOCKET

if TYPE_CHECKING:
    from pbx.config import Config
    from pbx.configfile.load import Check, Loaded

WIDE = 4096  # characters: no sheet is wider
out = Console()
err = Console(stderr=True)


def fail(text: object, status: int = 1) -> NoReturn:
    """Prints an error and ends with `status`."""
    err.print(Text(str(text), style="red"), soft_wrap=True)
    raise typer.Exit(status)


def read_config(path: Path, checks: Iterable[Check] = (), *, contradictions: bool = True) -> Loaded:
    """The configuration, or the end with status 2 and every problem of it, those of `checks` included."""
    from pbx.configfile import ConfigError, load

    try:
        return load(path, checks=checks, contradictions=contradictions)
    except ConfigError as error:
        fail(error, 2)


def data_dir(config: Config) -> Path:
    return Path(config.server.data_dir)


def socket_of(path: Path) -> Path:
    """The control socket of the PBX that runs with this configuration."""
    from pbx.cli.control_socket import data_folder

    return (data_folder(path) or data_dir(read_config(path).config)) / CONTROL_SOCKET


def ask(path: Path, method: str, request: str, body: Any = None, *, timeout_s: float = 10.0, refused: int = 1) -> Any:
    """One request to the PBX that runs with this configuration; a refusal ends the command with its text and the status
    `refused`.
    """
    from pbx.api.client import ControlClient, ControlError

    client = ControlClient(socket_of(path), timeout_s)
    try:
        return client.request(method, request, body)
    except ControlError as error:
        fail(error, refused)


def show(title: str, columns: list[str], rows: list[list[object]], empty: str) -> None:
    """A table; when it would be empty, a sentence instead."""
    if not rows:
        out.print(empty)
        return
    from pbx.cli.table import show_table

    show_table(out, title, columns, [[str(cell) for cell in row] for row in rows])


def show_sheet(sheet: RenderableType) -> None:
    """A sheet of a report; in a file or a pipe as wide as it is."""
    from pbx.cli.table import is_piped, roomy

    (roomy(out, WIDE) if is_piped(out) else out).print(sheet)


def clock(seconds: float) -> str:
    """A duration as 0:07, 12:34 or 1:02:03."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
