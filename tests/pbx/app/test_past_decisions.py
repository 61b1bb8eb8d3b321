"""Why a call got its agent is told from the database when the distributor knows nothing of it any more."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from pbx.app.past_decisions import PastDecisions
from pbx.config import Config
from pbx.events import AgentStateChanged
from tests.pbx.store.support import World, until
from tests.support.journeys import T0, answered

HOUSE = {
    "queue": [{"name": "sales", "agents": ["101", "102", "103", "104"], "strategy": "fewest-calls"}],
    "agent": [{"extension": number, "name": f"Agent {number}"} for number in ("101", "102", "103", "104")],
}


def moved(agent: str, state: str, at_s: float, was: str, for_s: float, reason: str = "") -> AgentStateChanged:
    return AgentStateChanged(agent, state, was, T0 + at_s, for_s, reason)


async def test_of_an_earlier_process(tmp_path: Path) -> None:
    journey = answered(1)
    for event in journey:
        if event.kind.value == "queue.offered":
            event.data["by"] = "fewest-calls"
    async with World(tmp_path) as world:
        world.publish(journey)
        for change in (  # the offer is at 4 s
            moved("102", "break", -60, "available", 100, "lunch"),
            moved("102", "available", 30, "break", 90),
            moved("103", "available", -10, "offline", 100),
        ):
            world.bus.publish(change)
        await until(lambda: world.count("cdrs") == 1 and world.count("agent_states") == 2)
    config = Config.model_validate({**HOUSE, "server": {"data_dir": str(tmp_path)}})
    past = PastDecisions(SimpleNamespace(config=config, at_stop=lambda _close: None))  # type: ignore[arg-type]
    found = await past.why(journey[0].call_id)
    assert found is not None
    assert (found["queue"], found["waiting"]) == ("sales", False)
    (decision,) = found["decisions"]
    assert (decision["agent"], decision["why"]) == ("101", "had the fewest calls today, by weight")
    assert (decision["outcome"], decision["position"], decision["wait_s"], decision["free"]) == ("accepted", 2, 3.0, 2)
    assert [(other["agent"], other["why"]) for other in decision["others"]] == [
        ("102", "was break (lunch)"),
        ("103", "was free as well"),
        ("104", "nothing is known of him then"),
    ]
    assert await past.why("nobody") is None
