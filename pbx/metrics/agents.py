"""Figures of agents: the time that they spend in each state, teams, breaks, wrap-up codes, persistent lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.events import AgentBreakExceeded, AgentStateChanged, CallEvent, EventBus, Kind
from pbx.metrics.cells import CellFamily

OTHER = "other"  # a wrap-up code that the configuration does not list, or none


@dataclass(frozen=True, slots=True)
class AgentsNow:
    """What a scrape tells."""

    running: Sequence[tuple[str, float]]  # (state, seconds in it) of each agent
    teams: Mapping[str, Mapping[str, int]]  # team -> state -> agents
    breaks_over: int
    lines_up: int


class AgentMetrics(Collector):
    """Subscribes on construction; asks `now` at each scrape. `codes`: (queue, code) of every wrap-up code there is.

    Occupancy (time with callers over that and the time free for them) is a quotient of the state seconds; breaks are
    left out of it.
    """

    def __init__(self, bus: EventBus, now: Callable[[], AgentsNow], codes: Iterable[tuple[str, str]] = ()) -> None:
        self._now = now
        self._seconds: defaultdict[str, float] = defaultdict(float)  # by state, of times that are over
        self._overruns = 0
        self._wrapups = CellFamily(
            *(CounterMetricFamily, "centrala_wrapups_total", "Wrap-ups that ended, by the code that was given."),
            ("queue", "code"),
        )
        self.configure(codes)
        bus.subscribe(AgentStateChanged, self._moved)
        bus.subscribe(AgentBreakExceeded, self._exceeded)
        bus.subscribe(CallEvent, self._wrapped_up, (Kind.WRAPUP_ENDED,))

    def configure(self, codes: Iterable[tuple[str, str]]) -> None:
        """From now on these."""
        self._codes = set(codes)
        for queue, code in self._codes:  # Prometheus sees no increase in a series that appears with its first 1
            self._wrapups.child(queue, code)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._now()
        seconds = self._seconds.copy()
        for state, spent_s in now.running:
            seconds[state] += spent_s
        spent = CounterMetricFamily(
            "centrala_agent_state_seconds", "Time that agents spent in a state, all of them together.", labels=["state"]
        )
        for state, total in sorted(seconds.items()):
            spent.add_metric([state], total)
        yield spent
        teams = GaugeMetricFamily("centrala_team_agents", "Agents of a team by state.", labels=["team", "state"])
        for team, states in now.teams.items():
            for state, count in states.items():
                teams.add_metric([team, state], count)
        yield teams
        yield CounterMetricFamily("centrala_agent_breaks_exceeded", "Breaks that lasted too long.", self._overruns)
        yield GaugeMetricFamily("centrala_agent_breaks_over", "Breaks that last too long now.", now.breaks_over)
        yield GaugeMetricFamily("centrala_agent_lines_up", "Persistent lines that are connected.", now.lines_up)
        yield from self._wrapups.collect()

    def _moved(self, event: AgentStateChanged) -> None:
        if event.previous:
            self._seconds[event.previous] += event.previous_s

    def _exceeded(self, _event: AgentBreakExceeded) -> None:
        self._overruns += 1

    def _wrapped_up(self, event: CallEvent) -> None:
        queue, code = str(event.data.get("queue", "")), str(event.data.get("code", ""))
        known = (queue, code) in self._codes
        self._wrapups.child(queue if known else "", code if known else OTHER).value += 1
