"""Fails on any Cython performance hint: a nogil function without noexcept costs 35 ns a call, 15 us when Python is
busy.

Hints are printed only while a file is translated, so everything is translated once more, into a folder of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    shutil.rmtree(ROOT / "build" / "cython-hints", ignore_errors=True)
    environment = {**os.environ, "CENTRALA_BUILD": "hints", "CENTRALA_TEST_EXTENSIONS": "0"}
    # `--version` makes setup.py translate, and compile nothing.
    command = [sys.executable, "setup.py", "--version"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    output = run.stdout + run.stderr
    hints = [line for line in output.splitlines() if line.startswith(("performance hint", "warning:"))]
    if run.returncode != 0:
        print(output)
        return run.returncode
    print("\n".join(hints) or "no performance hints")
    return 1 if hints else 0


if __name__ == "__main__":
    sys.exit(main())
