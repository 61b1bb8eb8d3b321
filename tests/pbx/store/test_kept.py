"""Small states come back after a restart, and what was taken back does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.store.kept import Kept
from tests.pbx.store.support import World


async def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        kept = world.store.kept
        kept.put("spend", "trunk:carrier", [1, 2.5, 3])
        kept.put("spend", "trunk:carrier", [1, 7.5, 9])
        kept.put("bans", "192.0.2.1", {"reason": "guessing"})
        kept.put("bans", "192.0.2.2", {"reason": "scanning"})
        kept.put("bans", "192.0.2.2", None)
    async with World(tmp_path) as world:
        assert world.store.kept.load("spend") == {"trunk:carrier": [1, 7.5, 9]}
        assert world.store.kept.load("bans") == {"192.0.2.1": {"reason": "guessing"}}
        assert world.store.kept.load("lists") == {}
        assert world.count("kept") == 2, "what was taken back leaves no row"


async def test_what_is_promised_is_committed_before(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        kept = world.store.kept
        await kept.keep("messages", "m1", {"body": "hello"})
        assert world.count("kept") == 1  # read by another connection


def test_nothing_is_lost_silently_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        Kept().put("spend", "x", 1)
