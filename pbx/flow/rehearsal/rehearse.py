"""Leads scripted callers through flows, each in a house and a time of his own: hundreds of calls in a second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pbx.call.testing import CallHarness, FakeCaller
from pbx.call.virtual_loop import VirtualTimeLoop
from pbx.config import Config
from pbx.events import CallEvent, Kind
from pbx.flow.equipment import Equipment
from pbx.flow.interpreter import Flows
from pbx.flow.model import Flow
from pbx.flow.rehearsal.actor import Actor, Heard, Missed
from pbx.flow.rehearsal.messages import ScriptedSms
from pbx.flow.rehearsal.outside import ScriptedCallbacks, ScriptedCustomers, ScriptedRegions, ScriptedWeb
from pbx.flow.rehearsal.ports import (
    RehearsedCall,
    ScriptedAnnouncements,
    ScriptedQueues,
    ScriptedVoicemail,
    World,
    journey,
)
from pbx.flow.rehearsal.script import Caller
from pbx.flow.rehearsal.speaking import ScriptedHearing
from pbx.flow.run import Run

MONDAY = datetime(2026, 11, 23, 10, 0)  # when a caller calls who says nothing of it, on the server's clock
GONE_S = 35.0  # what may be done for a caller who has hung up, and a little


@dataclass(slots=True)
class Outcome:
    """What became of one caller."""

    script: Caller
    steps: list[Mapping[str, Any]]  # FLOW_BLOCK, in order
    heard: list[Heard]
    variables: Mapping[str, Any]
    sms: list[dict[str, Any]]
    requests: list[str]
    language: str
    ended: Mapping[str, Any]  # CALL_ENDED
    status: int
    duration_s: float
    events: list[Any]
    faults: list[str] = field(default_factory=list)  # steps that could not be done, a call without an end

    @property
    def path(self) -> list[tuple[str, str]]:
        """(block, exit) of every block that ran."""
        return [(step["block"], step["exit"]) for step in self.steps]


def rehearse(flow: Flow, caller: Caller, config: Config, flows: Mapping[str, Flow]) -> Outcome:
    """Leads `caller` through `flow`; `flows` are the others that it may go into. Blocks until the call is over."""
    began = (caller.at or MONDAY).replace(tzinfo=(caller.at or MONDAY).tzinfo or ZoneInfo(config.server.timezone))
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(began.timestamp())) as runner:
        return runner.run(_rehearse(flow, caller, config, flows))


async def _rehearse(flow: Flow, caller: Caller, config: Config, flows: Mapping[str, Flow]) -> Outcome:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    world = World(caller)
    house = _house(world, config, loop)
    led = Flows({**flows, flow.name: flow})
    runs: list[Run] = []
    led.ended = runs.append
    house.services.applications.register("flow", led.application)
    began = loop.time()
    far_end = house.call(f"flow:{flow.name}", call_class=RehearsedCall, **_setup(caller))
    call = far_end.call
    assert isinstance(call, RehearsedCall)
    call.world = world
    actor = Actor(far_end, world)
    faults = await _play(actor, far_end, caller)
    duration_s = round(loop.time() - began, 3)
    await led.stop(GONE_S)
    ended = next((event for event in house.journey(call) if event.kind is Kind.CALL_ENDED), None)
    return Outcome(
        script=caller,
        steps=journey(house.events),
        heard=actor.heard,
        variables=runs[-1].variables if runs else {},
        sms=world.sms,
        requests=world.requests,
        language=call.language,
        ended=ended.data if isinstance(ended, CallEvent) else {},
        status=far_end.status,
        duration_s=duration_s,
        events=house.events,
        faults=faults,
    )


def _house(world: World, config: Config, loop: VirtualTimeLoop) -> CallHarness:
    """A PBX whose surroundings do as the script says."""
    house = CallHarness(config, clock=loop.clock)
    services = house.services
    services.queues = ScriptedQueues(world)
    services.inbound.regions = ScriptedRegions(world)  # type: ignore[assignment]
    web = ScriptedWeb(world, config)
    Equipment(services, ScriptedCustomers(world), web=web)
    if config.speech.recognizer.url:
        services.extra["hearing"] = ScriptedHearing(world, web, config.speech.recognizer)
    services.extra["voicemail"] = ScriptedVoicemail(world)
    services.extra["announcements"] = ScriptedAnnouncements(config)
    services.extra["sms"] = ScriptedSms(world, config)
    services.extra["callbacks"] = ScriptedCallbacks(world)
    return house


async def _play(actor: Actor, far_end: FakeCaller, caller: Caller) -> list[str]:
    """The caller does his steps and waits for the end of the call; what went wrong, one line each."""
    over = asyncio.ensure_future(far_end.over())
    over.add_done_callback(lambda _: actor.over())
    faults: list[str] = []
    try:
        async with asyncio.timeout(caller.limit_s):
            try:
                await actor.perform(caller.steps)
            except Missed as missed:
                faults.append(str(missed))
                far_end.hang_up()
            await asyncio.shield(over)
    except TimeoutError:
        faults.append(f"the call did not end within {caller.limit_s:g} s, and the caller did not hang up")
        far_end.hang_up()
        async with asyncio.timeout(GONE_S):
            await over
    return faults


def _setup(caller: Caller) -> dict[str, Any]:
    """What CallHarness.call takes: the script's names for what the PBX knows of a caller."""
    return {
        "caller": caller.number,
        "callee": caller.called,
        "did": "" if caller.extension else caller.called,
        "trunk": "" if caller.extension else "script",
        "extension": caller.extension,
        "direction": "internal" if caller.extension else "inbound",
        "caller_name": caller.caller_name,
        "tag": caller.tag,
        "campaign": caller.campaign,
        "medium": caller.medium,
        "caller_country": caller.country,
        "caller_region": caller.region,
        "caller_type": caller.type,
        "withheld": caller.withheld,
        "origin": _origin(caller),
    }


def _origin(caller: Caller) -> dict[str, Any] | None:
    """What tracking would have found."""
    visit = caller.visit
    if visit is None:
        return None
    return {"region": visit.region, "region_by": visit.by, "region_probability": visit.certainty}
