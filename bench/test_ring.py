"""Rings: a push and a pop, ten thousand times, without another thread."""

from __future__ import annotations

from typing import Any

import pytest

probe = pytest.importorskip("tests.core._probe_base", reason="build with CENTRALA_TEST_EXTENSIONS=1")

CYCLES = 10_000


@pytest.mark.parametrize("ring", ["spsc", "mpsc"])
def test_push_and_pop(benchmark: Any, ring: str) -> None:
    assert benchmark(getattr(probe, f"{ring}_cycles"), CYCLES) == CYCLES * (CYCLES - 1) // 2
