"""The command line `centrala`. `serve` starts without typer and rich: the serving process keeps its memory for calls.

`--config` may stand anywhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

DEFAULT_CONFIG = Path("centrala.toml")


def main() -> None:
    """Runs the command line; the exit status is 0 when all went well."""
    arguments = config_first(sys.argv[1:])
    match arguments:
        case ["serve"]:
            config = DEFAULT_CONFIG
        case ["--config", path, "serve"]:
            config = Path(path)
        case _:
            from pbx.cli.rooms import run

            return run(arguments)
    from pbx.cli.serve import serve

    sys.exit(serve(config))


def config_first(arguments: list[str]) -> list[str]:
    """`arguments` with the option for the configuration, in any of its spellings, moved to the front."""
    found: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument in ("--config", "-c"):
            found = ["--config", *([value] if (value := next(waiting, None)) is not None else [])]
        elif argument.startswith("--config="):
            found = ["--config", argument.partition("=")[2]]
        else:
            rest.append(argument)
    return found + rest
