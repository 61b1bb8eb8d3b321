"""SIPVicious, as those use it who look for telephone systems: it finds the PBX, and nothing inside (security.md R7)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import SECRETS, House

BIN = Path(sys.executable).parent
ATTACKER = "127.0.0.1"  # where SIPVicious sends from

pytestmark = pytest.mark.skipif(
    not (BIN / "sipvicious_svwar").exists(), reason="sipvicious is not installed (pip install sipvicious)"
)


def run(tool: str, *arguments: str, cwd: Path, timeout_s: float = 60.0) -> str:
    """The tool's output; it may end with any status."""
    command = [sys.executable, str(BIN / f"sipvicious_{tool}"), *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout_s)
    return done.stdout + done.stderr


def counted(house: House, name: str) -> float:
    """A counter of the PBX."""
    _, text = house.process.get("/metrics")
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


@pytest.fixture(autouse=True)
def forgiven(house: House) -> Iterator[None]:
    """Nobody else suffers from what was done here."""
    yield
    for ban in house.process.control.get("/bans"):
        house.process.control.request("DELETE", f"/bans/{ban['address']}")


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS"])
def test_svwar_finds_no_extension(house: House, tmp_path: Path, method: str) -> None:
    with house.phone("101", host=60) as anna:
        assert anna.register().status == 200
        before = counted(house, "centrala_sip_messages_received_total")
        out = run("svwar", "-m", method, "-e", "100-160", "--force", house.host(1), cwd=tmp_path)
        assert "Traceback" not in out, out
        assert counted(house, "centrala_sip_messages_received_total") > before + 1, "it asked for nothing"
        assert method == "OPTIONS" or "found nothing" in out, "it gives up: every number is challenged"
        found = [line for line in out.splitlines() if "|" in line and "reqauth" in line.lower()]
        numbers = {line.split("|")[1].strip() for line in found}
        known = {number for number in SECRETS if number.isdigit() and 100 <= int(number) <= 160}
        assert not numbers or known < numbers or not numbers & known, f"it tells accounts from others: {out}"
        talk = anna.call("601")
        assert talk.status == 200
        assert talk.bye() == 200


def test_svcrack_does_not_find_a_password_that_is_in_its_list(house: House, tmp_path: Path) -> None:
    words = [f"wrong{n}" for n in range(300)]
    (tmp_path / "words.txt").write_text("\n".join([*words, SECRETS["101"]]) + "\n")
    with house.phone("101", host=60) as anna:
        assert anna.register().status == 200
        before = house.process.control.get("/bans")
        wrong = counted(house, "centrala_sip_wrong_passwords_total")
        out = run("svcrack", "-u", "101", "-d", "words.txt", house.host(1), cwd=tmp_path)
        assert "Traceback" not in out, out
        assert SECRETS["101"] not in out, out
        judged = counted(house, "centrala_sip_wrong_passwords_total") - wrong
        assert 10 <= judged <= 30, "it guessed, and no more than 30 guesses were judged"
        banned = {ban["address"] for ban in house.process.control.get("/bans")} - {ban["address"] for ban in before}
        assert banned <= {ATTACKER}
        talk = anna.call("601")
        assert talk.status == 200, "the owner of the account is not harmed"
        assert talk.bye() == 200
