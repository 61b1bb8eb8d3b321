"""Fakes for those tests that ask for them."""

from __future__ import annotations

import pytest

from tests.pbx.sms.virtual import made


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    made(monkeypatch)
