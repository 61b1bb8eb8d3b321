"""Ways to estimate a caller's wait on arrival, side by side on the same arrivals: ours and those of the field."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from pbx.queue.promise import Promise
from pbx.queue.service import QueueService
from tests.support.queue_simulator import Phase, Simulation, Stay

PEAK = 143 / 3600  # arrivals a second in the three busy hours, 7.15 erlang at 180 s
QUIET = 107 / (7 * 3600)  # the rest of 536 calls a day, 0.77 erlang
HOUR_S = 3600.0
# A working day of ten hours: 80 % of the calls in 10-12 and 15-16.
DAY = [
    Phase(2 * HOUR_S, QUIET),
    Phase(2 * HOUR_S, PEAK),
    Phase(3 * HOUR_S, QUIET),
    Phase(1 * HOUR_S, PEAK),
    Phase(2 * HOUR_S, QUIET),
]
AGENTS, AHT_S, PATIENCE_S = 6, 180.0, 300.0


class AsteriskEma:
    """Integer moving average over answered callers, 3/4 old and 1/4 new; abandoned waits never enter."""

    def __init__(self) -> None:
        self.holdtime = 0
        self._seen = False

    def answered(self, wait_s: float) -> None:
        new = int(wait_s)
        self.holdtime = ((self.holdtime * 3) + new) // 4 if self._seen else new
        self._seen = True


class Bystanders:
    """Watches a simulation and notes each estimator's figure for whoever has to wait, at the moment of arrival."""

    def __init__(self) -> None:
        self.ema = AsteriskEma()
        self._counted = 0
        self.simulation: Simulation

    def watch(self, stay: Stay, service: QueueService) -> None:
        simulation = self.simulation
        queue = service.queues[stay.queue]
        waiting = queue.waiting.get(stay.call_id)
        if waiting is None or waiting.offers:  # served at once
            return
        self._catch_up()
        learned = queue.estimator
        position = stay.ahead + 1
        oldest = simulation.by_call[next(iter(queue.waiting))]
        stay.told = {
            "position x AHT": position * learned.aht_s,
            "position / capacity": position * learned.aht_s / simulation.agents,
            "last to enter service": simulation.last_served,
            "head of line": stay.came - oldest.came,
            "moving average": float(self.ema.holdtime),
        }
        found = service.promises.of(waiting)
        if isinstance(found, Promise):
            stay.told["promise"] = found.mean_s
            stay.high_s = found.high_s

    def _catch_up(self) -> None:
        """The moving average hears of those who were answered since."""
        answered = self.simulation.answered
        for stay in answered[self._counted :]:
            self.ema.answered(stay.wait_s)
        self._counted = len(answered)


def observed(phases: Sequence[Phase], *, seed: int, **kwargs: float) -> Simulation:
    """A simulation whose stays carry what each estimator said."""
    bystanders = Bystanders()
    given = {"agents": AGENTS, "aht_s": AHT_S, "patience_s": PATIENCE_S, **kwargs}
    simulation = Simulation(seed=seed, watch=bystanders.watch, **given)  # type: ignore[arg-type]
    bystanders.simulation = simulation
    return simulation


def judged(stays: Iterable[Stay]) -> list[Stay]:
    """Who waited, was told something by all, and was served in the end."""
    return [stay for stay in stays if stay.queued and stay.outcome == "answered" and "promise" in stay.told]


def errors(stays: Sequence[Stay], name: str) -> tuple[float, float]:
    """(root mean square, mean) of what the estimator said too much, in seconds."""
    wrong = [stay.told[name] - stay.wait_s for stay in stays]
    return math.sqrt(sum(value * value for value in wrong) / len(wrong)), sum(wrong) / len(wrong)


def kept_share(stays: Iterable[Stay]) -> float:
    """The share of promises that are true, who gave up before the end of theirs as censored (Kaplan-Meier, each wait
    measured in its own promise)."""
    told = sorted((stay.wait_s / stay.high_s, stay.outcome == "answered") for stay in stays if stay.high_s)
    at_risk, open_share = len(told), 1.0
    for ratio, answered in told:
        if ratio > 1:
            break
        if answered:
            open_share *= 1 - 1 / at_risk
        at_risk -= 1
    return 1 - open_share
