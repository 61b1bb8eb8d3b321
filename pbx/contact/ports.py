"""What features ask of one another about waiting humans, as narrow protocols: whoever offers one fits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pbx.contact.item import ContactItem

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.contact.callback_request import CallbackRequest


class Candidate(Protocol):
    """Who waits for an agent: a caller who holds, or an item that is to be called back."""

    @property
    def id(self) -> str:
        """The call's or the item's."""
        ...

    def offer(self, agent: Any, token: int) -> None:
        """`agent` (a pbx.queue.agent.Agent) is reserved for this candidate: a caller rings the agent's phone and
        bridges, a callback rings the agent and then the customer. `token` goes into `accept` or `decline`.
        """
        ...


class VirtualQueue(Protocol):
    """The one order of all who wait, over calls and items; `services.queues.items` is one. `since_s` is the loop's
    clock. Every reservation ends by exactly one of `lost`, `failed` and, after `accept`, `over`.
    """

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
        """Waits with the age that `since_s` gives; returns the key. Offers come from the next turn on."""
        ...

    def leave(self, key: int) -> None:
        """Waits no longer; unknown keys are none of our business."""
        ...

    def position(self, key: int) -> int:
        """1 is the head of the queue, 0 whoever does not wait."""
        ...

    def giving_up(self, queue: str) -> float:
        """The probability that a caller who comes last in line now gives up before he is served."""
        ...

    def choice(self, queue: str) -> dict[str, str]:
        """During `Candidate.offer`: `by` what the agent was chosen, `through` which queue when it is not `queue`."""
        ...

    def reserve(self, agent: Any, call_id: str) -> None:
        """`agent` takes the offer up: a phone is about to ring for the call."""
        ...

    def rings(self, agent: Any, call_id: str, leg: str) -> None:
        """It is that `leg` of the call which rings at `agent`."""
        ...

    def line(self, agent: Any) -> Any:
        """The agent's configuration where calls do not reach him by a phone of an extension, else None."""
        ...

    def confirms(self, line: Any) -> bool:
        """Whether whoever answers the line has to press 1."""
        ...

    def ring(self, call: Call, agent: Any, *, timeout_s: float, queue: str, headers: Sequence[str] = ()) -> Any:
        """A leg of `call` that reaches the agent. Raises CallEnded, DialFailed."""
        ...

    async def taken(self, call: Call, agent: Any, leg: Any, queue: str) -> None:
        """Returns when the agent himself is at the other end of `leg`. Raises DialFailed."""
        ...

    def drop(self, call: Call, agent: Any, leg: Any, why: str = "") -> None:
        """The agent's leg is needed no longer."""
        ...

    def accept(self, queue: str, agent: Any, token: int, key: int, call_id: str) -> bool:
        """The agent answered and has the candidate; False when somebody else was faster."""
        ...

    def failed(self, queue: str, agent: Any, token: int, cause: str) -> str:
        """The agent's phone did not answer; returns why, as queue.offer_ended says it. The candidate waits on."""
        ...

    def lost(self, agent: Any, token: int) -> None:
        """The offer is over without blame; the candidate waits on."""
        ...

    def over(self, queue: str, agent: Any, call_id: str, talk_s: float) -> None:
        """What the agent accepted is over after `talk_s` with the customer; without a talk there is no wrap-up."""
        ...

    def free_agents(self, queue: str) -> int: ...

    def waiting(self, queue: str) -> int:
        """Candidates of the queue, callers and items alike."""
        ...

    def older(self, queue: str, since_s: float) -> int:
        """Those of them who wait for longer than since `since_s`."""
        ...

    def soon_free(self, queue: str, within_s: float) -> float:
        """Expected number of agents free now or within `within_s` seconds."""
        ...

    def promise_s(self, queue: str) -> float | None:
        """In how many seconds a newcomer is served with the queue's quantile; None when nobody can say."""
        ...


class CallbackRequests(Protocol):
    """Asks a caller who waits whether he wants to be called back; `services.extra["callbacks"]` is one."""

    async def request_from_queue(self, call: Call, queue: str, since: float) -> ContactItem | None:
        """Confirms the number, opens the item with the age of `since` (UTC seconds), tells the promise and ends the
        call. None when the caller would rather wait on.
        """
        ...

    def number_of(self, heard: str) -> str:
        """`heard` as a number that may be called back, "" when it may not."""
        ...

    async def request_from_flow(
        self, call: Call, queue: str, number: str, *, at: float = 0.0
    ) -> tuple[ContactItem | None, str]:
        """Opens the item for a number that the caller confirmed, not before `at` (UTC seconds); it is on disk when this
        returns. None with the reason when the request is refused. The call goes on.
        """
        ...


class Verdict(Protocol):
    """`number` as it is kept ("" when it is none); `reason` "" when it may be called, else why not."""

    @property
    def number(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def country(self) -> str: ...


class WebCallbacks(Protocol):
    """Takes requests of web pages; `services.extra["callbacks"]` is one."""

    async def request(self, request: CallbackRequest) -> tuple[Any, bool]:
        """The item's row (`id`), on disk; True when it is a new one. Raises RequestRefused."""
        ...

    async def cancel(self, contact: str, by: str = ...) -> Any:
        """Takes a request back. Raises RequestRefused."""
        ...

    def judge(self, heard: str) -> Verdict:
        """What was typed as a number, and whether it may be called back."""
        ...

    def may_call(self, number: str, at: float) -> bool:
        """Whether a number may be called at an instant (UTC seconds), on its own clock."""
        ...


class Previews(Protocol):
    """Agents who read a contact before they call it; `services.extra["callbacks"]` is one."""

    def preview(self, agent: str, *, accept: bool) -> Any:
        """The agent takes or declines what he reads. Raises when he reads nothing."""
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

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Those of `keys` that some item has, be it closed."""
        ...
