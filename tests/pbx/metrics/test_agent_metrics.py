"""Time in states, breaks, wrap-up codes and lines of agents, as Prometheus sees them."""

from __future__ import annotations

from typing import Any

from pbx.events import AgentBreakExceeded, AgentStateChanged, CallEvent, EventBus, Kind
from pbx.metrics.agents import AgentMetrics, AgentsNow


def samples(metrics: AgentMetrics) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics.collect()
        for sample in family.samples
    }


def wrapup(queue: str, code: str) -> CallEvent:
    data: dict[str, Any] = {"queue": queue, "agent": "101", "code": code, "wrapup_s": 3.0}
    return CallEvent(Kind.WRAPUP_ENDED, "c", "a", 0.0, data)


def test_figures() -> None:
    bus = EventBus()
    now = AgentsNow(
        running=[("talking", 5.0), ("break", 60.0)], teams={"north": {"talking": 1}}, breaks_over=1, lines_up=2
    )
    metrics = AgentMetrics(bus, lambda: now, [("sales", "order"), ("sales", "TIMEOUT")])
    bus.publish(AgentStateChanged("101", "talking", "available", 0.0, 40.0))
    bus.publish(AgentStateChanged("102", "wrapup", "talking", 0.0, 20.0))
    bus.publish(AgentBreakExceeded("102", "lunch", 60.0, 0.0))
    for event in (wrapup("sales", "order"), wrapup("sales", "free text of somebody"), wrapup("other", "order")):
        bus.publish(event)
    found = samples(metrics)
    assert found["centrala_agent_state_seconds_total", "talking"] == 25.0
    assert found["centrala_agent_state_seconds_total", "available"] == 40.0
    assert found["centrala_agent_state_seconds_total", "break"] == 60.0
    assert found["centrala_team_agents", "north", "talking"] == 1
    assert (found["centrala_agent_breaks_exceeded_total",], found["centrala_agent_breaks_over",]) == (1, 1)
    assert found["centrala_agent_lines_up",] == 2
    assert found["centrala_wrapups_total", "sales", "order"] == 1
    assert found["centrala_wrapups_total", "sales", "TIMEOUT"] == 0
    assert found["centrala_wrapups_total", "", "other"] == 2, "codes that nobody configured make no series"
