"""Items kept in memory: the store of a process that has none, and of tests."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.contact.item import ContactItem


class MemoryContacts:
    """A pbx.contact.ports.ContactStore that keeps as long as the object lives."""

    def __init__(self) -> None:
        self.items: dict[str, ContactItem] = {}
        self._keys: dict[str, str] = {}

    def load(self) -> list[ContactItem]:
        return [item.draft() for item in self.items.values() if item.is_open]

    async def write(self, *items: ContactItem, new: bool = False) -> ContactItem | None:
        if new:
            known = self._keys.get(items[0].key)
            if known is not None:
                return self.items[known].draft()
        for item in items:
            self.items[item.id] = item.draft()
            self._keys[item.key] = item.id
        return None

    async def get(self, contact: str) -> ContactItem | None:
        found = self.items.get(contact)
        return found.draft() if found is not None else None

    async def known(self, keys: Sequence[str]) -> set[str]:
        return {key for key in keys if key in self._keys}
