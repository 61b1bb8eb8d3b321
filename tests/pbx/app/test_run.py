"""What ends the process by itself."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from pbx.app.run import _Stopping, _until_asked


@pytest.mark.parametrize("taken", [True, False])
async def test_it_ends_by_a_signal_or_when_its_database_is_taken(taken: bool) -> None:
    app, stopping = SimpleNamespace(store=SimpleNamespace(taken=asyncio.Event())), _Stopping()
    waiting = asyncio.ensure_future(_until_asked(app, stopping))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert not waiting.done()
    (app.store.taken if taken else stopping.first).set()
    assert await asyncio.wait_for(waiting, 10) is taken
