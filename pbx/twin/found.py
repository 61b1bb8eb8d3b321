"""What a reading of files gave: calls, which column meant what, what was left out, and what is doubtful."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pbx.config import Language
from pbx.twin.records import Records


@dataclass(slots=True)
class Reading:
    """What a file gave. `skipped` counts lines by the reason why they are no calls; `mapping` is column by meaning;
    `notes` say how the file was understood where it could be understood otherwise; `counted` are calls of which the
    file tells less than it seems, by what is the matter.
    """

    form: str
    records: Records = field(default_factory=Records)
    calls: int = 0  # that it had before they were put together with those of other files
    mapping: dict[str, str] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)  # of skipped lines, one for each reason
    notes: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    worked: int = 0  # answered calls in whose wrap-up the source tells
    wrapup_s: float = 0.0  # of all of them together
    demo: dict[Language, str] = field(default_factory=dict)  # what stands above figures of made-up calls

    def skip(self, reason: str, line: int, text: str) -> None:
        self.skipped[reason] += 1
        if reason not in self.examples:
            self.examples[reason] = f"line {line}: {text[:120]}"

    def take_in(self, other: Reading) -> None:
        """Adds what another file of the same form gave."""
        self.records.extend(other.records)
        self.skipped.update(other.skipped)
        self.counted.update(other.counted)
        self.worked, self.wrapup_s = self.worked + other.worked, self.wrapup_s + other.wrapup_s
        self.notes += [note for note in other.notes if note not in self.notes]
        for reason, example in other.examples.items():
            self.examples.setdefault(reason, example)


def mean_wrapup_s(readings: Iterable[Reading]) -> float | None:
    """Of an answered call in; None where no source keeps it."""
    told = [(one.worked, one.wrapup_s) for one in readings if one.worked]
    return sum(wrapup_s for _, wrapup_s in told) / sum(worked for worked, _ in told) if told else None
