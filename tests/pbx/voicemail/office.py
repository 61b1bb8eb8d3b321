"""A company with voicemail on fakes: recordings are real files, and callers speak when a test says so."""

from __future__ import annotations

import struct
import wave
from pathlib import Path
from typing import Any

from pbx.call.fake_media import FakeMediaSession, FakeRecording
from pbx.call.testing import FakeCaller
from pbx.contact.book import ContactBook
from pbx.contact.item import ContactItem
from pbx.voicemail.message import Message
from pbx.voicemail.service import Voicemail
from tests.pbx.features.world import Company

LOUD, QUIET = 8000, 0


def write_wav(path: Path, seconds: float, level: int = LOUD) -> None:
    """A WAV of so many seconds of a square wave, as the media threads write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack("<2h", level, -level) * int(seconds * 4000))


class Messages:
    """A MessageStore in memory; `fails` is raised by the next writes."""

    def __init__(self) -> None:
        self.rows: dict[str, Message] = {}
        self.fails: Exception | None = None
        self.writes: list[Message] = []

    def load(self) -> list[Message]:
        return list(self.rows.values())

    async def write(self, message: Message) -> None:
        if self.fails is not None:
            raise self.fails
        self.rows[message.id] = message
        self.writes.append(message)

    async def erase(self, message: str) -> None:
        self.rows.pop(message, None)


class Contacts:
    """A ContactStore in memory."""

    def __init__(self) -> None:
        self.items: dict[str, ContactItem] = {}

    def load(self) -> list[ContactItem]:
        return []

    async def write(self, *items: ContactItem, new: bool = False) -> ContactItem | None:
        known = next((item for item in self.items.values() if item.key == items[0].key), None)
        if new and known is not None:
            return known
        self.items.update({item.id: item.draft() for item in items})
        return None

    async def get(self, contact: str) -> ContactItem | None:
        return self.items.get(contact)

    async def known(self, keys: Any) -> set[str]:
        return {item.key for item in self.items.values()} & set(keys)


class Lamps:
    """What the phones show: extension to (new, old)."""

    def __init__(self) -> None:
        self.shown: dict[str, tuple[int, int]] = {}

    def set(self, mailbox: str, new: int, old: int = 0) -> None:
        self.shown[mailbox] = new, old


class Office(Company):
    """Boxes 101 (of that extension), sales (shared, a contact of the queue); `speak` is a caller's voice."""

    def __init__(self, folder: Path, *, messages: Messages | None = None, **sections: Any) -> None:
        boxes = [
            {"name": "101", "extension": "101", "pin": "2580"},
            {"name": "sales", "pin": "13579", "lamps": ["102"], "queue": "sales", "deadline_s": 600},
        ]
        given = {
            "voicemail": boxes,
            "queue": [{"name": "sales", "agents": ["102"]}],
            "number": [{"number": "700", "application": "voicemail"}],
            **sections,
        }
        super().__init__(**given)
        self.folder = folder
        self.messages = messages if messages is not None else Messages()
        self.lamps = self.services.message_waiting = Lamps()
        self.contacts = Contacts()
        self.services.contacts = ContactBook(self.config, self.bus, self.services.clock, self.contacts)
        self.voicemail = Voicemail(self.services, self.messages, folder)
        record = FakeMediaSession.record
        office = self

        def recorded(session: FakeMediaSession, path: str, other: Any, **how: bool) -> FakeRecording:
            recording = record(session, path, other, **how)
            recording.path = folder / path  # type: ignore[assignment]
            write_wav(folder / path, 0.0)
            stop = recording.stop

            async def stopped() -> float:
                seconds = await stop()
                write_wav(folder / path, seconds)
                return seconds

            recording.stop = stopped  # type: ignore[method-assign]
            office.recordings.append(recording)
            return recording

        self.recordings: list[FakeRecording] = []
        open_stream = self.media.open

        def opened(near: FakeMediaSession | None = None) -> FakeMediaSession:
            session = open_stream(near)
            session.record = lambda path, other, **how: recorded(session, path, other, **how)  # type: ignore[method-assign]
            return session

        self.media.open = opened  # type: ignore[method-assign]

    def talks(self, caller: FakeCaller, begins: bool) -> None:
        """The media threads tell that the caller begins or ends to talk."""
        room = caller.media.room
        assert room is not None, "nobody listens to whether the caller talks"
        assert room.on_talker is not None
        room.on_talker(caller.media, begins)

    async def speak(self, caller: FakeCaller, seconds: float) -> None:
        self.talks(caller, True)
        await self.sleep(seconds)
        self.talks(caller, False)

    async def message(self, box: str = "101", *, seconds: float = 3.0, **setup: Any) -> FakeCaller:
        """A caller leaves a message and hangs up."""
        caller = self.call(f"voicemail:{box}", **setup)
        await self.at_the_tone(caller)
        await self.speak(caller, seconds)
        caller.hang_up()
        await caller.over()
        await self.voicemail.deposit.settle()
        return caller

    async def at_the_tone(self, caller: FakeCaller) -> None:
        """Waits until the caller is being recorded."""
        before = len(self.recordings)
        for _ in range(600):
            if len(self.recordings) > before and caller.media.room is not None:
                return
            await self.sleep(0.1)
        raise AssertionError(f"nothing is recorded; heard: {caller.heard}")

    async def hears(self, caller: FakeCaller, text: str) -> None:
        """Waits until the caller hears something with `text` in it."""
        for _ in range(1200):
            if any(text in heard for _, heard in caller.heard[-3:]):
                return
            await self.sleep(0.1)
        raise AssertionError(f"{text!r} was not heard: {caller.heard[-5:]}")


def said(caller: FakeCaller) -> list[str]:
    """What was played, without the languages."""
    return [text.removeprefix("en:") for _, text in caller.heard]


def sounds(folder: Path) -> list[Path]:
    """The recorded files."""
    return sorted(folder.rglob("*.wav"))
