"""Whatever comes in is read or refused with a message; what is taken comes to an end or waits for a bounded time."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.config import Config
from pbx.events import Kind
from pbx.flow.block import Block
from pbx.flow.document import parse, read
from pbx.flow.kinds import KINDS
from pbx.flow.loader import build, check_document
from pbx.flow.references import House
from pbx.flow.validation import validate
from tests.pbx.flow.houses import FlowHouse, config_of
from tests.support.virtual_loop import run_virtual

NAMES = [f"b{number}" for number in range(8)]
LONGEST_S = 40.0  # that a block of `blocks` may take: its settings bound it
PATIENCE_S = 200.0

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
words = st.sampled_from([*NAMES, "main", "part", "sales", "{call.caller}", "{", "call.tag == 'x'", "1 +", "pl", ""])
KEYS = sorted({key for block in KINDS.values() for key in block.model_fields} - {"kind"} | {"exits", "1", "pl", "en"})
of_key = words | values | st.dictionaries(st.sampled_from(["1", "pl", "en", "yes"]), words, max_size=3)
settings_of_blocks = st.builds(
    lambda kind, given: {**given, "kind": kind},
    st.sampled_from(sorted(KINDS)) | scalars,
    st.dictionaries(st.sampled_from(KEYS), of_key, max_size=6),
)
documents = st.fixed_dictionaries(
    {
        "schema": st.just(1),
        "name": st.just("main"),
        "start": words,
        "blocks": st.dictionaries(words, settings_of_blocks, max_size=5),
    },
    optional={
        "defaults": values | st.dictionaries(words, words, max_size=3),
        "on_hangup": words,
        "variables": values,
        "journal": values,
        "layout": values,
        "language": words,
        "other": values,
    },
)


@settings(max_examples=60, deadline=None)
@given(values | documents)
def test_no_json_raises_out_of_validation(data: Any) -> None:
    for problem in check_document(data, config_of(part={"x": {"kind": "return"}})):
        assert problem.text
        assert str(problem)


@given(st.binary(max_size=60) | st.integers(1, 3000).map(lambda depth: b"[" * depth))
def test_no_bytes_raise_out_of_reading(data: bytes) -> None:
    values, problems = parse(data)
    assert problems or read(values)[0] is None


@settings(deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_every_kind_of_block_can_be_asked_for_all_that_validation_needs(kind: str, data: Any) -> None:
    """A block with all its defaults and texts in place of the rest, if it can be built so."""
    document = {
        "schema": 1,
        "name": "main",
        "start": "b0",
        "blocks": {"b0": data.draw(settings_of_blocks) | {"kind": kind}},
    }
    flow, problems = build(read(document)[0])  # type: ignore[arg-type]
    block: Block | None = flow.blocks.get("b0")
    if block is None:
        assert problems
        return
    assert all(way.key for way in block.exits().values())
    assert isinstance(block.waits, bool)
    validate(flow, House(Config()))


target = st.sampled_from(NAMES)


def block(kind: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind), **parts})


blocks = st.one_of(
    block("say", text=st.sampled_from(["Hi", "A longer text for all who call", "{ivr.n}"]), next=target),
    block(
        "menu",
        text=st.just("?"),
        keys=st.fixed_dictionaries({"1": target, "23": target}),
        timeout_s=st.just(2),
        timeout=target,
        invalid=target,
    ),
    block("condition", when=st.sampled_from(["ivr.n > 3", "menu.key == '1'", "1 / ivr.n"]), true=target, false=target),
    block(
        "set_variable", set=st.fixed_dictionaries({"ivr.n": st.sampled_from(["first(ivr.n, 0) + 1", "0"])}), next=target
    ),
    block("switch", value=st.just("menu.key"), cases=st.fixed_dictionaries({"1": target}), other=target),
    block("loop", times=st.integers(1, 4), again=target, done=target),
    block("hours", hours=st.just("office"), open=target, closed=target),
    block("queue", queue=st.just("sales"), max_wait_s=st.just(10), timeout=target, no_agents=target, abandoned=target),
    block("flow", flow=st.just("part"), exits=st.fixed_dictionaries({"yes": target, "no": target}), next=target),
    block("goto", flow=st.just("main")),
    block("answer", ring_s=st.sampled_from([0, 3]), next=target),
    block("return", exit=st.just("yes")),
    block("hangup"),
)
PART = {
    "ask": {"kind": "menu", "text": "?", "keys": {"1": "yes"}, "timeout_s": 2, "retries": 0, "timeout": "no"},
    "yes": {"kind": "return", "exit": "yes"},
    "no": {"kind": "return", "exit": "no"},
}


def in_use(given_blocks: dict[str, Any], start: str) -> dict[str, Any]:
    """The blocks that can be reached; the others would be refused."""
    found, waiting = {}, [start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = given_blocks[name]
        for value in given_blocks[name].values():
            waiting += [each for each in (value.values() if isinstance(value, dict) else [value]) if each in NAMES]
    return found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(blocks, min_size=8, max_size=8),
    st.lists(st.tuples(st.floats(0.1, 20), st.sampled_from("123#")), max_size=8),
)
def test_a_flow_is_refused_with_a_message_or_ends_or_waits_for_a_bounded_time(
    given_blocks: list[dict[str, Any]], presses: list[tuple[float, str]]
) -> None:
    used = in_use(dict(zip(NAMES, given_blocks, strict=True)), "b0")
    main = {"variables": {"ivr.n": 0, "menu.key": ""}, "start": "b0", "block": used}
    values = {"schema": 1, "name": "main", "start": "b0", "variables": main["variables"], "blocks": used}
    problems = check_document(values, config_of(part=PART))
    if problems:
        assert all(problem.text and problem.remedy for problem in problems)
        return
    run_virtual(lives(main, presses))


async def lives(main: dict[str, Any], presses: list[tuple[float, str]]) -> None:
    house = FlowHouse(main=main, part=PART)
    caller = house.call()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for pause_s, key in presses:
        await house.harness.sleep(pause_s)
        if not caller.call.ended:
            caller.press(key)
    await house.harness.sleep(max(0.0, PATIENCE_S - (loop.time() - began)))
    ended_by_itself = caller.call.ended
    caller.hang_up()
    await caller.over()
    steps = house.steps()
    seconds = [int(step.at) for step in steps]
    assert all(seconds.count(second) <= 200 for second in set(seconds)), "the flow runs in a circle"
    assert ended_by_itself or steps[-1].data["duration_s"] <= LONGEST_S
    assert all(step.data["duration_s"] <= LONGEST_S for step in steps)
    assert ended_by_itself or house.steps(Kind.CALL_ENDED)[0].data["ended_by"] == "caller"
    if all(each["kind"] != "queue" for each in main["block"].values()):  # a full queue can be left at once
        assert house.steps(Kind.CALL_ENDED)[0].data["cause"] != "error"
    await house.harness.sleep(1)
    await house.close()
