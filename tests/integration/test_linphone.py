"""A real client with session timers and PRACK: linphone registers, calls, is called, holds and resumes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.process import ROOT


def possible() -> bool:
    """Whether linphone is there, and we may make a network of our own."""
    if shutil.which("linphonec") is None or shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    command = ["unshare", "--net", "ip", "link", "set", "lo", "up"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not possible(), reason="needs linphonec (Debian's package linphone-cli) and network namespaces")
def test_two_linphones_talk(tmp_path: Path) -> None:
    command = ["unshare", "--net", sys.executable, "-m", "tests.integration.linphone_call", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in tmp_path.glob("10?/out"))
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{logs}"
