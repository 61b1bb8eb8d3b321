"""Every operation of the HTTP API answers as its description says: see tests.support.described.

FUZZ_API=300 asks each operation for so many things, at random; `make fuzz-api` does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pbx.api.rest.reference import reference
from tests.support.house_thread import HouseThread

PAGE = Path(__file__).resolve().parents[4] / "docs" / "api-reference.md"
EXAMPLES = int(os.environ.get("FUZZ_API", "0"))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HouseThread]:
    with HouseThread(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="module")
def description(there: HouseThread) -> dict[str, Any]:
    document: dict[str, Any] = httpx.get(f"{there.url}/openapi.json", timeout=60).raise_for_status().json()
    return document


@pytest.mark.timeout(150 + 60 * EXAMPLES)
@pytest.mark.filterwarnings("ignore")  # of the tools
def test_what_is_described_is_what_is_answered(there: HouseThread, description: dict[str, Any]) -> None:
    from tests.support.described import ask_everything  # a second and 60 MB, in one process of those that test

    failures, answered = ask_everything(there, description, EXAMPLES)
    assert not failures, "\n\n".join(failures)
    assert [name for name, statuses in answered.items() if 401 in statuses] == []
    well = sum(any(status < 300 for status in statuses) for statuses in answered.values())
    assert well > len(answered) / 3, answered


def test_every_operation_has_a_summary_and_a_right(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            assert operation.get("x-permissions") or not operation.get("security"), f"{method} {path}"


def test_the_page_of_routes_is_the_description(description: dict[str, Any]) -> None:
    text = reference(description)
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "WRITE_DOCS=1 with this test renews docs/api-reference.md"
