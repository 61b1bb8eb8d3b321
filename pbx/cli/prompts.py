"""`centrala prompts`: what is spoken, how it sounds, and recordings that stand for it."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from pbx.cli.console import ask, fail, out, show, socket_of

PATIENCE_S = 120.0
MANIFEST = "prompts.json"

prompts = typer.Typer(help="What callers hear, and recordings that replace it.", no_args_is_help=True)

Words = Annotated[str, typer.Argument(help="The text, as it is spoken.")]
Draft = Annotated[bool, typer.Option("--draft", help="With --flow: its draft, which no caller hears yet.")]
Spoken = Annotated[str, typer.Option("--language", "-l", help="pl, ru or en.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(prompts, name="prompts")


def _exchange(context: typer.Context, method: str, path: str, payload: bytes | None = None) -> bytes:
    """As `ask`, for sounds; these take longer."""
    from pbx.api.client import ControlClient, ControlError

    client = ControlClient(socket_of(context.obj), PATIENCE_S)
    try:
        return client.exchange(method, path, payload, "application/octet-stream")
    except ControlError as error:
        fail(error)


@prompts.command("list")
def list_prompts(
    context: typer.Context,
    flow: Annotated[str, typer.Option("--flow", help="All that this flow may say, counted values by example.")] = "",
    draft: Draft = False,
    language: Spoken = "",
    recorded: Annotated[bool, typer.Option("--recorded", help="Those with a recording only.")] = False,
) -> None:
    """Every prompt that is made before a call, or all that a flow may say."""
    rows: list[list[object]] = [
        [
            row.get("block", ""),
            row["language"],
            row["voice"],
            row["text"],
            row["state"],
            f"{row['duration_s']:.1f}" if "duration_s" in row else "",
            f"{row['loudness_lufs']:.1f}" if "loudness_lufs" in row else "",
        ]
        for row in ask(context.obj, "GET", _of_flow(flow, draft=draft))
        if language in ("", row["language"]) and (not recorded or row["state"].startswith("recorded"))
    ]
    columns = ["block", "in", "voice", "text", "is", "seconds", "LUFS as given"]
    show("Prompts", columns, rows, "there are none")


@prompts.command()
def listen(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="The text; or none, with --flow.")] = "",
    language: Spoken = "en",
    voice: Annotated[str, typer.Option("--voice", help="A [[speech.voice]]; else that of the language.")] = "",
    flow: Annotated[str, typer.Option("--flow", help="All that this flow may say, into a folder.")] = "",
    draft: Draft = False,
    rate: Annotated[int, typer.Option("--rate", help="8000 as over the telephone, 16000, or 48000.")] = 8000,
    to: Annotated[Path, typer.Option("--to", "-o", help="The WAV file, or the folder for --flow.")] = Path(
        "prompt.wav"
    ),
) -> None:
    """Write what a caller would hear as WAV files."""
    if bool(text) == bool(flow):
        fail("give either a text or --flow NAME")
    if text:
        to.write_bytes(_sound(context, text, language, voice, rate))
        out.print(f"{to}", markup=False)
        return
    folder = to if to.suffix != ".wav" else to.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(ask(context.obj, "GET", _of_flow(flow, draft=draft)), 1):
        name = f"{number:03d}-{row['block']}-{row['key'].replace('.', '-')}-{row['language']}.wav"
        (folder / name).write_bytes(_sound(context, row["text"], row["language"], row["voice"], rate))
        out.print(f"{folder / name}  {row['text']}", markup=False, soft_wrap=True)


def _of_flow(flow: str, *, draft: bool) -> str:
    return f"/prompts?{urlencode({'flow': flow, **({'draft': '1'} if draft else {})})}"


def _sound(context: typer.Context, text: str, language: str, voice: str, rate: int) -> bytes:
    asked = {"text": text, "language": language, "voice": voice, "rate": rate}
    return _exchange(context, "GET", f"/prompts/sound?{urlencode(asked)}")


@prompts.command()
def override(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="WAV, MP3, Ogg or FLAC.", exists=True, dir_okay=False)],
    text: Annotated[str, typer.Option("--text", "-t", help="The text that it stands for, as it is spoken.")],
    language: Spoken,
    fallback: Annotated[bool, typer.Option("--fallback", help="Only when no voice can speak.")] = False,
) -> None:
    """Let callers hear a recording in place of a prompt; trimmed and levelled."""
    row = _upload(context, file.read_bytes(), text, language, "fallback" if fallback else "always", file.name)
    out.print(
        f"{row['duration_s']:.1f} s, {row['loudness_lufs']:.1f} LUFS and peaks of {row['peak_dbov']:.1f} dBov as given;"
        f" now heard for {language} {row['text']!r}",
        markup=False,
        soft_wrap=True,
    )


def _upload(context: typer.Context, data: bytes, text: str, language: str, use: str, source: str) -> Any:
    about = {"text": text, "language": language, "use": use, "source": source, "author": getpass.getuser()}
    return json.loads(_exchange(context, "POST", f"/prompts/recording?{urlencode(about)}", data))


@prompts.command()
def remove(context: typer.Context, text: Words, language: Spoken) -> None:
    """Take a recording back: the prompt is spoken by the machine again."""
    ask(context.obj, "DELETE", f"/prompts/recording?{urlencode({'text': text, 'language': language})}")
    out.print("removed", markup=False)


@prompts.command("export")
def export_recordings(context: typer.Context, folder: Annotated[Path, typer.Argument(help="Made if need be.")]) -> None:
    """Write all recordings, 48 kHz at -19 LUFS, and prompts.json that says what they stand for."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for row in ask(context.obj, "GET", "/prompts"):
        if not row["state"].startswith("recorded"):
            continue
        asked = {"text": row["text"], "language": row["language"]}
        name = f"{row['sound']}.wav"
        (folder / name).write_bytes(_exchange(context, "GET", f"/prompts/recording?{urlencode(asked)}"))
        entries.append({"file": name, "text": row["recorded_text"], "language": row["language"], "use": row["use"]})
    (folder / MANIFEST).write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    out.print(f"{len(entries)} recordings in {folder}", markup=False)


@prompts.command("import")
def import_recordings(
    context: typer.Context, folder: Annotated[Path, typer.Argument(help="With prompts.json, as export writes it.")]
) -> None:
    """Take recordings in as `export` wrote them, or as a studio delivers them with such a list."""
    try:
        entries = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        wanted = [(folder / one["file"], one["text"], one["language"], one.get("use", "always")) for one in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"{folder / MANIFEST} is no list of recordings ({error}); `centrala prompts export` writes one")
    for file, text, language, use in wanted:
        if file.resolve().parent != folder.resolve():
            fail(f"{file} does not lie in {folder}")
        _upload(context, file.read_bytes(), text, language, use, file.name)
    out.print(f"{len(wanted)} recordings taken in", markup=False)
