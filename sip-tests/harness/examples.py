"""The `examples` step: the shell blocks of a document run as they stand there, against the PBX.

`{of: api.md}` runs them all, `{of: api.md, from: "## People"}` those below that heading. After a block of `sh` may
come one of `text`, which is what it must print: `...` stands for anything. Variables and files are kept from block to
block, and from step to step: `{script: ..., prints: ...}` goes on with them. `$PBX` is the PBX, `$LINK` the token of
the newest link in its log.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.edge import PORTS

if TYPE_CHECKING:
    from harness.pbx import Pbx

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
BLOCK = re.compile(r"```sh\n(.*?)```\n(?:```text\n(.*?)```\n)?", re.DOTALL)
LINK = re.compile(r"/link\?token=([\w-]+)")
TIMEOUT_S = 30


class ExampleFailed(Exception):
    """The text has the block and what it printed."""


def run(pbx: Pbx, wanted: dict[str, Any], folder: Path) -> None:
    """Does one step. Raises ExampleFailed."""
    if "script" in wanted:
        _run(wanted["script"], wanted.get("prints", ""), folder)
        return
    text = (DOCS / wanted["of"]).read_text()
    if "from" in wanted:
        _, found, text = text.partition(wanted["from"] + "\n")
        if not found:
            raise ExampleFailed(f"{wanted['of']} has no heading {wanted['from']!r}")
        text = text.partition("\n## ")[0]
    links = LINK.findall(pbx.log.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "variables"
    if not kept.exists():
        kept.write_text(f"PBX=http://{pbx.address}:{PORTS['ws']}\nLINK={links[-1] if links else ''}\n")
    for script, printed in BLOCK.findall(text):
        _run(script, printed, folder)


def _run(script: str, printed: str, folder: Path) -> None:
    program = f"set -eu -o pipefail; . ./variables\n{script}\ndeclare -p PBX LINK TOKEN > variables 2>/dev/null || true"
    done = subprocess.run(
        ["bash", "-c", program], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    pattern = ".*?".join(re.escape(part) for part in printed.strip().split("..."))
    if done.returncode or (printed and not re.fullmatch(pattern, done.stdout.strip(), re.DOTALL)):
        raise ExampleFailed(f"{script}\nended with {done.returncode} and printed\n{done.stdout}{done.stderr}")
