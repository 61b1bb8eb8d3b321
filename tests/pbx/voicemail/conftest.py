"""Calls are tested in virtual time; what runs in threads is done at once, so that the clock does not run away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.virtual_loop import pytest_asyncio_loop_factories  # noqa: F401


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(work: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
        return work(*args, **more)

    monkeypatch.setattr(asyncio, "to_thread", at_once)
