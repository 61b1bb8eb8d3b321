"""docs/rfc.md claims nothing that no test shows."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CLAIMS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "rfc.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| RFC, section"))
]


@lru_cache
def functions(path: Path) -> frozenset[str]:
    return frozenset(re.findall(r"^\s*(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE))


def missing(reference: str) -> str:
    """Why `reference` shows nothing; "" when the test exists."""
    if reference.startswith("sip-tests/"):
        folder = ROOT / "sip-tests" / "scenarios" / reference.removeprefix("sip-tests/")
        return "" if (folder / "test.yaml").is_file() else f"there is no behaviour {folder}"
    name, _, function = reference.partition("::")
    path = ROOT / name
    if not name.startswith("tests/") or not path.is_file():
        return f"there is no test file {name}"
    return "" if not function or function in functions(path) else f"there is no {function} in {name}"


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim[0])
def test_a_claim_has_tests_that_exist(claim: list[str]) -> None:
    assert len(claim) == 3, f"a row has three cells: {claim}"
    references = re.findall(r"`([^`]+)`", claim[2])
    assert references, f"nothing shows {claim[0]}: {claim[1]}"
    assert [problem for reference in references if (problem := missing(reference))] == []


def test_the_check_itself_can_fail() -> None:
    assert CLAIMS
    assert missing("tests/test_rfc_claims.py::test_that_nobody_wrote")
    assert missing("tests/test_nothing.py::test_a")
    assert missing("sip-tests/call/never_written")
    assert not missing("tests/test_rfc_claims.py::test_the_check_itself_can_fail")
