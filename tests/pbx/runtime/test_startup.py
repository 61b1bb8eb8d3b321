"""The descriptor budget: what is needed, and what is said when the limit is too low."""

from __future__ import annotations

import resource

import pytest

from pbx.config import Config
from pbx.runtime import startup


def limited(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int) -> list[tuple[int, int]]:
    """The process may have so many descriptors; gives the limits that were set."""
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: told.append(limits))
    return told


def config(calls: int) -> Config:
    return Config.model_validate({"sip": {"max_calls": calls}, "media": {"port_min": 20000, "port_max": 59999}})


def test_two_legs_of_two_descriptors_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    assert startup.descriptors_needed(config(1000)) == 4000 + startup.SPARE
    assert startup.descriptors_needed(config(50_000)) == 40_000 + startup.SPARE  # as far as the ports go
    told = limited(monkeypatch, 1024, 1 << 20)
    assert startup.raise_descriptor_limit(config(1000)) == ""
    assert told == [(4000 + startup.SPARE, 1 << 20)]


def test_a_limit_that_is_too_low_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 1024, 2048)
    text = startup.raise_descriptor_limit(config(1000))
    assert "2048 descriptors allow about 480 calls (960 where both sides take rtcp-mux)" in text
    assert "sip.max_calls is 1000" in text
    assert f"ulimit -n {4000 + startup.SPARE}" in text
