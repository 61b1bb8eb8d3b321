"""Checks that cimports of the core go down only: base < signal < stream < engine < the modules on top.

Within a rank, modules may cimport each other (the compiler refuses cycles). Run it, or call `violations(root)`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

RANKS = {"base": 0, "signal": 1, "stream": 2, "engine": 3}
TOP = 4  # core/acd, core/sipscan: stand-alone, over the base only by need
_CIMPORT = re.compile(r"^\s*(?:from\s+(core[\w.]*)\s+cimport|cimport\s+(core[\w.]*))", re.MULTILINE)
_IMPORT_OF_PBX = re.compile(r"^\s*(?:from|import)\s+pbx\b", re.MULTILINE)


def rank(module: str) -> int:
    """The rank of a dotted module name: `core.stream.rtp` is 2."""
    parts = module.split(".")
    return RANKS.get(parts[1], TOP) if len(parts) > 1 else TOP


def violations(root: Path) -> list[str]:
    """One line for each cimport that goes up, and for each import of pbx, in the core under `root`."""
    found = []
    for path in sorted(path for ending in ("*.pyx", "*.pxd") for path in (root / "core").rglob(ending)):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        text = path.read_text(encoding="utf-8")
        for match in _CIMPORT.finditer(text):
            target = match.group(1) or match.group(2)
            line = text.count("\n", 0, match.start(match.lastindex or 0)) + 1
            if rank(target) > rank(module):
                found.append(
                    f"{path.relative_to(root)}:{line}: rank {rank(module)} cimports {target} of {rank(target)}"
                )
        if _IMPORT_OF_PBX.search(text):
            found.append(f"{path.relative_to(root)}: the core never imports pbx")
    return found


def main() -> int:
    found = violations(Path(__file__).resolve().parent.parent)
    print("\n".join(found) or "cimports go down only")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
