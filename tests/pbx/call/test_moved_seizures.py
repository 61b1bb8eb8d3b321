"""A party that was called by a trunk and is transferred: one INVITE went to the carrier, and that is one seizure."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.events import CallEvent, Kind
from tests.pbx.call.sip_world import Phone
from tests.pbx.call.test_transfer import Trio, refer

GATEWAY = "127.15.2.1"


def seizures(trio: Trio) -> tuple[int, list[dict[str, Any]]]:
    """How many seizures began, and what was continued."""
    events = [event for event in trio.world.events if isinstance(event, CallEvent)]
    began = [e for e in events if e.kind is Kind.LEG_STARTED and e.data["trunk"] and not e.data.get("moved")]
    return len(began), [e.data for e in events if e.kind is Kind.TRUNK_CONTINUED]


def invites_at_the_carrier(trio: Trio) -> int:
    sent = [data for _, to, data in trio.world.net.wire if to == GATEWAY and data.startswith(b"INVITE ")]
    return len({data.partition(b"Call-ID:")[2][:60] for data in sent})


async def test_a_called_party_that_is_transferred_blindly() -> None:
    trio = await Trio().register()
    gateway = trio.world.phone("gw", GATEWAY, "x")
    trio.carol.call("0123456")
    await asyncio.sleep(3)
    refer(trio.carol.session, "102")
    await asyncio.sleep(3)
    assert trio.heard_by(gateway) == {"127.15.1.2"}
    assert invites_at_the_carrier(trio) == 1
    assert seizures(trio) == (1, [{"trunk": "carrier", "target": "0123456"}])
    gateway.session.bye()
    await trio.world.settle()


@pytest.mark.parametrize("to", ["102", "101"])
async def test_a_called_party_that_is_joined_with_another(to: str) -> None:
    """Carol talks outside and to a colleague, whom she called or who called her."""
    trio = await Trio().register()
    gateway = trio.world.phone("gw", GATEWAY, "x")
    outside = trio.carol.call("0123456")
    await asyncio.sleep(3)
    if to == "102":
        colleague = trio.carol.call("102")
    else:
        trio.anna.call("103")
    await asyncio.sleep(3)
    colleague = trio.carol.session
    refer(outside, to, replaces=colleague)
    await asyncio.sleep(4)
    assert trio.heard_by(gateway) == {trio.bob.peer.host if to == "102" else trio.anna.peer.host}
    assert invites_at_the_carrier(trio) == 1
    began, continued = seizures(trio)
    assert began == 1
    assert [each["trunk"] for each in continued] == ["carrier"]
    gateway.session.bye()
    await trio.world.settle()


async def test_an_inbound_caller_that_is_transferred_is_no_seizure() -> None:
    trio = await Trio().register()

    gateway = Phone(trio.world, "+48500600700", GATEWAY, "")
    gateway.call("+48221112233")
    await asyncio.sleep(3)
    to_caller = trio.anna.session
    trio.anna.call("102")
    await asyncio.sleep(3)
    refer(to_caller, "102", replaces=trio.anna.session)
    await asyncio.sleep(4)
    assert trio.heard_by(gateway) == {trio.bob.peer.host}
    assert seizures(trio) == (0, [])
    gateway.session.bye()
    await trio.world.settle()
