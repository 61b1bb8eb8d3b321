"""`centrala flow templates` and `new`: flows to begin with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pbx.cli.console import fail, out, show
from pbx.languages import Language


def register(group: typer.Typer) -> None:
    """Adds the commands to `centrala flow`."""
    group.command("templates")(list_templates)
    group.command("new")(new)


def list_templates() -> None:
    """Flows to begin with, and what of your configuration they name."""
    from pbx.flow import templates

    rows: list[list[object]] = [
        [name, templates.document(name).get("description", ""), ", ".join(templates.needs(name))]
        for name in templates.names()
    ]
    show("Templates", ["template", "what it does", "names"], rows, "no templates")


def new(
    name: Annotated[str, typer.Argument(help="The flow's name; NAME.json and NAME.test.yaml are written.")],
    template: Annotated[str, typer.Option(help="Which one: `centrala flow templates`.")] = "hotline",
    language: Annotated[Language | None, typer.Option(help="Of the calls; the server's by default.")] = None,
    use: Annotated[
        list[str] | None,
        typer.Option(help="OLD=NEW: a queue, hours, phone or box of the template by its name here; may be repeated."),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Make a flow from a template: the document, and a script that shows what it does."""
    from pbx.flow import templates
    from pbx.flow.errors import FlowError

    try:
        used = dict(_pair(text) for text in use or ())
        document = templates.made(template, name, language=language or "", use=used)
        script = templates.script(template, language=language or "", use=used)
    except FlowError as error:
        fail(error, 2)
    texts = {
        folder / f"{name}.json": json.dumps(document, ensure_ascii=False, indent=2) + "\n",
        folder / f"{name}.test.yaml": script,
    }
    for path, text in texts.items():
        try:
            with path.open("w" if force else "x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            fail(f"{path} is there already; --force replaces it", 2)
        except OSError as error:
            fail(f"{path} cannot be written: {error.strerror}", 2)
        out.print(f"made {path}", markup=False, soft_wrap=True)
    rest = ", ".join(templates.needs(template))
    out.print(f"the template names {rest}: --use OLD=NEW if they are called otherwise here", markup=False)


def _pair(text: str) -> tuple[str, str]:
    old, given, called = text.partition("=")
    if not given or not old or not called:
        fail(f"{text!r} names nothing; write --use sales=orders", 2)
    return old, called
