"""The folder's conftest puts async tests on the virtual loop."""

import asyncio


async def test_virtual_time_is_on() -> None:
    await asyncio.sleep(100_000)
