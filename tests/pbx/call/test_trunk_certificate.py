"""A trunk that is known by the client certificate that it shows, and only where that is configured."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.sip.address import Destination
from tests.pbx.call.sip_world import PBX, World, config

CARRIER = {"name": "carrier", "certificate_names": ["sbc.carrier.example", "other.example"], "host": "192.0.2.1"}
NUMBER = {"number": "+48221112233", "application": "echo", "trunks": ["carrier"], "internal": False}


class TlsFlow:
    """A connection whose client showed `certificate`; what is sent on it goes over the network in memory."""

    transport = "tls"
    reliable = True
    closed = False
    successor = None
    local = (PBX, 5061)

    def __init__(self, certificate: dict[str, Any] | None) -> None:
        self.certificate = certificate
        self.remote = ("127.15.9.9", 40000)


def names(*alternative: tuple[str, str], common: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"subject": (((("commonName", common),),) if common else ())}
    if alternative:
        found["subjectAltName"] = alternative
    return found


async def status_of_call(certificate: dict[str, Any] | None, transport: str = "tls", **trunk: Any) -> int:
    """What an INVITE that comes with this certificate from an address that no trunk lists gets."""
    world = World(config(trunk=[{**CARRIER, **trunk}], number=[NUMBER], route=[]))
    carrier = world.phone("777", "127.15.9.9", "no password")
    receive = world.pbx.receive
    source = Destination(transport, "127.15.9.9", 5060, TlsFlow(certificate))  # type: ignore[arg-type]
    world.pbx.receive = lambda data, _: receive(data, source)  # type: ignore[method-assign]
    carrier.secret = ""
    session = carrier.call("+48221112233")
    await asyncio.sleep(2)
    if "answer" in carrier.names():
        session.bye()
        await world.settle()
        return 200
    await world.settle()
    return int(carrier.events[-1][1])


@pytest.mark.parametrize(
    ("certificate", "status"),
    [
        (names(("DNS", "sbc.carrier.example")), 200),
        (names(("DNS", "x.example"), ("DNS", "SBC.Carrier.Example")), 200),
        (names(("URI", "sip:other.example")), 200),
        (names(common="sbc.carrier.example"), 200),
        (names(("DNS", "x.example"), common="sbc.carrier.example"), 401),
        (names(("DNS", "evil.sbc.carrier.example")), 401),
        (names(("email", "sbc.carrier.example")), 401),
        (names(), 401),
        (None, 401),
    ],
)
async def test_which_names_count(certificate: dict[str, Any] | None, status: int) -> None:
    assert await status_of_call(certificate) == status


async def test_nothing_counts_unless_it_is_configured() -> None:
    certificate = names(("DNS", "carrier"), ("DNS", "192.0.2.1"), common="carrier")
    assert await status_of_call(certificate, certificate_names=[]) == 401


@pytest.mark.parametrize(("transport", "status"), [("udp", 200), ("tcp", 200), ("tls", 200), ("ws", 401), ("wss", 401)])
async def test_a_page_in_a_browser_is_no_trunk(transport: str, status: int) -> None:
    assert await status_of_call(None, transport, peers=["127.15.9.9"]) == status


async def test_only_over_tls() -> None:
    assert await status_of_call(names(("DNS", "sbc.carrier.example")), "tcp") == 401
