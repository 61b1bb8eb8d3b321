"""Changes while calls run, in virtual time."""

from tests.support.virtual_loop import pytest_asyncio_loop_factories  # noqa: F401
