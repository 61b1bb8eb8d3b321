"""Tests in virtual time (pbx.call.virtual_loop). Async tests of a folder run on it when its conftest.py says:

    from tests.support.virtual_loop import pytest_asyncio_loop_factories  # noqa: F401

Elsewhere: `run_virtual(coroutine())`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pbx.call.virtual_loop import STUCK_AFTER_S, Stuck, VirtualTimeLoop, run_virtual, virtual_clock

__all__ = ["STUCK_AFTER_S", "Stuck", "VirtualTimeLoop", "pytest_asyncio_loop_factories", "run_virtual", "virtual_clock"]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The hook of pytest-asyncio: import it into a conftest.py and the folder's async tests run in virtual time."""
    return {"virtual": VirtualTimeLoop}
