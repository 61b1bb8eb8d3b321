"""Counts of blocks and exits: bounded, with zeros for what is known, and as Prometheus sees them."""

from __future__ import annotations

from prometheus_client.core import Metric

from pbx.events import EventBus
from pbx.flow.counts import MAX_BLOCKS, MAX_EXITS, FlowCounts
from pbx.metrics.flows import MAX_SERIES, FlowMetrics
from tests.pbx.flow.test_interpreter import END, House


def step(block: str = "menu", exit: str = "1", came_from: str = "", flow: str = "hotline", **more: object) -> dict:
    return {"flow": flow, "block": block, "kind": "menu", "exit": exit, "from": came_from, "duration_s": 2.0, **more}


def collected(counts: FlowCounts) -> Metric:
    (family,) = FlowMetrics(counts).collect()
    return family


async def test_calls_are_counted_by_block_exit_and_origin() -> None:
    house = House(
        menu={"kind": "menu", "text": "Press", "keys": {"1": "bye", "2": "bye"}, "retries": 0},
        bye={**END, "text": "Bye"},
    )
    counts = FlowCounts()
    counts.listen(house.harness.bus)
    counts.expect("hotline", {"menu": ["1", "2", "timeout", "invalid"], "bye": []})
    for key in ("1", "1", ""):
        caller = house.call()
        await house.harness.sleep(0.1)
        caller.press(key)
        await caller.over()
    menu = counts.flows["hotline"]["menu"].as_json()
    assert menu["exits"] == {"1": 2, "2": 0, "invalid": 0, "timeout": 1}
    assert menu["from"] == {"": 3}
    assert 1.5 < menu["mean_s"] < 2.5
    assert counts.flows["hotline"]["bye"].as_json()["from"] == {"menu": 2}
    shown = {tuple(sample.labels.values()): sample.value for sample in collected(counts).samples}
    assert shown[("hotline", "menu", "1")] == 2
    assert shown[("hotline", "menu", "2")] == 0
    await house.close()


def test_names_that_a_flow_makes_up_cannot_fill_the_memory() -> None:
    counts = FlowCounts()
    for number in range(MAX_BLOCKS + 50):
        counts.add(step(f"block{number}"))
    for number in range(MAX_EXITS + 50):
        counts.add(step("block0", exit=f"exit{number}", came_from=f"from{number}"))
    counts.add(step(flow="late"))
    hotline = counts.flows["hotline"]
    assert len(hotline) == MAX_BLOCKS + 1
    assert hotline["other"].entered == 50
    assert len(hotline["block0"].exits) == MAX_EXITS + 1
    assert counts.flows["other"]["other"].entered == 1
    assert len(collected(counts).samples) == MAX_SERIES + 2, "one more for each flow"
    assert sum(sample.value for sample in collected(counts).samples) == 2 * 50 + MAX_BLOCKS + MAX_EXITS + 1, (
        "none is lost"
    )


def test_a_bus_that_says_something_else_is_no_step() -> None:
    counts = FlowCounts()
    bus = EventBus()
    counts.listen(bus)
    bus.publish("nothing of ours")
    assert counts.flows == {}
