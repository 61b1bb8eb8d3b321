"""What a test call found, and the judgement of it."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class StepResult:
    """One prompt that was waited for. Seconds are those of what was heard, from the answer on."""

    expected: str
    heard: bool
    score: float  # normalised cross-correlation, 0..1
    at_s: float  # where it began; -1: nowhere
    pressed: str = ""
    reaction_ms: float | None = None  # from the end of what was pressed before it to its beginning


@dataclass(slots=True)
class Result:
    """`id` is that of the call that was placed. Instants are UTC seconds."""

    id: str
    name: str
    trunk: str
    number: str
    started: float
    ended: float = 0.0
    passed: bool = False
    reason: str = ""  # the first thing that was wrong
    pdd_s: float | None = None
    answer_s: float | None = None
    mos: float | None = None  # MOS-CQE, G.107; None: too short to judge
    rx_packets: int = 0
    tx_packets: int = 0
    lost_packets: int = 0
    far_packets: int | None = None  # what the other end got of ours; None: it is not one of our own calls
    silent: bool = False  # nothing but silence came back
    far_silent: bool = False  # nothing but silence arrived there
    steps: list[StepResult] = field(default_factory=list)

    @property
    def score(self) -> float | None:
        """The worst match of the prompts."""
        return min((step.score for step in self.steps), default=None)


class ResultStore(Protocol):
    """Where results live."""

    def write(self, result: Result) -> Awaitable[None]:
        """Returns after the commit; raises RuntimeError."""
        ...

    def results(self, name: str, limit: int, after: tuple[int, str] | None = None) -> Awaitable[Sequence[Result]]:
        """The newest first, behind `after` (microseconds, id); of every test with ""."""
        ...
