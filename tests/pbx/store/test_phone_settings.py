"""Settings of phones: on disk when `save` returns, there again at the next start, gone when they are taken back."""

from pathlib import Path

import pytest

from pbx.call.phone_settings import PhoneBook
from pbx.events import EventBus
from pbx.store.errors import StoreError
from pbx.store.kept import Kept
from pbx.store.phone_settings import StoredPhoneSettings
from tests.pbx.store.support import World


async def test_they_are_on_disk_when_saved(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        book = PhoneBook(world.store.phone_settings, world.bus)
        await book.change("101", dnd=True, forward_busy="102")
        rows = world.rows("SELECT key, data FROM kept WHERE room = 'phone'")
        assert rows[0][0] == "101"
        assert '"forward_busy":"102"' in rows[0][1]
        await book.change("101", forward_busy=None)
        await book.change("103", call_waiting=False)
    async with World(tmp_path) as world:
        again = PhoneBook(world.store.phone_settings, world.bus)
        again.restore()
        assert again.of("101").dnd
        assert again.of("101").forward_busy is None
        assert again.of("103").call_waiting is False
        await again.change("101", dnd=False)
        await again.change("103", call_waiting=None)
        assert world.rows("SELECT key FROM kept WHERE room = 'phone'") == []


async def test_a_store_that_is_not_started_promises_nothing() -> None:
    book = PhoneBook(StoredPhoneSettings(Kept()), EventBus())
    with pytest.raises(StoreError):
        await book.change("101", dnd=True)
    assert not book.of("101").dnd
