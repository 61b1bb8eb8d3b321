"""What messages ask of a store, and the store of tests."""

from __future__ import annotations

from typing import Protocol

from pbx.sms.message import Inbound, Message


class SmsStore(Protocol):
    """Where messages live beyond the process. Every method that is awaited returns after the commit, and raises when
    nothing was committed: then nobody may be told anything.
    """

    def load(self) -> list[Message]:
        """The messages that were open when the store was started."""
        ...

    async def write(self, message: Message, *, new: bool = False) -> Message | None:
        """Writes a message with its parts. `new`: when its key is known already nothing is written, and the message of
        that key is returned.
        """
        ...

    async def by_key(self, key: str) -> Message | None: ...

    async def get(self, message: str) -> Message | None:
        """By its id, closed ones too."""
        ...

    async def of_part(self, gateway: str, gateway_id: str) -> Message | None:
        """The message of which a gateway tells by its own id of a part."""
        ...

    async def received(self, inbound: Inbound) -> bool:
        """Keeps a message that came in; False when it was there already, by its gateway's id."""
        ...

    async def note_contact(self, inbound: Inbound) -> None:
        """The message opened a contact."""
        ...

    async def prune(self, before: float) -> int:
        """Deletes closed messages, and those that came in, from before (UTC seconds); returns how many."""
        ...


class MemoryMessages:
    """An SmsStore that forgets with the process."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.inbox: dict[str, Inbound] = {}

    def load(self) -> list[Message]:
        return [message.draft() for message in self.messages.values() if message.is_open]

    async def write(self, message: Message, *, new: bool = False) -> Message | None:
        if new:
            known = await self.by_key(message.key)
            if known is not None:
                return known
        self.messages[message.id] = message.draft()
        return None

    async def by_key(self, key: str) -> Message | None:
        found = (message for message in self.messages.values() if message.key == key)
        message = next(found, None)
        return message.draft() if message is not None else None

    async def get(self, message: str) -> Message | None:
        found = self.messages.get(message)
        return found.draft() if found is not None else None

    async def of_part(self, gateway: str, gateway_id: str) -> Message | None:
        for message in self.messages.values():
            if message.gateway == gateway and any(part.id == gateway_id for part in message.sent):
                return message.draft()
        return None

    async def received(self, inbound: Inbound) -> bool:
        for known in self.inbox.values():
            if inbound.gateway_id and (known.gateway, known.gateway_id) == (inbound.gateway, inbound.gateway_id):
                return False
        self.inbox[inbound.id] = inbound
        return True

    async def note_contact(self, inbound: Inbound) -> None:
        self.inbox[inbound.id] = inbound

    async def prune(self, before: float) -> int:
        gone = [message.id for message in self.messages.values() if message.ended and message.ended < before]
        for message in gone:
            del self.messages[message]
        return len(gone)
