"""What flows cost: `pytest bench/test_flow.py --benchmark-enable`. A flow of 500 blocks is to be validated in 50 ms,
a step is to take no more than 100 µs of the main thread. Documents are made outside the timer.
"""

from __future__ import annotations

from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture

from pbx.config import Config, Hours, Queue
from pbx.flow.document import parse, read
from pbx.flow.expression import Expression
from pbx.flow.loader import build
from pbx.flow.model import Flow
from pbx.flow.references import House
from pbx.flow.validation import validate
from tests.pbx.flow.houses import FlowHouse
from tests.support.virtual_loop import run_virtual

BLOCKS = 500
ROUNDS = 20
CONFIG = Config(queue=[Queue(name="sales")], hours=[Hours(name="office")])


def document() -> dict[str, Any]:
    """Menus, texts in three languages with variables, conditions, settings, hours and queues, one after the other."""
    blocks: dict[str, Any] = {}
    for n in range(0, BLOCKS, 5):
        text = {"pl": f"Witaj {{ivr.name}}, {n}", "ru": f"Привет {{ivr.name}}, {n}", "en": f"Hello {{ivr.name}}, {n}"}
        after = f"b{n + 5}" if n + 5 < BLOCKS else "b0"
        expression = f"first(ivr.n, 0) + {n} * 2"
        when = f"ivr.n > {n} and call.region == 'Mazowieckie' or queue.sales.waiting < 3"
        keys = {str(key): f"b{(n + key) % BLOCKS}" for key in range(5)}
        blocks[f"b{n}"] = {"kind": "say", "text": text, "next": f"b{n + 1}"}
        blocks[f"b{n + 1}"] = {"kind": "set_variable", "set": {"ivr.n": expression}, "next": f"b{n + 2}"}
        blocks[f"b{n + 2}"] = {"kind": "condition", "when": when, "true": f"b{n + 3}", "false": f"b{n + 4}"}
        blocks[f"b{n + 3}"] = {"kind": "menu", "text": text, "keys": keys, "timeout": after}
        blocks[f"b{n + 4}"] = {"kind": "queue", "queue": "sales", "timeout": after}
    return {"schema": 1, "name": "large", "start": "b0", "variables": {"ivr.name": "Ada"}, "blocks": blocks}


def checked(values: Any) -> Flow:
    found, problems = read(values)
    assert found is not None, problems
    flow, problems = build(found)
    problems += validate(flow, House(CONFIG, [], {flow.name: flow}))
    assert problems == []
    return flow


def test_validate_500_blocks(benchmark: BenchmarkFixture) -> None:
    values = document()
    flow = benchmark(checked, values)
    assert len(flow.blocks) == BLOCKS


def test_read_a_document_of_500_blocks(benchmark: BenchmarkFixture) -> None:
    document_, _ = read(document())
    assert document_ is not None
    text = document_.as_text()
    assert benchmark(lambda: read(parse(text)[0]))[0] == document_


def test_an_expression(benchmark: BenchmarkFixture) -> None:
    variables = {"call.region": "Mazowieckie", "ivr.rank": "gold", "ivr.n": 4}
    source = "call.region == 'Mazowieckie' and ivr.rank in ['gold', 'silver'] and ivr.n * 2 > 7"
    assert benchmark(lambda: Expression.parse(source).holds(variables)) is True


def test_steps(benchmark: BenchmarkFixture) -> None:
    """1,800 steps of a call on fakes: a setting, a condition and a loop, each with its event of the journey. Divide by
    that number for one."""
    chain = {
        "outer": {"kind": "loop", "times": ROUNDS, "again": "wait", "done": "end"},
        "wait": {"kind": "wait", "seconds": 2, "next": "round"},
        "round": {"kind": "loop", "times": 29, "again": "set", "done": "outer"},
        "set": {"kind": "set_variable", "set": {"ivr.n": "first(ivr.n, 0) + 1"}, "next": "when"},
        "when": {"kind": "condition", "when": "ivr.n < 0 or call.tag == 'none'", "true": "end", "false": "round"},
        "end": {"kind": "hangup"},
    }

    async def call() -> int:
        house = FlowHouse(main=chain)
        await house.run()
        steps = len(house.steps())
        await house.close()
        return steps

    assert benchmark(lambda: run_virtual(call())) == ROUNDS * 90 + 2
