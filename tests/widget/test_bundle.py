"""The snippet as it is delivered: what the package holds is what its sources make; types and unit tests hold."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WIDGET = ROOT / "widget"
BUILT = ROOT / "pbx" / "widget" / "static" / "w.js"
MOST = 15_000  # bytes, gzipped

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (WIDGET / "node_modules").exists(),
    reason="Node or the widget's packages are missing (scripts/setup.sh tests)",
)


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=WIDGET, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_holds_what_the_sources_make(tmp_path: Path) -> None:
    made = tmp_path / "w.js"
    run("node", "build.mjs", f"--out={made}")
    assert made.read_bytes() == BUILT.read_bytes(), "build it again: npm run build in widget/"
    script = made.read_bytes()
    assert len(gzip.compress(script, 9)) <= MOST
    for word in (b"eval(", b"new Function", b"innerHTML", b"document.write"):
        assert word not in script, f"{word.decode()} does not run under a strict policy"


def test_types() -> None:
    run("node_modules/.bin/tsc", "--noEmit", "-p", ".")


def test_units(tmp_path: Path) -> None:
    run("node", "build.mjs", "--tests", f"--out={tmp_path}")
