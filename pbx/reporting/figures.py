"""The figures of an interval. Formulas and names: ITU-T E.411 for the network, D1 and D2 of the glossary for queues."""

from __future__ import annotations

from dataclasses import dataclass, field

from pbx.reporting.intervals import Interval
from pbx.reporting.service_level import Counts, Formula, service_level, share


@dataclass(slots=True)
class QueueFigures:
    """What happened to the callers who joined a queue in the interval. Durations are seconds. Callbacks are not in it.

    A call that is still running is not in it yet: it counts in the interval in which it joined, once it has ended.
    """

    queue: str
    threshold_s: float = 20.0  # T
    short_s: float = 5.0  # S
    offered: int = 0
    counts: Counts = field(default_factory=Counts)
    wait_answered_s: float = 0.0
    wait_abandoned_s: float = 0.0
    longest_wait_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrapup_s: float = 0.0
    left_out: int = 0  # answered calls that are in none of the three (pbx.store.outliers)
    offers: int = 0
    offers_missed: int = 0
    flows: dict[str, int] = field(default_factory=dict)  # FO by reason

    @property
    def answered(self) -> int:
        """ANS."""
        return self.counts.answered

    @property
    def handled(self) -> int:
        """Answered calls whose handling is averaged: all but the outliers."""
        return self.answered - self.left_out

    @property
    def abandoned(self) -> int:
        """AB: hung up while waiting."""
        return self.counts.abandoned

    @property
    def flowed_out(self) -> int:
        """FO: left the queue otherwise (overflow, callback accepted, voicemail, a key, timeout, full, no agents)."""
        return self.offered - self.answered - self.abandoned

    def service_level(self, formula: Formula) -> float | None:
        """A share from 0 to 1."""
        return service_level(self.counts, formula)

    @property
    def asa_s(self) -> float | None:
        """Average speed of answer: the wait of the answered."""
        return share(self.wait_answered_s, self.answered)

    @property
    def time_to_abandon_s(self) -> float | None:
        """The average wait of those who gave up."""
        return share(self.wait_abandoned_s, self.abandoned)

    @property
    def abandonment_rate(self) -> float | None:
        """AR = AB / OFF."""
        return share(self.abandoned, self.offered)

    @property
    def adjusted_abandonment_rate(self) -> float | None:
        """(AB - AB<=S) / (OFF - AB<=S)."""
        short = self.counts.abandoned_short
        return share(self.abandoned - short, self.offered - short)

    @property
    def aht_s(self) -> float | None:
        """Average handling time: talk, hold and wrap-up of an answered call."""
        return share(self.talk_s + self.hold_s + self.wrapup_s, self.handled)

    @property
    def average_talk_s(self) -> float | None:
        """Talk without hold."""
        return share(self.talk_s, self.handled)

    @property
    def average_hold_s(self) -> float | None:
        """Hold of an answered call."""
        return share(self.hold_s, self.handled)

    @property
    def average_wrapup_s(self) -> float | None:
        """ACW: from the end of the talk to the end of wrap-up, of an answered call."""
        return share(self.wrapup_s, self.handled)

    @property
    def missed_offer_rate(self) -> float | None:
        """RONA: offers that the agent did not accept / offers."""
        return share(self.offers_missed, self.offers)


@dataclass(slots=True)
class TrunkFigures:
    """Seizures of a trunk that began in the interval: INVITEs that were handed to it. Time and cost include what was
    talked after transfers.
    """

    trunk: str
    seizures: int = 0
    answered: int = 0
    busy: int = 0
    no_answer: int = 0
    rejected: int = 0
    billed_s: float = 0.0
    pdd_sum_s: float = 0.0
    pdd_count: int = 0
    pdd_max_s: float = 0.0
    cost: float = 0.0  # in the currency of the trunk's prices
    mos_sum: float = 0.0  # of the seizures on which something was heard
    mos_count: int = 0

    @property
    def failed(self) -> int:
        """Seizures that the network lost."""
        return self.seizures - self.answered - self.busy - self.no_answer - self.rejected

    @property
    def asr(self) -> float | None:
        """Answer-seizure ratio (ITU-T E.411)."""
        return share(self.answered, self.seizures)

    @property
    def ner(self) -> float | None:
        """Network effectiveness ratio: a person's busy, silence or refusal is not the network's fault."""
        return share(self.answered + self.busy + self.no_answer + self.rejected, self.seizures)

    @property
    def average_call_duration_s(self) -> float | None:
        """Billed seconds of an answered call (the "ACD" of carriers; not the call distributor)."""
        return share(self.billed_s, self.answered)

    @property
    def pdd_s(self) -> float | None:
        """Average post-dial delay: INVITE to the first 180, 183 or 200."""
        return share(self.pdd_sum_s, self.pdd_count)

    @property
    def mos(self) -> float | None:
        """Mean opinion score of what was heard from the far ends (MOS-CQE, G.107)."""
        return share(self.mos_sum, self.mos_count)


@dataclass(slots=True)
class CallFigures:
    """All calls that began in the interval, queued or not."""

    calls: int = 0
    answered: int = 0
    interrupted: int = 0  # cut off by a crash of the PBX
    billed_s: float = 0.0
    talk_s: float = 0.0
    setup_sum_s: float = 0.0
    setup_max_s: float = 0.0

    @property
    def answer_rate(self) -> float | None:
        """Answered calls / calls, seen from the caller."""
        return share(self.answered, self.calls)

    @property
    def average_call_duration_s(self) -> float | None:
        """Billed seconds of an answered call (the "ACD" of carriers)."""
        return share(self.billed_s, self.answered)

    @property
    def setup_s(self) -> float | None:
        """Average INVITE to answer."""
        return share(self.setup_sum_s, self.answered)


@dataclass(slots=True)
class Report:
    """Everything about one interval; `total` adds up the queues."""

    interval: Interval
    calls: CallFigures
    queues: list[QueueFigures]
    trunks: list[TrunkFigures]

    @property
    def total(self) -> QueueFigures:
        """The sum of all queues; each caller is judged by the thresholds of the queue he was in."""
        total = QueueFigures("all")
        for queue in self.queues:
            add(total, queue)
        if self.queues and len({(queue.threshold_s, queue.short_s) for queue in self.queues}) == 1:
            total.threshold_s, total.short_s = self.queues[0].threshold_s, self.queues[0].short_s
        return total


def add(total: QueueFigures, other: QueueFigures) -> None:
    """Adds the counts and sums of `other` to `total`."""
    for name in ("answered", "abandoned", "answered_in_time", "abandoned_in_time", "abandoned_short"):
        setattr(total.counts, name, getattr(total.counts, name) + getattr(other.counts, name))
    for name in (
        "offered",
        "wait_answered_s",
        "wait_abandoned_s",
        "talk_s",
        "hold_s",
        "wrapup_s",
        "left_out",
        "offers",
        "offers_missed",
    ):
        setattr(total, name, getattr(total, name) + getattr(other, name))
    for reason, count in other.flows.items():
        total.flows[reason] = total.flows.get(reason, 0) + count
    total.longest_wait_s = max(total.longest_wait_s, other.longest_wait_s)
