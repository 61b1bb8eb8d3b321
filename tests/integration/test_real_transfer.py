"""An attended transfer over real sockets and media threads: each phone hears one continuous stream."""

from __future__ import annotations

import asyncio
import itertools
import struct
from pathlib import Path
from typing import Any

import pytest

from pbx.events import Kind
from tests.integration.real_pbx import RealPbx, RealPhone

TABLES: dict[str, Any] = {
    "extension": [
        {"number": "101", "secret": "one-zero-one"},
        {"number": "102", "secret": "one-zero-two"},
        {"number": "103", "secret": "one-zero-three"},
    ],
    "number": [{"number": "601", "application": "echo"}],
}
ANNA, BOB, CAROL = 0x2A, 0x55, 0x33


def jumps(packets: list[bytes]) -> list[str]:
    """What is not one continuous stream: another SSRC, a sequence number that jumps, a timestamp out of step."""
    found = []
    headers = [struct.unpack("!BBHII", packet[:12]) for packet in packets]
    for (_, _, seq, stamp, ssrc), (_, kind, next_seq, next_stamp, next_ssrc) in itertools.pairwise(headers):
        if next_ssrc != ssrc:
            found.append(f"SSRC {ssrc:x} -> {next_ssrc:x}")
        if (next_seq - seq) & 0xFFFF != 1:
            found.append(f"sequence {seq} -> {next_seq}")
        step = (next_stamp - stamp) & 0xFFFFFFFF
        new_source = kind & 0x80  # the marker: what begins there begins when the wall clock says
        if not 0 < step <= 8000 * 3 or (step % 80 and not new_source):
            found.append(f"timestamp {stamp} -> {next_stamp}")
    return found


@pytest.mark.parametrize("first", ["she called", "she was called"])
async def test_attended(tmp_path: Path, first: str) -> None:
    async with (
        RealPbx(dict(TABLES), tmp_path) as pbx,
        RealPhone(pbx, "101", "one-zero-one", tone=ANNA) as anna,
        RealPhone(pbx, "102", "one-zero-two", tone=BOB) as bob,
        RealPhone(pbx, "103", "one-zero-three", tone=CAROL) as carol,
    ):
        for phone in (anna, bob, carol):
            assert await phone.register() == 200
        if first == "she called":
            anna.call("102")
            await anna.until("answer")
            await bob.until("established")
        else:
            bob.call("101")
            await bob.until("answer")
            await anna.until("established")
        to_bob = anna.session
        await asyncio.sleep(0.3)
        anna.call("103")
        await anna.until("answer")
        to_carol = anna.session
        await asyncio.sleep(0.5)
        bob.rtp.clear()
        carol.rtp.clear()
        await asyncio.sleep(0.3)
        replaces = f"{to_carol.call_id};to-tag={to_carol.remote_tag};from-tag={to_carol.local_tag}"
        escaped = replaces.replace("@", "%40").replace(";", "%3B").replace("=", "%3D")
        statuses: list[int] = []
        header = f"Refer-To: <sip:103@{pbx.host}?Replaces={escaped}>"
        to_bob.send("REFER", headers=[header], done=statuses.append)
        await anna.until("notify")
        assert statuses == [202]
        await asyncio.sleep(0.3)
        before = len(bob.rtp), len(carol.rtp)
        await asyncio.sleep(1.0)
        assert sum(packet[12:] == bytes([CAROL]) * 160 for packet in bob.rtp[before[0] :]) >= 40
        assert sum(packet[12:] == bytes([BOB]) * 160 for packet in carol.rtp[before[1] :]) >= 40
        assert jumps(bob.rtp) == []
        assert jumps(carol.rtp) == []
        assert pbx.last(Kind.TRANSFER_COMPLETED)["by"] == "101"
        await asyncio.sleep(2.2)
        assert to_bob.state == to_carol.state == "terminated"
        bob.session.bye()
        await carol.until("ended")
