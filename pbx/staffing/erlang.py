"""Erlang's formulas: B (what finds no line), C (waiting without giving up) and A (waiting with patience).

Names: `load` is arrivals times handling time in erlang, `servers` agents or lines. All of them are exact for Poisson
arrivals, exponential handling and, in A, exponential patience.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pbx.erlang import check_load, erlang_b, lines_for

__all__ = ["ErlangA", "ErlangC", "erlang_b", "lines_for"]

TAIL = -46.0  # ln of 1e-20, of the likeliest state: what is less likely is left out
BLOCK = 256  # states that are looked at in one go, at first
MOST_STATES = 8_000_000  # 64 MB


@dataclass(frozen=True)
class ErlangC:
    """`servers` agents, `load` erlang, handling time in seconds. Where the load is too much every wait is endless."""

    servers: int
    load: float
    handling_s: float

    def __post_init__(self) -> None:
        _check(self.servers, self.load, self.handling_s)

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
    def abandoned(self) -> float:
        """Nobody gives up here; where the load is too much nobody is served either."""
        return 0.0

    @property
    def occupancy(self) -> float:
        return min(self.load / self.servers, 1.0) if self.servers else 1.0

    def wait_within_s(self, share: float) -> float:
        """The wait that so large a share of all callers does not exceed; 0.9 gives the P90."""
        spare = self.servers - self.load
        if spare <= 0:
            return math.inf
        late = 1 - share
        return 0.0 if self.waiting <= late else math.log(self.waiting / late) * self.handling_s / spare


@dataclass(frozen=True)
class ErlangA:
    """The same with callers who give up after an exponential time of mean `patience_s`: never unstable.

    Patience of 0 is Erlang B (nobody waits), of math.inf Erlang C; with more load than agents it is then the limit for
    growing patience: all wait without end, and so many as exceed the agents are never served.
    """

    servers: int
    load: float
    handling_s: float
    patience_s: float

    def __post_init__(self) -> None:
        _check(self.servers, self.load, self.handling_s)
        if not self.patience_s >= 0:
            raise ValueError(f"patience is {self.patience_s} s: it is no less than nothing, such as 300")

    @cached_property
    def _endless(self) -> ErlangC | None:
        return ErlangC(self.servers, self.load, self.handling_s) if self.patience_s == math.inf else None

    @cached_property
    def _states(self) -> tuple[int, np.ndarray]:
        """(k, P(k), P(k + 1), ...) of calls in the system: all states of any weight, from the likeliest one outwards,
        in logarithms, so that ten thousand agents neither overflow nor vanish.
        """
        if not self.load:
            return 0, np.ones(1)
        theta = self.handling_s / self.patience_s if self.patience_s else math.inf
        likeliest = min(int(self.load), self.servers)
        if self.load > self.servers and math.isfinite(theta):
            likeliest = self.servers + int((self.load - self.servers) / theta)
        above, below = self._above(likeliest, theta), self._below(likeliest, theta)
        weights = np.exp(np.concatenate((below[::-1], np.zeros(1), above)))
        return likeliest - len(below), weights / weights.sum()

    def _above(self, likeliest: int, theta: float) -> np.ndarray:
        """ln of P(k) / P(likeliest), k = likeliest + 1, ..."""
        if self.patience_s == 0:
            return self._steps(np.arange(likeliest + 1, self.servers + 1, dtype=float), theta, 1.0)
        found, size = np.zeros(0), BLOCK
        while not len(found) or found[-1] > TAIL:
            if likeliest + size > MOST_STATES:
                raise ValueError(
                    f"patience of {self.patience_s:g} s is as good as endless for {self.load:g} erlang and "
                    f"{self.servers} agents: give a shorter one, or take Erlang C"
                )
            found = self._steps(np.arange(likeliest + 1, likeliest + size + 1, dtype=float), theta, 1.0)
            size *= 2
        return found

    def _below(self, likeliest: int, theta: float) -> np.ndarray:
        """The same for k = likeliest - 1, ..., down to 0."""
        found, size = np.zeros(0), BLOCK
        while len(found) < likeliest and (not len(found) or found[-1] > TAIL):
            found = self._steps(np.arange(likeliest, max(likeliest - size, 0), -1, dtype=float), theta, -1.0)
            size *= 2
        return found

    def _steps(self, k: np.ndarray, theta: float, sign: float) -> np.ndarray:
        down = np.minimum(k, self.servers)
        waiting = k > self.servers
        down[waiting] += (k[waiting] - self.servers) * theta
        return np.cumsum(sign * (math.log(self.load) - np.log(down)))

    @cached_property
    def _queue(self) -> tuple[np.ndarray, np.ndarray]:
        """(callers ahead of a newcomer who has to wait, how likely each is)."""
        first, p = self._states
        skipped = max(self.servers - first, 0)
        return np.arange(first + skipped - self.servers, first + len(p) - self.servers, dtype=float), p[skipped:]

    @cached_property
    def waiting(self) -> float:
        """The share of callers who do not find a free agent."""
        return self._endless.waiting if self._endless else min(float(self._queue[1].sum()), 1.0)

    @cached_property
    def queue_length(self) -> float:
        if self._endless:
            return self._endless.queue_length
        ahead, p = self._queue
        return float((ahead * p).sum())

    @cached_property
    def abandoned(self) -> float:
        """The share of callers who give up."""
        if self._endless:
            return max(1 - self.servers / self.load, 0.0) if self.load else 0.0
        if not self.patience_s:
            return self.waiting if self.load else 0.0
        return min(self.queue_length * self.handling_s / self.patience_s / self.load, 1.0) if self.load else 0.0

    @property
    def wait_s(self) -> float:
        """The average wait of all callers, those who give up included; not the ASA."""
        return self.queue_length * self.handling_s / self.load if self.load else 0.0

    @cached_property
    def asa_s(self) -> float:
        """The average wait of those who are served; 0 where nobody is."""
        if self._endless:
            return self._endless.asa_s if self.load else 0.0
        if not self.patience_s or not self.servers or not self.load or self.abandoned >= 1:
            return 0.0
        ahead, p = self._queue
        if not len(p):
            return 0.0
        service, theta = self.servers / self.handling_s, 1 / self.patience_s
        leaving = service + np.arange(1, ahead[-1] + 2) * theta
        mean_s = np.cumsum(1 / leaving)[-len(ahead) :]
        return float((p * service / leaving[-len(ahead) :] * mean_s).sum()) / (1 - self.abandoned)

    @property
    def occupancy(self) -> float:
        return min(self.load * (1 - self.abandoned) / self.servers, 1.0) if self.servers else 1.0

    def served_within(self, seconds: float) -> float:
        """The share of all callers who are served within `seconds`.

        With j callers before him a caller's turn comes after S, a sum of j + 1 exponential times whose rates grow by
        theta; exp(-theta * S) has a beta distribution, and he is still there with just that probability.
        """
        if self._endless:
            return self._endless.served_within(seconds)
        if not self.servers:
            return 0.0
        begin, states = self._states
        at_once = min(float(states[: max(self.servers - begin, 0)].sum()), 1.0)
        ahead, p = self._queue if self.load else (states[:0], states[:0])
        if seconds <= 0 or not self.patience_s or not len(p):
            return at_once
        a = self.servers * self.patience_s / self.handling_s
        # late: I_x(a + 1, j + 1) for x = exp(-seconds / patience), of those who would be served at all
        number = np.arange(1, ahead[-1] + 1)
        if seconds < self.patience_s * 700:
            first = -(a + 1) * seconds / self.patience_s
            steps = math.log(-math.expm1(-seconds / self.patience_s)) + np.log1p(a / number)
            late = np.cumsum(np.exp(first + np.concatenate((np.zeros(1), np.cumsum(steps)))))[-len(ahead) :]
        else:
            late = np.zeros(len(ahead))
        served = at_once + float((p * a / (a + ahead + 1) * np.clip(1 - late, 0, None)).sum())
        return min(served, 1.0)

    def wait_within_s(self, share: float) -> float:
        """The wait that so large a share of those who are served does not exceed; 0.9 gives the P90."""
        if self._endless:
            return self._endless.wait_within_s(share)
        wanted = share * (1 - self.abandoned)
        low, high = 0.0, 1.0
        if self.served_within(0) >= wanted:
            return 0.0
        while self.served_within(high) < wanted and high < 1e9:
            low, high = high, 2 * high
        while high - low > 1e-6 * high:
            middle = (low + high) / 2
            low, high = (middle, high) if self.served_within(middle) < wanted else (low, middle)
        return high


def _check(servers: int, load: float, handling_s: float) -> None:
    """Raises ValueError for what can be no office."""
    check_load(servers, load, handling_s)
    if not handling_s:
        raise ValueError("handling takes 0 s: it is a time above nothing, such as 180")
