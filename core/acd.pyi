"""The distributor: a lock-free inbox of arrivals and agent states, and the decision who rings for whom.

Callers are ordered by rank: their age (`since_ns`) less what their priority is worth, then arrival. The order of two
callers of one queue never changes while they wait, so that whoever is older by more than the difference of priorities
is served first: nobody starves. A caller who comes back keeps the age and so the place. Over several queues that share
agents the same order holds, each queue's waiting multiplied by its weight.

An agent may serve several queues and is free in all of them or in none. Matching gives the first caller for whom an
agent is free that agent whom the queue's strategy names, those of lower penalty first (RING_ALL: every one of them).
Each match reserves its agent under a token: until the token is accepted, declined or dies with its caller, the agent
gets nothing else.

A caller may need skills (a requirement: skill to least level), and time may change that: a plan is a list of steps
(`after_ns` of waiting, kind, value) with REQUIRE (another requirement) and OVERFLOW (wait in a further queue too).
He may prefer an agent: until `until_ns` he waits for that one alone, who then needs no skills, afterwards that agent is
the first choice among those who have them. `next_due` tells when `match` has something to do because of the time.

`arrive`, `leave`, `rank`, `idle`, `away` and `forgo` may be called from any thread: they post into the inbox.
Everything else belongs to the thread that made the object (it first applies what was posted). A foreign thread wakes
that thread itself, e.g. with `loop.call_soon_threadsafe(pump)` where `pump` calls `match`. Times are nanoseconds of one
monotonic clock. An event costs O(log n) in callers and agents, times the kinds of callers or agents of a queue.

Numbers out of range raise ValueError, unknown queues, agents and kinds IndexError, no memory MemoryError.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST_IDLE: int
RING_ALL: int
LEAST_TALK: int
FEWEST_CALLS: int
ROUND_ROBIN: int
LINEAR: int
WEIGHTED_RANDOM: int
SKILLS: int
STRATEGIES: dict[str, int]
REQUIRE: int
OVERFLOW: int
FORGO: int
SKILL_LIMIT: int
NEED_LIMIT: int
STEP_LIMIT: int
OVERFLOW_LIMIT: int
LEVEL_LIMIT: int
WEIGHT_LIMIT: int
PENALTY_LIMIT: int
KIND_LIMIT: int
QUEUE_LIMIT: int

class InboxFull(RuntimeError):
    """Another thread posts faster than the deciding thread takes; nothing was posted."""

class Distributor:
    def __init__(self, inbox: int = 4096, memory: int = 4096, seed: int = 1) -> None:
        """`inbox`: how many posts may wait, `memory`: how many decisions are remembered, powers of two (ValueError).
        `seed` of WEIGHTED_RANDOM. The making thread is the deciding thread."""
    def add_queue(self, strategy: int = ..., weight: int = 100, turn: int = -1) -> int:
        """A new queue's index. `weight` in percent: 200 makes its callers' waiting count double against others'.
        `turn`: the position that ROUND_ROBIN offered last, -1 for none."""
    def set_queue(self, queue: int, strategy: int, weight: int = 100, turn: int = -1) -> None:
        """As `add_queue`, for one that is there: those who wait keep their places, reservations stand."""
    def add_requirement(self, needs: Mapping[int, int]) -> int:
        """Skill to least level; the index. 0 is there from the start: nothing is needed."""
    def add_skills(self, levels: Mapping[int, int]) -> int:
        """Skill to level; the index. 0 is there from the start: none."""
    def add_plan(self, queue: int, requirement: int = 0, steps: Sequence[tuple[int, int, int]] = ()) -> int:
        """For callers of `queue` who need `requirement` at first; the index."""
    def add_agent(self, queues: Iterable[int | tuple[int, int, int]] = (), skills: int = 0, weight: int = 100) -> int:
        """A new agent's index; the agent is away until `idle` is called. The rest as `set_queues`."""
    def set_queues(
        self, agent: int, queues: Iterable[int | tuple[int, int, int]], skills: int = 0, weight: int = 100
    ) -> None:
        """The agent serves exactly these queues from now on: (queue, position in its list, penalty) or queue alone.
        A reservation that is running stays. `weight` in percent: with 50 a call or a minute counts double."""
    def arrive(
        self,
        queue: int,
        since_ns: int,
        *,
        rank_ns: int | None = None,
        plan: int | None = None,
        preferred: int = -1,
        until_ns: int = 0,
    ) -> int:
        """A caller waits in `queue` since `since_ns` (the first arrival's time, when coming back); returns the
        caller's key. `rank_ns` is the place in the order (None: as `since_ns`)."""
    def leave(self, caller: int) -> None:
        """The caller is gone; tokens of its offers die. Leaving twice, or after an accept, does nothing."""
    def rank(self, caller: int, rank_ns: int) -> None:
        """The caller moves to another place."""
    def idle(self, agent: int, since_ns: int, calls: int = 0, talked_ns: int = 0) -> None:
        """The agent is free since `since_ns`. Ignored, and counted, while it is reserved: end the token first."""
    def away(self, agent: int) -> None:
        """The agent gets no offers until `idle`. Ignored (and counted) while the agent is reserved."""
    def forgo(self, agent: int) -> None:
        """Whoever waits for this agent alone waits for everybody from now on."""
    def match(self, now_ns: int = 0) -> list[tuple[int, int, int, int]]:
        """Takes the steps that are due and makes every match possible now: (caller, agent, token, queue), the first
        caller first. `queue` is the one through which the agent was found."""
    def next_due(self) -> int | None:
        """When `match` is to be called because of the time, None for never."""
    def changes(self) -> list[tuple[int, int, int]]:
        """What time did to callers since the last call: (caller, REQUIRE, requirement), (caller, OVERFLOW, queue),
        (caller, FORGO, agent)."""
    def accept(self, token: int) -> list[int] | None:
        """The reserved agent takes the caller, who leaves the queue. Returns the other agents who were reserved for
        this caller (their tokens are dead), or None when the token was over: the caller is gone or somebody else was
        first."""
    def decline(self, token: int) -> bool:
        """Ends the reservation; the caller waits on at the old place. False when the token was over. The agent stays
        away until `idle`."""
    def reserved(self, token: int) -> bool:
        """Whether the reservation still stands."""
    def position(self, caller: int, queue: int = -1) -> int:
        """1 for the first in line of his own queue or of `queue`, counting guests from other queues and those whose
        offer rings; 0 when not waiting there."""
    def waiting(self, queue: int) -> int:
        """Callers whose own queue this is."""
    def in_line(self, queue: int) -> int:
        """Callers who wait here, guests from other queues too."""
    def free_agents(self, queue: int, requirement: int = 0) -> int:
        """Free agents of the queue who fulfil the requirement."""
    def oldest_since(self, queue: int) -> int | None:
        """`since_ns` of the first caller in line, None when nobody waits."""
    def fits(self, agent: int, requirement: int) -> bool:
        """Whether the agent has the skills."""
    def explain(self, caller: int) -> dict[str, Any] | None:
        """What is known of a caller who waits, and the remembered decisions about one who waits or was served: numbers
        only. None for one who is unknown or forgotten."""
    @property
    def ignored(self) -> int:
        """Posts that did not apply: a caller gone already, an agent reported free or away while reserved."""
