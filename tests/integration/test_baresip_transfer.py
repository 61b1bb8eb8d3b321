"""A real phone transfers: baresip's REFER and its NOTIFYs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.process import ROOT
from tests.integration.test_baresip import namespaces


@pytest.mark.skipif(not namespaces(), reason="needs baresip (Debian's package baresip-core) and network namespaces")
def test_baresip_transfers_a_call(tmp_path: Path) -> None:
    command = ["unshare", "--net", sys.executable, "-m", "tests.integration.baresip_transfer", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
    logs = "\n".join(path.read_text(errors="replace")[-3000:] for path in tmp_path.glob("10?/log"))
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{logs}"
