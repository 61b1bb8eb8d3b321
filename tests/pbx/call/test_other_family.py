"""Failover from a server with an IPv4 address to one with IPv6, and back: each is told of media in kind (RFC 3263)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.sip.address import Destination
from tests.pbx.call.sip_world import BASIC, World, config

V4, V6 = "127.15.2.1", "::1"


@pytest.mark.parametrize(("silent", "alive", "line"), [(V4, V6, b"c=IN IP6 ::1"), (V6, V4, b"c=IN IP4 127.")])
async def test_the_offer_is_of_the_family_of_the_way(
    silent: str, alive: str, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(config(trunk=[{**BASIC["trunk"][0], "host": "carrier.example"}]))
    trunk = world.services.trunks.get("carrier")
    assert trunk is not None
    trunk.hop.find = lambda: tuple(Destination("udp", host, 5060) for host in (silent, alive))
    opened = world.media.open

    def on_both(near: Any = None) -> Any:
        stream = opened(near)
        stream.local_ip = "::"
        return stream

    monkeypatch.setattr(world.media, "open", on_both)
    gateway, carol = world.phone("gw", alive, "x"), world.phone("103", "127.15.1.3")
    carol.call("0500600700")
    await asyncio.sleep(4)
    assert carol.names()[-1] == "answer"
    (invite,) = [event[1] for event in gateway.events if event[0] == "invite"]
    assert line in invite.body
    first = next(data for _, to, data in world.net.wire if to == silent)
    assert line not in first, "the first was told of its own family"
    assert invite.body.count(b"m=audio") == 1
    carol.session.bye()
    await world.settle()
