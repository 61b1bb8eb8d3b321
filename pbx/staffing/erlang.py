"""Erlang's formulas: B (what finds no line), C (waiting without giving up) and A (waiting with patience).

Names: `load` is arrivals times handling time in erlang, `servers` agents or lines. All of them are exact for Poisson
arrivals, exponential handling and, in A, exponential patience.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from pbx.erlang import check_load, erlang_b, lines_for

__all__ = ["ErlangA", "ErlangC", "erlang_b", "lines_for"]

TAIL = 1e-13  # of the most likely state: states less likely than that are left out
MOST_STATES = 1_000_000


@dataclass(frozen=True)
class ErlangC:
    """`servers` agents, `load` erlang, handling time in seconds. Where the load is too much every wait is endless."""

    servers: int
    load: float
    handling_s: float

    def __post_init__(self) -> None:
        check_load(self.servers, self.load, self.handling_s)

    @cached_property
    def waiting(self) -> float:
        """C: the share of callers who wait at all."""
        if self.load >= self.servers:
            return 1.0
        blocked = erlang_b(self.servers, self.load)
        return self.servers * blocked / (self.servers - self.load * (1 - blocked))

    def served_within(self, seconds: float) -> float:
        """The share of callers who are served within `seconds`."""
        spare = self.servers - self.load
        if spare <= 0:
            return 0.0
        return 1 - self.waiting * math.exp(-spare * seconds / self.handling_s)

    @property
    def asa_s(self) -> float:
        """Average speed of answer, of all callers."""
        spare = self.servers - self.load
        return self.waiting * self.handling_s / spare if spare > 0 else math.inf

    @property
    def queue_length(self) -> float:
        """Callers who wait, on average."""
        spare = self.servers - self.load
        return self.waiting * self.load / spare if spare > 0 else math.inf

    @property
    def occupancy(self) -> float:
        return min(self.load / self.servers, 1.0) if self.servers else 1.0


@dataclass(frozen=True)
class ErlangA:
    """The same with callers who give up after an exponential time of mean `patience_s`: never unstable."""

    servers: int
    load: float
    handling_s: float
    patience_s: float

    def __post_init__(self) -> None:
        check_load(self.servers, self.load, self.handling_s)
        if self.patience_s <= 0:
            raise ValueError(f"patience is {self.patience_s} s: it must be more than nothing")

    @cached_property
    def _states(self) -> list[float]:
        """P(k calls in the system), k = 0, 1, ...; built by products from the likeliest on, so that none overflows."""
        up = self.load  # in handling times
        theta = self.handling_s / self.patience_s

        def down(k: int) -> float:
            return min(k, self.servers) + max(k - self.servers, 0) * theta

        weights, peak, k = [1.0], 1.0, 0
        while k < MOST_STATES:
            k += 1
            weight = weights[-1] * up / down(k)
            weights.append(weight)
            peak = max(peak, weight)
            if k > self.servers and up < down(k) and weight < TAIL * peak:
                break
            if weight > 1e200:
                weights = [value * 1e-200 for value in weights]
                peak *= 1e-200
        total = math.fsum(weights)
        return [weight / total for weight in weights]

    @property
    def waiting(self) -> float:
        """The share of callers who do not find a free agent."""
        return math.fsum(self._states[self.servers :])

    @cached_property
    def queue_length(self) -> float:
        return math.fsum(p * ahead for ahead, p in enumerate(self._states[self.servers :]))

    @property
    def abandoned(self) -> float:
        """The share of callers who give up."""
        return self.queue_length * self.handling_s / self.patience_s / self.load if self.load else 0.0

    @property
    def wait_s(self) -> float:
        """The average wait of all callers, those who give up included; not the ASA."""
        return self.queue_length * self.handling_s / self.load if self.load else 0.0

    @cached_property
    def asa_s(self) -> float:
        """The average wait of those who are served."""
        service, theta = self.servers / self.handling_s, 1 / self.patience_s
        mean_s = waited = 0.0
        for ahead, p in enumerate(self._states[self.servers :]):
            leaving = service + (ahead + 1) * theta
            mean_s += 1 / leaving
            waited += p * service / leaving * mean_s
        served = 1 - self.abandoned
        return waited / served if served > 0 else 0.0

    @property
    def occupancy(self) -> float:
        return self.load * (1 - self.abandoned) / self.servers if self.servers else 1.0

    def served_within(self, seconds: float) -> float:
        """The share of all callers who are served within `seconds`.

        With j callers before him a caller's turn comes after S, a sum of j + 1 exponential times whose rates grow by
        theta; exp(-theta * S) has a beta distribution, and he is still there with just that probability.
        """
        at_once = math.fsum(self._states[: self.servers])
        if seconds <= 0 or not self.servers:
            return at_once if self.servers else 0.0
        a = self.servers * self.patience_s / self.handling_s
        x = math.exp(-seconds / self.patience_s)
        term, late = 0.0, 0.0  # late: I_x(a + 1, j + 1), of those who would be served at all
        found = []
        for ahead, p in enumerate(self._states[self.servers :]):
            term = x ** (a + 1) if ahead == 0 else term * (1 - x) * (a + ahead) / ahead
            late += term
            found.append(p * a / (a + ahead + 1) * max(1 - late, 0.0))
        return at_once + math.fsum(found)
