"""The shared corpus of test messages: where it is, what it expects. Tests skip when it is not there."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("CENTRALA_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")


@dataclass(frozen=True, slots=True)
class Entry:
    """One message and its verdict, as the corpus's legend explains."""

    name: str
    folder: str
    path: Path
    cls: str
    expect: str
    ok_status: frozenset[int]
    fixup_acceptable: bool
    silent_ok: bool
    must: str

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()


def entries(*folders: str) -> list[Entry]:
    """All entries of the given folders, [] when the corpus is not there."""
    index = ROOT / "expected.json"
    if not index.is_file():
        return []
    messages: list[dict[str, Any]] = json.loads(index.read_text(encoding="utf-8"))["messages"]
    found = []
    for message in messages:
        folder = message["path"].partition("/")[0]
        if folder in folders:
            found.append(
                Entry(
                    name=message["file"],
                    folder=folder,
                    path=ROOT / message["path"],
                    cls=message["cls"],
                    expect=message["expect"],
                    ok_status=frozenset(message["ok_status"]),
                    fixup_acceptable=message["fixup_acceptable"],
                    silent_ok=message["silent_ok"],
                    must=message["must"],
                )
            )
    return found
