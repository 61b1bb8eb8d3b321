"""A closed session goes with the last who holds it: what survives a second is frozen, and no collector looks then."""

from __future__ import annotations

import asyncio
import gc
import weakref

from pbx.media.playback import Playback


class Owner:
    """Holds its playback as a media session does."""

    def __init__(self) -> None:
        self.playback = Playback(None, self.submit)  # type: ignore[arg-type]

    def submit(self, clips: list[int], repeat: bool) -> int:
        return 1


async def test_a_closed_playback_holds_nobody() -> None:
    gc.collect()
    gc.disable()
    try:
        owner = Owner()
        gone = weakref.ref(owner)
        owner.playback.close()
        del owner
        await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()
