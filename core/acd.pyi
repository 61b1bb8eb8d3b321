"""The distributor: a lock-free inbox of arrivals and agent states, and the decision who rings for whom.

Callers are ordered by age (`since_ns`, then arrival); a caller who comes back keeps the age and so the place. An agent
may serve several queues and is free in all of them or in none. Matching gives the oldest caller over all queues the
agent that is free for the longest time (LONGEST_IDLE) or every free agent (RING_ALL). Each match reserves its agent
under a token: until the token is accepted, declined or dies with its caller, the agent gets nothing else.

`arrive`, `leave`, `idle` and `away` may be called from any thread: they post into the inbox. Everything else belongs
to the thread that made the object (it first applies what was posted). A foreign thread wakes that thread itself, e.g.
with `loop.call_soon_threadsafe(pump)` where `pump` calls `match`. Times are nanoseconds of one monotonic clock. All
operations are O(log n) in callers or agents; a decision visits the queues that changed.
"""

from collections.abc import Iterable

LONGEST_IDLE: int
RING_ALL: int

class InboxFull(RuntimeError):
    """Another thread posts faster than the deciding thread takes; nothing was posted."""

class Distributor:
    def __init__(self, inbox: int = 4096) -> None:
        """`inbox`: how many posts may wait, a power of two (ValueError). The making thread is the deciding thread."""
    def add_queue(self, strategy: int = ...) -> int:
        """A new queue's index."""
    def add_agent(self, queues: Iterable[int] = ()) -> int:
        """A new agent's index; the agent is away until `idle` is called."""
    def set_queues(self, agent: int, queues: Iterable[int]) -> None:
        """The agent serves exactly these queues from now on; a reservation that is running stays."""
    def arrive(self, queue: int, since_ns: int) -> int:
        """A caller waits in `queue` since `since_ns` (the first arrival's time, when coming back); returns the
        caller's key."""
    def leave(self, caller: int) -> None:
        """The caller is gone; tokens of its offers die. Leaving twice, or after an accept, does nothing."""
    def idle(self, agent: int, since_ns: int) -> None:
        """The agent is free since `since_ns`. Ignored, and counted, while it is reserved: end the token first."""
    def away(self, agent: int) -> None:
        """The agent gets no offers until `idle`. Ignored (and counted) while the agent is reserved."""
    def match(self) -> list[tuple[int, int, int, int]]:
        """Makes every match possible now: (caller, agent, token, queue), the oldest caller first."""
    def accept(self, token: int) -> list[int] | None:
        """The reserved agent takes the caller, who leaves the queue. Returns the other agents who were reserved for
        this caller (their tokens are dead), or None when the token was over: the caller is gone or somebody else was
        first."""
    def decline(self, token: int) -> bool:
        """Ends the reservation; the caller waits on at the old place. False when the token was over. The agent stays
        away until `idle`."""
    def reserved(self, token: int) -> bool:
        """Whether the reservation still stands."""
    def position(self, caller: int) -> int:
        """1 for the oldest waiting caller of the queue, counting those whose offer rings; 0 when not waiting."""
    def waiting(self, queue: int) -> int: ...
    def free_agents(self, queue: int) -> int: ...
    def oldest_since(self, queue: int) -> int | None:
        """`since_ns` of the oldest waiting caller, None when nobody waits."""
    @property
    def ignored(self) -> int:
        """Posts that did not apply: a caller gone already, an agent reported free or away while reserved."""
