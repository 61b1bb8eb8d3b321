"""`centrala voicemail` and `centrala announcements`: boxes, messages, and what was recorded by phone."""

from __future__ import annotations

import os
import time
import wave
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pbx.cli.console import ask, clock, fail, out, read_config, show

voicemail = typer.Typer(help="Voicemail boxes and their messages.", no_args_is_help=True)

Box = Annotated[str, typer.Argument(help="The box, from `centrala voicemail boxes`.")]
Which = Annotated[str, typer.Argument(help="Its place in `centrala voicemail list BOX`, from 1, or its id.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(voicemail, name="voicemail")
    app.command("announcements")(announcements)


@voicemail.command()
def boxes(context: typer.Context) -> None:
    """Every box, and how many messages wait in it."""
    rows: list[list[object]] = [
        [row["name"], row["extension"], row["new"], row["old"], row["queue"], ", ".join(row["greetings"]), _lock(row)]
        for row in ask(context.obj, "GET", "/voicemail")
    ]
    show("Voicemail", ["box", "extension", "new", "old", "queue", "greetings", ""], rows, "there is no voicemail box")


@voicemail.command("list")
def list_messages(
    context: typer.Context,
    box: Box,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that can be taken back as well.")] = False,
) -> None:
    """The messages of a box, new ones first."""
    rows: list[list[object]] = [
        [
            place,
            row["caller"] or "withheld",
            row["caller_name"],
            datetime.fromtimestamp(row["at"]).astimezone().strftime("%Y-%m-%d %H:%M"),
            clock(row["duration_s"]),
            _state(row),
            row["id"],
        ]
        for place, row in enumerate(_messages(context, box, deleted=deleted), 1)
    ]
    show(f"Messages in {box}", ["", "caller", "name", "at", "length", "state", "message"], rows, "no messages")
    for place, row in enumerate(_messages(context, box, deleted=deleted), 1):
        if row["transcript"] not in ("", "-"):
            out.print(f"{place}: {row['transcript']}", markup=False, soft_wrap=True)


@voicemail.command()
def play(
    context: typer.Context,
    box: Box,
    message: Which,
    target: Annotated[Path, typer.Option("--out", help="The WAV file to write.")] = Path("message.wav"),
    heard: Annotated[bool, typer.Option("--heard", help="The message counts as heard from now on.")] = False,
) -> None:
    """Write the sound of a message into a WAV file, in the clear, mode 0600."""
    from pbx.configfile.recording_key import read_recording_key
    from pbx.voicemail.sounds import RATE, SoundError, read

    row = _find(context, box, message)
    config = read_config(context.obj).config
    folder = Path(config.media.recordings_dir or Path(config.server.data_dir) / "recordings")
    name = config.media.recordings_key_file
    try:
        pcm = read(folder / row["file"], read_recording_key(Path(name)) if name else b"")
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(RATE)
            wav.writeframes(pcm)
    except (OSError, ValueError, SoundError) as error:
        fail(error)
    if heard:
        ask(context.obj, "POST", f"/voicemail/{box}/{row['id']}", {"heard": True})
    out.print(f"{target} is written: {clock(len(pcm) / 2 / RATE)} of {row['caller'] or 'withheld'}", markup=False)


@voicemail.command()
def delete(
    context: typer.Context,
    box: Box,
    message: Which,
    now: Annotated[bool, typer.Option("--now", help="For good; otherwise it can be taken back for a day.")] = False,
) -> None:
    """Delete a message."""
    row = _find(context, box, message)
    path = f"/voicemail/{box}/{row['id']}"
    if now:
        ask(context.obj, "DELETE", path)
    else:
        ask(context.obj, "POST", path, {"deleted": True})
    out.print(f"the message of {row['caller'] or 'withheld'} is deleted", markup=False)


@voicemail.command()
def restore(context: typer.Context, box: Box, message: Which) -> None:
    """Take back a message that was deleted within the last day."""
    row = _find(context, box, message, deleted=True)
    ask(context.obj, "POST", f"/voicemail/{box}/{row['id']}", {"deleted": False})
    out.print(f"the message of {row['caller'] or 'withheld'} is there again", markup=False)


def announcements(context: typer.Context) -> None:
    """What flows play by name: recorded when and by whom, heard now or not."""
    rows: list[list[object]] = [
        [
            row["name"],
            row["code"],
            f"{clock(time.time() - row['recorded_at'])} ago" if row["recorded_at"] else "not recorded",
            row["recorded_by"],
            "heard now" if row["valid"] else "not now",
        ]
        for row in ask(context.obj, "GET", "/announcements")
    ]
    show("Announcements", ["name", "code", "recorded", "by", ""], rows, "there is no announcement")


def _messages(context: typer.Context, box: str, *, deleted: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ask(context.obj, "GET", f"/voicemail/{box}")
    return [row for row in rows if deleted or not row["deleted"]]


def _find(context: typer.Context, box: str, which: str, *, deleted: bool = False) -> dict[str, Any]:
    rows = _messages(context, box, deleted=deleted)
    if which.isdigit() and 0 < int(which) <= len(rows):
        return rows[int(which) - 1]
    found = [row for row in rows if row["id"].startswith(which)] if len(which) >= 8 else []
    if len(found) != 1:
        fail(f"{len(found)} messages of box {box} are {which!r}; `centrala voicemail list {box}` shows them")
    return found[0]


def _state(row: dict[str, Any]) -> str:
    words = ["deleted" if row["deleted"] else "heard" if row["heard"] else "new"]
    words += ["saved"] if row["saved"] else []
    words += ["cut off"] if row["recovered"] else []
    return ", ".join(words)


def _lock(row: dict[str, Any]) -> str:
    return "locked" if row["locked"] else "full" if not row["room_for"] else ""
