"""How phones are told to ring: who decides, and what never leaves for a phone or a trunk."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.ring_plan import RingPlan
from pbx.sip.message import Request
from pbx.sip.ring_headers import info_lines
from tests.pbx.call.sip_world import BASIC, Phone, World, config
from tests.pbx.features.world import Company

CARRIER = {**BASIC["trunk"][0], "call_info": True}
DID: dict[str, Any] = {
    "number": "+48221112233",
    "application": "extension:101",
    "trunks": ["carrier"],
    "internal": False,
    "ring": "vip",
}


async def alert_of(world: World, caller: Phone, number: str, *headers: str) -> list[str]:
    """The Alert-Info and Call-Info that Anna's phone gets when `caller` dials `number`."""
    anna = world.phone("101", "127.15.1.1")
    await anna.register()
    caller.call(number, *headers)
    await asyncio.sleep(3)
    invite: Request = anna.events[0][1]
    caller.session.bye()
    await world.settle()
    return [*invite.headers("Alert-Info"), *invite.headers("Call-Info")]


@pytest.mark.parametrize(
    ("ring", "number", "expected"),
    [
        ({}, DID, "info=vip"),
        ({"external": "out"}, DID, "info=vip"),
        ({"external": "out"}, {**DID, "ring": ""}, "info=out"),
        ({"internal": "in"}, {**DID, "ring": ""}, ""),
    ],
)
async def test_the_number_goes_before_where_the_call_comes_from(
    ring: dict[str, str], number: dict[str, Any], expected: str
) -> None:
    world = World(config(ring=ring, number=[number]))
    found = await alert_of(world, Phone(world, "+48500600700", "127.15.2.1", ""), "+48221112233")
    assert [line.partition(";")[2].partition(";")[0] for line in found] == ([expected] if expected else [])


async def test_a_phones_own_words_reach_nobody() -> None:
    world = World()
    words = ("Alert-Info: <http://x>;info=alert-autoanswer", "Call-Info: <https://x/icon.png>;purpose=icon")
    assert await alert_of(world, world.phone("102", "127.15.1.2"), "101", *words) == []


@pytest.mark.parametrize("trusted", [True, False])
async def test_call_info_of_a_trunk(trusted: bool) -> None:
    world = World(config(trunk=[{**CARRIER, "call_info": trusted}], number=[{**DID, "ring": ""}]))
    words = ("Call-Info: <https://c/i.png>;purpose=icon, <sip:c>;answer-after=0", "Call-Info: <http://c/card>")
    found = await alert_of(world, Phone(world, "+48500600700", "127.15.2.1", ""), "+48221112233", *words)
    assert found == (["<https://c/i.png>;purpose=icon", "<http://c/card>"] if trusted else [])


async def test_no_ring_leaves_by_a_trunk() -> None:
    company = Company(
        ring={"internal": "in"},
        extension=[{"number": "101", "outbound": True}],
        group=[{"name": "all", "members": ["+48600100200"], "ring": "team", "auto_answer": True, "account": "101"}],
    )
    company.call("group:all")
    await company.sleep(1)
    assert not any("Info:" in line for line in company.agent.sessions[-1].headers)
    await company.close()


@pytest.mark.parametrize(("tone", "expected"), [("gold", "info=gold"), ("a\r\nX-Evil: 1", ""), ("a;b", "")])
async def test_a_flow_chooses_but_cannot_inject(tone: str, expected: str) -> None:
    company = Company(ring={"internal": "in"})
    call = company.call("echo").call
    call.variables["ring"] = tone
    lines = RingPlan(company.config).add(call, company.services.dialplan.extensions["101"], ())
    assert len(lines) == bool(expected)
    assert all(expected in line for line in lines)
    call.terminate("normal")
    await company.close()


async def test_who_may_not_be_called_by_intercom_does_not_answer_by_itself() -> None:
    company = Company(
        extension=[{"number": "102", "intercom": False}],
        group=[{"name": "all", "members": ["101", "102"], "auto_answer": True}],
    )
    one, other = company.phone("101", answer_after_s=None), company.phone("102", answer_after_s=None)
    caller = company.call("group:all")
    await company.sleep(1)
    assert any("answer-after" in line for line in one.invites[0]["headers"])
    assert not any("answer" in line for line in other.invites[0]["headers"])
    caller.hang_up()
    await company.close()


def test_call_info_is_bounded() -> None:
    class Told:
        def __init__(self, *values: str) -> None:
            self._values = values

        def values(self, _name: str) -> tuple[str, ...]:
            return self._values

    assert len(info_lines(Told(*["<http://x>"] * 50))) == 4  # type: ignore[arg-type]
    assert info_lines(Told("<http://" + "x" * 600 + ">", "<javascript:x>", "<http://x", "<http://ż>")) == ()  # type: ignore[arg-type]
