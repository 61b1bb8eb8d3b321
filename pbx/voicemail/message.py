"""One message, and the table of what may become of it. Only this file moves the state.

A message is written down before its sound is recorded: what was being recorded when the process died is found again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol


class MessageState(StrEnum):
    RECORDING = "recording"  # its sound is being written
    KEPT = "kept"
    ERASED = "erased"  # its file is about to go; then the row goes as well


TABLE: dict[MessageState, tuple[MessageState, ...]] = {
    MessageState.RECORDING: (MessageState.KEPT, MessageState.ERASED),
    MessageState.KEPT: (MessageState.ERASED,),
    MessageState.ERASED: (),
}


class WrongMessageState(Exception):
    """The step does not fit the message's state: nothing has changed."""


@dataclass(slots=True, frozen=True)
class Message:
    """See the module. Instants are UTC seconds, 0 for none."""

    id: str
    box: str
    caller: str  # "" when it was withheld
    caller_name: str
    call_id: str
    at: float
    file: str  # below the recordings folder
    language: str = ""
    state: MessageState = MessageState.RECORDING
    duration_s: float = 0.0
    heard: float = 0.0  # first listened to
    saved: bool = False  # by whoever listened: kept for as long as new ones
    deleted: float = 0.0  # by whoever listened: may be taken back for a day
    contact: str = ""  # the item that it became
    recovered: bool = False  # the process died while it was recorded
    transcript: str = ""  # what was said; "-": nothing that was understood; "": not known (yet)

    @property
    def is_new(self) -> bool:
        return not self.heard and not self.deleted

    def moved(self, state: MessageState) -> Message:
        """The message in its next state. Raises WrongMessageState."""
        if state not in TABLE[self.state]:
            raise WrongMessageState(f"message {self.id} is {self.state}: it cannot become {state}")
        return replace(self, state=state)


class MessageStore(Protocol):
    """Where messages live beyond the process. What is awaited returns after the commit, or raises RuntimeError with
    the remedy: then nothing was saved and nobody may be told.
    """

    def load(self) -> Sequence[Message]:
        """All messages as they were when the store was started."""
        ...

    def write(self, message: Message) -> Awaitable[None]:
        """The message is, or replaces, the row of its id."""
        ...

    def erase(self, message: str) -> Awaitable[None]:
        """Its row goes."""
        ...
