"""Where the running PBX listens for commands, read from its configuration without looking at the rest of it.

Checking a whole configuration costs three times what the start of a command does otherwise, and the PBX runs with what
it took when it started, whatever the file has become since.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pbx.places import DATA_DIR

VARIABLE = "CENTRALA_SERVER__DATA_DIR"


def data_folder(path: Path) -> Path | None:
    """`server.data_dir` of the file at `path` or of the environment; None where only a check of the whole can say what
    is wrong.
    """
    try:
        server = tomllib.loads(path.read_text(encoding="utf-8")).get("server", {})
    except (OSError, ValueError):
        return None
    told = [value for name, value in os.environ.items() if name.upper() == VARIABLE]
    folder = told[-1] if told else server.get("data_dir", DATA_DIR) if isinstance(server, dict) else None
    return Path(folder) if isinstance(folder, str) else None
