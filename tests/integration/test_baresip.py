"""A real client over TCP and TLS: baresip registers with outbound (RFC 5626), calls, is called, and hears."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.process import ROOT


def namespaces() -> bool:
    """Whether we may make a network of our own."""
    if shutil.which("baresip") is None or shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    command = ["unshare", "--net", "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not namespaces(), reason="needs baresip (Debian's package baresip-core) and network namespaces")
@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_two_baresips_talk(transport: str, tmp_path: Path) -> None:
    command = ["unshare", "--net", sys.executable, "-m", "tests.integration.baresip_call", transport, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
    _judge(done, tmp_path)


@pytest.mark.skipif(not namespaces(), reason="needs baresip (Debian's package baresip-core) and network namespaces")
@pytest.mark.parametrize("codecs", [("opus", "G722"), ("G722", "PCMA"), ("PCMA", "opus")], ids="-".join)
def test_baresips_of_different_codecs_talk(codecs: tuple[str, str], tmp_path: Path) -> None:
    command = ["unshare", "--net", sys.executable, "-m", "tests.integration.baresip_call", "tcp", str(tmp_path)]
    done = subprocess.run([*command, *codecs], cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
    _judge(done, tmp_path)


def _judge(done: subprocess.CompletedProcess[str], tmp_path: Path) -> None:
    logs = "\n".join(path.read_text(errors="replace")[-3000:] for path in tmp_path.glob("10?/log"))
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{logs}"
