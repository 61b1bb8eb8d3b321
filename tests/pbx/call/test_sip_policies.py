"""Reliable provisional responses and session timers by extension and by trunk: what each far end is told and asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.sip_policies import SipPolicies
from pbx.sip.extensions import Extensions
from pbx.sip.message import Request
from tests.pbx.call.sip_world import BASIC, Phone, World, config


def world_with(extension: dict[str, Any] | None = None, trunk: dict[str, Any] | None = None, **sip: Any) -> World:
    """102 and the carrier have what is given, everybody else `sip`."""
    anna, bob, carol = BASIC["extension"]
    carrier = {**BASIC["trunk"][0], **(trunk or {})}
    return World(config(extension=[anna, {**bob, **(extension or {})}, carol], trunk=[carrier], sip=sip))


async def invite_to(world: World, caller: Phone, number: str, callee: Phone) -> Request:
    if callee.secret:
        await callee.register()
    caller.call(number)
    await asyncio.sleep(3)
    invite: Request = next(event[1] for event in callee.events if event[0] == "invite")
    caller.session.bye()
    await world.settle()
    return invite


@pytest.mark.parametrize("number", ["101", "102"])
async def test_only_the_phone_that_needs_it_is_called_reliably(number: str) -> None:
    world = world_with({"prack": "required", "session_timers": "never"})
    callee = world.phone(number, "127.15.1.1")
    invite = await invite_to(world, world.phone("103", "127.15.1.3"), number, callee)
    assert invite.values("Require") == (["100rel"] if number == "102" else [])
    assert invite.header("Session-Expires") == (None if number == "102" else "1800")


@pytest.mark.parametrize("strict", [True, False])
async def test_who_has_to_be_able_to_send_prack(strict: bool) -> None:
    """One account is stricter than the rest, or more patient."""
    world = world_with({"prack": "required" if strict else "never"}, prack="never" if strict else "required")
    for number, refused in (("102", strict), ("101", not strict)):
        phone = world.phone(number, f"127.15.1.{number[-1]}")
        phone.call("601")
        await asyncio.sleep(1)
        if refused:
            assert phone.events[-1][:2] == ("failure", 421), number
            assert phone.events[-1][2].header("Require") == "100rel"
        else:
            assert phone.names()[-1] == "answer", number
            phone.session.bye()
    await world.settle()


@pytest.mark.parametrize(
    ("trunk", "expires"), [({"session_timers": "never"}, None), ({"session_expires_s": 600}, "600")]
)
async def test_a_carrier_has_its_own_timers(trunk: dict[str, Any], expires: str | None) -> None:
    world = world_with(trunk=trunk)
    carrier = Phone(world, "+48500600700", "127.15.2.1", "")
    invite = await invite_to(world, world.phone("103", "127.15.1.3"), "0500600700", carrier)
    assert invite.header("Session-Expires") == expires


@pytest.mark.parametrize("own", ["always", None])
async def test_the_session_of_one_phone_is_refreshed_by_us(own: str | None) -> None:
    """A phone that knows no timers and vanishes: its account says that we look whether it is still there."""
    world = world_with({"session_timers": own, "session_expires_s": 90} if own else {})
    bob = world.phone("102", "127.15.1.2")
    bob.peer.ua.extensions = Extensions("never", "never")
    session = bob.call("601")
    await asyncio.sleep(60)
    refreshed = any(data.startswith((b"INVITE", b"UPDATE")) for _, to, data in world.net.wire if to == bob.peer.host)
    assert refreshed is bool(own)
    session.bye()
    await world.settle()


def test_nothing_is_looked_up_where_no_account_differs() -> None:
    assert not SipPolicies(config()).any
