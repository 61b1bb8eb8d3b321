"""Runs this folder's async tests in virtual time."""

from __future__ import annotations

from tests.support.virtual_loop import pytest_asyncio_loop_factories  # noqa: F401
