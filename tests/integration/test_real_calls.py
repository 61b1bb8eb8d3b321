"""Whole calls over real sockets and media threads: who hears whom, what is recorded, and that nothing is left."""

import asyncio
import stat
import wave
from pathlib import Path
from typing import Any

import pytest

from pbx.call.call import Call
from pbx.events import Kind
from tests.integration.real_pbx import RealPbx, RealPhone

TABLES: dict[str, Any] = {
    "extension": [
        {"number": "101", "secret": "one-zero-one"},
        {"number": "102", "secret": "one-zero-two", "record": True},
    ],
    "number": [{"number": "601", "application": "echo"}, {"number": "602", "application": "menu"}],
}
ANNA, BOB = 0x2A, 0x55


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_register_call_talk_record_hang_up(tmp_path: Path, transport: str) -> None:
    async with (
        RealPbx(dict(TABLES), tmp_path) as pbx,
        RealPhone(pbx, "101", "one-zero-one", tone=ANNA, transport=transport) as anna,
        RealPhone(pbx, "102", "one-zero-two", tone=BOB, transport=transport) as bob,
    ):
        assert await anna.register() == 200
        assert await bob.register() == 200
        anna.call("102")
        await anna.until("answer")
        await bob.until("established")
        await asyncio.sleep(0.3)
        await asyncio.gather(anna.hears(BOB, 40), bob.hears(ANNA, 40))
        bob.session.bye()
        await anna.until("ended")
        await asyncio.sleep(0.5)
        ended = [event.data for event in pbx.events if event.kind is Kind.LEG_ENDED]
        assert all(leg["rx_packets"] >= 50 and leg["lost_packets"] <= 1 for leg in ended)
        recording = tmp_path / pbx.last(Kind.RECORDING_STARTED)["path"]
        assert stat.S_IMODE(recording.stat().st_mode) == 0o600
        assert pbx.last(Kind.RECORDING_ENDED)["duration_s"] >= 1.0
        with wave.open(str(recording)) as sound:
            assert (sound.getnchannels(), sound.getframerate()) == (2, 8000)
        assert pbx.last(Kind.CALL_ENDED)["ended_by"] == "callee"


async def test_codecs_differ_on_the_two_sides(tmp_path: Path) -> None:
    """PCMU only on one side: the other is offered PCMU first, and no transcoding is needed."""
    async with (
        RealPbx(dict(TABLES), tmp_path) as pbx,
        RealPhone(pbx, "101", "one-zero-one", tone=ANNA) as anna,
        RealPhone(pbx, "102", "one-zero-two", tone=BOB) as bob,
    ):
        await bob.register()
        anna.call("102", ("PCMU",))
        await anna.until("answer")
        await asyncio.sleep(0.2)
        await asyncio.gather(anna.hears(BOB, 20), bob.hears(ANNA, 20))
        assert bob.settings is not None
        assert bob.settings.codec_name == "PCMU"
        anna.session.bye()
        await bob.until("ended")


async def test_hold_resume_and_digits(tmp_path: Path) -> None:
    async with (
        RealPbx(dict(TABLES), tmp_path) as pbx,
        RealPhone(pbx, "101", "one-zero-one", tone=ANNA) as anna,
        RealPhone(pbx, "102", "one-zero-two", tone=BOB) as bob,
    ):
        await bob.register()
        anna.call("102")
        await anna.until("answer")
        await asyncio.sleep(0.2)
        anna.session.reinvite(anna.sdp("sendonly", 2))
        assert (await anna.until("reinvite answer"))[1] == 200
        await asyncio.sleep(0.1)
        await asyncio.gather(anna.listen(0.6), bob.listen(0.6))
        assert anna.rtp == [], "a held far end that only sends gets nothing"
        async with asyncio.timeout(30):  # music
            while len(bob.rtp) < 20:  # noqa: ASYNC110 - what is awaited has no event
                await asyncio.sleep(0.02)
        assert bob.heard(ANNA) == 0
        anna.session.reinvite(anna.sdp("sendrecv", 3))
        await anna.until("reinvite answer")
        await asyncio.sleep(0.1)
        await asyncio.gather(anna.hears(BOB, 20), bob.hears(ANNA, 20))
        bob.rtp.clear()
        anna.session.info(b"Signal=7\r\n", "application/dtmf-relay")
        events: list[bytes] = []
        async with asyncio.timeout(10):  # half a second later: she agreed on events too and might say it twice
            while not events:
                await asyncio.sleep(0.02)
                events = [packet for packet in bob.rtp if packet[1] & 0x7F == 101]
        assert events[0][12] == 7
        anna.session.bye()
        await bob.until("ended")


async def test_echo_and_an_application_with_a_menu(tmp_path: Path) -> None:
    async with (
        RealPbx(dict(TABLES), tmp_path) as pbx,
        RealPhone(pbx, "101", "one-zero-one", tone=ANNA) as anna,
    ):
        got: list[str] = []

        async def menu(call: Call) -> None:
            await call.answer()
            await call.say("welcome")
            got.append(await call.collect(maximum=2, timeout_s=3))

        pbx.service.services.applications.register_one("menu", menu)
        anna.call("601")
        await anna.until("answer")
        await asyncio.sleep(0.2)
        await anna.hears(ANNA, 20)
        anna.session.bye()
        await asyncio.sleep(0.2)
        anna.call("602")
        await anna.until("answer")
        await asyncio.sleep(0.5)
        anna.session.info(b"4", "application/dtmf")
        await asyncio.sleep(0.1)
        anna.session.info(b"2", "application/dtmf")
        await anna.until("ended")
        assert got == ["42"]


async def test_a_phone_that_vanishes_releases_the_other(tmp_path: Path) -> None:
    async with (
        RealPbx(dict(TABLES), tmp_path) as pbx,
        RealPhone(pbx, "101", "one-zero-one", tone=ANNA) as anna,
        RealPhone(pbx, "102", "one-zero-two", tone=BOB) as bob,
    ):
        await bob.register()
        anna.call("102")
        await anna.until("answer")
        await asyncio.sleep(0.3)
        bob.hush()
        await anna.until("ended", 5)
        assert pbx.last(Kind.CALL_ENDED)["cause"] == "media_timeout"
        assert pbx.last(Kind.MEDIA_TIMEOUT)["silent_s"] >= 2.0


async def test_a_wrong_password_and_an_unknown_number(tmp_path: Path) -> None:
    async with (
        RealPbx(dict(TABLES), tmp_path) as pbx,
        RealPhone(pbx, "101", "wrong") as thief,
        RealPhone(pbx, "101", "one-zero-one") as anna,
    ):
        assert await thief.register() == 403
        thief.call("102")
        assert (await thief.until("failure"))[1] == 403
        anna.call("102")
        assert (await anna.until("failure"))[1] == 480
        anna.call("12345")
        assert (await anna.until("failure"))[1] == 404
