"""A call as somebody else's bill or log tells it, and what a reading found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from pbx.config import Language


class Way(StrEnum):
    IN = "in"
    OUT = "out"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class TwinError(ValueError):
    """A file cannot be read; the text names file, line and remedy."""


@dataclass(slots=True)
class CallRecord:
    """Instants are UTC seconds, durations seconds; None is what the source does not tell."""

    at: float
    way: Way = Way.UNKNOWN
    number: str = ""  # of the customer, E.164 where its country is known
    other: str = ""  # our side: number, extension
    answered: bool = False
    wait_s: float | None = None  # to the answer, or to the hang-up of who gave up
    talk_s: float = 0.0
    queue: str = ""
    agent: str = ""
    call_id: str = ""
    sent_away: bool = False  # by a limit, a key or an empty queue: what he waited is not his patience


@dataclass(slots=True)
class Reading:
    """What a file gave. `skipped` counts lines by the reason why they are no calls; `mapping` is column by meaning."""

    form: str
    records: list[CallRecord] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)  # of skipped lines, one for each reason
    demo: dict[Language, str] = field(default_factory=dict)  # what stands above figures of made-up calls

    def skip(self, reason: str, line: int, text: str) -> None:
        self.skipped[reason] += 1
        self.examples.setdefault(reason, f"line {line}: {text[:120]}")

    def take_in(self, other: Reading) -> None:
        """Adds what another file of the same form gave."""
        self.records += other.records
        self.skipped.update(other.skipped)
        for reason, example in other.examples.items():
            self.examples.setdefault(reason, example)
