"""What features ask of one another about waiting humans, as narrow protocols: whoever offers one fits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pbx.contact.item import ContactItem

if TYPE_CHECKING:
    from pbx.call.call import Call


class Candidate(Protocol):
    """Who waits for an agent: a caller who holds, or an item that is to be called back."""

    def offer(self, agent: Any, token: int) -> None:
        """`agent` (a pbx.queue.agent.Agent) is reserved for this candidate: a caller rings the agent's phone and
        bridges, a callback rings the agent and then the customer. `token` goes into `accept` or `decline`.
        """
        ...


class VirtualQueue(Protocol):
    """The one order of all who wait, over calls and items; `services.queues` is one. `since_s` is the loop's clock."""

    def enter(
        self,
        queue: str,
        who: Candidate,
        *,
        since_s: float,
        priority: int = 0,
        skills: Sequence[str] = (),
        preferred: str = "",
    ) -> int:
        """Waits from now on, with the age that `since_s` gives; returns the key."""
        ...

    def leave(self, key: int) -> None:
        """Waits no longer; unknown keys are none of our business."""
        ...

    def position(self, key: int) -> int:
        """1 is the head of the queue, 0 whoever does not wait."""
        ...

    def accept(self, token: int, key: int) -> bool:
        """The agent of the offer took it; False when somebody else was faster."""
        ...

    def decline(self, token: int) -> None:
        """The offer came to nothing; the candidate waits on at the old place."""
        ...

    def free_agents(self, queue: str) -> int: ...

    def waiting(self, queue: str) -> int:
        """Candidates of the queue, callers and items alike."""
        ...

    def soon_free(self, queue: str, within_s: float) -> float:
        """Expected number of agents free now or within `within_s` seconds."""
        ...


class CallbackRequests(Protocol):
    """Asks a caller who waits whether he wants to be called back; `services.extra["callbacks"]` is one."""

    async def request_from_queue(self, call: Call, queue: str, since: float) -> ContactItem | None:
        """Confirms the number, opens the item with the age of `since` (UTC seconds), tells the promise and ends the
        call. None when the caller would rather wait on.
        """
        ...


class ContactStore(Protocol):
    """Where items live beyond the process. Every method that is awaited returns after the commit."""

    def load(self) -> list[ContactItem]:
        """The items that were open when the store was started."""
        ...

    async def write(self, *items: ContactItem, new: bool = False) -> ContactItem | None:
        """Writes all of `items`, or none, with the last attempt of each.

        `new`: the first one is new. When its key is known already nothing is written, and the item of that key is
        returned. Raises StoreError (an Exception with the remedy): then nothing was saved and nobody may be told.
        """
        ...

    async def get(self, contact: str) -> ContactItem | None:
        """An item by its id, closed ones too."""
        ...
