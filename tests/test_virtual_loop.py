"""The virtual-time loop itself: it jumps, it serves threads, it reports a test that is stuck."""

import asyncio
import time

import pytest

from pbx.call import virtual_loop
from tests.support.virtual_loop import Stuck, run_virtual, virtual_clock


def test_an_hour_passes_at_once_and_in_order() -> None:
    seen: list[str] = []

    async def late(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        seen.append(name)

    async def main() -> float:
        begin = asyncio.get_running_loop().time()
        await asyncio.gather(late("hour", 3600), late("second", 1), late("minute", 60))
        assert virtual_clock().monotonic() - begin == pytest.approx(3600)
        return asyncio.get_running_loop().time() - begin

    began = time.monotonic()
    assert run_virtual(main()) == pytest.approx(3600)
    assert time.monotonic() - began < 5
    assert seen == ["second", "minute", "hour"]


def test_a_thread_wakes_the_loop() -> None:
    async def main() -> int:
        return await asyncio.to_thread(lambda: 7)

    assert run_virtual(main()) == 7


def test_a_stuck_test_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_loop, "STUCK_AFTER_S", 0.01)
    loop = virtual_loop.VirtualTimeLoop()
    with pytest.raises(Stuck):
        loop.run_until_complete(loop.create_future())
    loop.close()
