"""Runs the tests that failed once more, alone: what failed beside others on a crowded machine only is called unsteady.

    python -m pytest -n 4 || python scripts/once_alone.py $?

At most MOST of them get the second run, so that a broken tree stays broken, and whoever passes by it is named: an
unsteady test is a fault of the test or of the product, it only is none of the change that it happened to meet.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson

MOST = 3
SOME_FAILED = "1"  # pytest's exit status
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def failed() -> list[str]:
    """The tests that failed in the last run; none when it ended before a test could fail."""
    return sorted(orjson.loads(LAST_FAILED.read_bytes())) if LAST_FAILED.exists() else []


def main() -> int:
    if sys.argv[1:] != [SOME_FAILED]:  # interrupted, or nothing was collected: there is nothing to look at again
        return 1
    names = failed()
    if not 0 < len(names) <= MOST:
        print(f"{len(names)} failures: no second run (it is for 1 to {MOST})", file=sys.stderr)
        return 1
    if subprocess.run([sys.executable, "-m", "pytest", *names], check=False).returncode:
        return 1
    for name in names:
        print(f"UNSTEADY {name}: failed beside others, passed alone", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
