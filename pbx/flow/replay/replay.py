"""Leads a call of the past through a draft, and compares the ways."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pbx.call.testing import CallHarness
from pbx.call.virtual_loop import VirtualTimeLoop
from pbx.config import Config
from pbx.events import CallEvent, Kind
from pbx.flow.interpreter import Flows
from pbx.flow.model import Flow
from pbx.flow.rehearsal.ports import RehearsedCall, World, journey
from pbx.flow.rehearsal.script import Caller
from pbx.flow.replay.driver import Driver
from pbx.flow.replay.past import HANGUP, PastCall, while_there

LONGEST_S = 6 * 3600.0
AFTER_S = 31.0
SAME, ANOTHER_WAY, ANOTHER_END, UNKNOWN = "same", "another_way", "another_end", "unknown"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One call then and in the draft; `why` says what cannot be known. Ways are (block, exit)."""

    call_id: str
    caller: str
    at: float
    verdict: str
    why: str
    then: list[tuple[str, str]]
    draft: list[tuple[str, str]]
    end_then: str
    end_draft: str


def replay(past: PastCall, draft: Flow, config: Config, flows: Mapping[str, Flow]) -> Replayed:
    """Leads `past` through `draft`; blocks until it is over, in virtual time."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(past.at)) as runner:
        steps, driver, values_lacked, ended_by = runner.run(_lead(past, draft, config, flows))
    steps = steps[: while_there([(str(step["kind"]), str(step["exit"])) for step in steps])]
    way = [(str(step["block"]), str(step["exit"])) for step in steps]
    why = driver.unknown
    if why:
        way = way[:-1]  # the block in which nobody knows what he would have done
    elif values_lacked:
        why = f"a value was not known: {values_lacked}"
    kinds = [str(step["kind"]) for step in steps]
    served_then = any(visit.served for visit in past.visits)
    end_then = _end(past.path, [visit.kind for visit in past.visits], served_then, past.ended_by)
    end_draft = UNKNOWN if why else _end(way, kinds, driver.served, ended_by)
    verdict = UNKNOWN if why else SAME if way == past.path else ANOTHER_WAY if end_then == end_draft else ANOTHER_END
    caller = str(past.known.get("caller", ""))
    return Replayed(past.call_id, caller, past.at, verdict, why, past.path, way, end_then, end_draft)


async def _lead(
    past: PastCall, draft: Flow, config: Config, flows: Mapping[str, Flow]
) -> tuple[Sequence[Mapping[str, Any]], Driver, str, str]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    house = CallHarness(config, clock=loop.clock)
    hang_up: list[Any] = []
    driver = Driver(past, lambda: hang_up[0]())
    led = Flows({name: driver.lead(flow) for name, flow in {**flows, draft.name: draft}.items()})
    house.services.applications.register("flow", led.application)
    far_end = house.call(f"flow:{draft.name}", call_class=RehearsedCall, **caller_of(past))
    assert isinstance(far_end.call, RehearsedCall)
    far_end.call.world = World(Caller(name=past.call_id))
    hang_up.append(far_end.hang_up)
    try:
        async with asyncio.timeout(LONGEST_S):
            await far_end.over()
    except TimeoutError:
        driver.unknown = driver.unknown or f"{draft.name}: the call does not end by itself"
        far_end.hang_up()
        await far_end.over()
    ended = next(event for event in house.journey(far_end.call) if event.kind is Kind.CALL_ENDED)
    events = [event for event in house.events if isinstance(event, CallEvent)]
    steps = journey(events)
    lacked = next((str(event.data["error"]) for event in events if event.kind is Kind.FLOW_FAILED), "")
    await led.stop(AFTER_S)
    return steps, driver, lacked, str(ended.data["ended_by"])


def caller_of(past: PastCall) -> dict[str, Any]:
    """What is known of the caller, as it was known then."""
    known = past.known
    names = ("tag", "campaign", "medium", "caller_country", "caller_region", "caller_type", "did", "trunk", "direction")
    given = {name: known[name] for name in names if known.get(name)}
    return {
        "caller": str(known.get("caller", "")),
        "callee": str(known.get("callee", "")),
        "withheld": bool(known.get("withheld", False)),
        **given,
    }


def _end(way: Sequence[tuple[str, str]], kinds: Sequence[str], served: bool, ended_by: str) -> str:
    """How it ended, in a word or with the block."""
    if not way:
        return "nothing happened"
    block, left_by = way[-1]
    kind = kinds[len(way) - 1] if len(kinds) >= len(way) else ""
    if served:
        return "served by an agent"
    if left_by == HANGUP:
        return f"gave up waiting in {block}" if kind == "queue" else f"hung up at {block}"
    if kind == "dial" and left_by == "answered":
        return "talked to a phone"
    if "voicemail" in kinds and ("recorded" in {exit_ for _, exit_ in way}):
        return "left a message"
    return f"ended at {block}" + ("" if ended_by != "caller" else ", by the caller")
