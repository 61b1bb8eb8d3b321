"""Another implementation as the far end: aiortc, a full ICE agent with its own DTLS, against SDP, path and thread."""

from __future__ import annotations

import asyncio
import os
import socket

import psutil
import pytest

from pbx.config import Media
from pbx.events import EventBus
from pbx.media.engine import MediaEngine
from pbx.sdp.offer_answer import answer, make_offer, read_answer
from pbx.sdp.security import MediaSecurity

wire = pytest.importorskip("core.engine.engine", reason="build the core first")
aiortc = pytest.importorskip("aiortc", reason="aiortc is only for this test")

# Its own loop handling and PyAV warn of what is theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def started() -> MediaEngine:
    core = wire.Engine(workers=1, port_min=21000, port_max=21999, max_streams=16, realtime=False)
    engine = MediaEngine(core, Media(listen=f"127.14.{os.getpid() % 250}.9", rtp_timeout_s=0), bus=EventBus())
    engine.start()
    return engine


def reachable_addresses() -> list[str]:
    return [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]


async def heard(track: object) -> None:
    """Until some audio came back."""
    async with asyncio.timeout(30):
        for _ in range(5):
            await track.recv()  # type: ignore[attr-defined]


@pytest.mark.parametrize("we_offer", [False, True])
async def test_a_call_with_aiortc(we_offer: bool) -> None:
    if not reachable_addresses():
        pytest.skip("aiortc takes no loopback address, and this machine has no other")
    engine = started()
    peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    tracks: asyncio.Queue[object] = asyncio.Queue()
    peer.on("track", tracks.put_nowait)
    session = engine.open()
    secured = asyncio.Event()
    session.on_secured = lambda *_: secured.set()
    security = MediaSecurity("dtls", engine.protection)
    try:
        peer.addTrack(aiortc.mediastreams.AudioStreamTrack())
        if we_offer:
            offer = make_offer(session.local_ip, session.local_port, session_id=1, version=1, security=security)
            await peer.setRemoteDescription(aiortc.RTCSessionDescription(offer.decode(), "offer"))
            await peer.setLocalDescription(await peer.createAnswer())
            settings = read_answer(peer.localDescription.sdp.encode(), security=security)
            session.configure(settings)
        else:
            await peer.setLocalDescription(await peer.createOffer())
            body, settings = answer(
                peer.localDescription.sdp.encode(),
                session.local_ip,
                session.local_port,
                session_id=1,
                version=1,
                security=security,
            )
            session.configure(settings)
            await peer.setRemoteDescription(aiortc.RTCSessionDescription(body.decode(), "answer"))
        session.echo(True)
        async with asyncio.timeout(30):
            await secured.wait()
        await heard(await tracks.get())
        stats = session.stats()
        assert stats is not None
        assert stats.rx_packets
        assert stats.forged_packets == 0
    finally:
        await peer.close()
        session.close()
        engine.stop()
