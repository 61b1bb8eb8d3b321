"""A bridge in the middle of an announcement: the caller hears the agent with the next packet or the one after."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest_asyncio

from core.engine.engine import Engine
from core.signal import g711
from core.signal.tone import tone_bytes
from pbx.config import Media
from pbx.media.engine import MediaEngine
from tests.pbx.media.test_with_engine import ADDRESS, Phone, eventually

AGENT, MUSIC, WORDS = 700.0, 1700.0, 2500.0
TRIALS = 6
PACKETS = 2  # of 20 ms, at most, until the agent is heard


@pytest_asyncio.fixture
async def media(tmp_path: Path) -> Iterator[MediaEngine]:
    core = Engine(workers=1, port_min=30400, port_max=30499, max_streams=64, realtime=False)
    engine = MediaEngine(core, Media(listen=ADDRESS), recordings_dir=tmp_path / "recordings")
    engine.start()
    yield engine
    engine.stop()


def tones_of(payload: bytes) -> set[float]:
    """Which of the three sound in one packet."""
    samples = np.frombuffer(g711.alaw_decode_bytes(payload), "<i2") / 32768
    turn = -2j * np.pi * np.arange(len(samples)) / 8000
    return {
        tone
        for tone in (AGENT, MUSIC, WORDS)
        if abs(np.sum(samples * np.exp(turn * tone))) * 2 / max(len(samples), 1) > 0.02
    }


async def packets_until_the_agent(media: MediaEngine) -> int:
    """How many packets the caller still gets without the agent, after the bridge was asked for."""
    caller_phone, agent_phone = Phone(), Phone()
    caller, agent = media.open(), media.open()
    for session, phone in ((caller, caller_phone), (agent, agent_phone)):
        session.configure(phone.far())
    music = media.clip(tone_bytes(MUSIC, 0, -16, 8000), "music")
    words = media.clip(tone_bytes(WORDS, 0, -16, 80_000), "words")
    talking = asyncio.ensure_future(agent_phone.send(agent, tone_bytes(AGENT, 0, -16, 16_000)))
    heard_first = asyncio.ensure_future(caller_phone.send(caller, tone_bytes(440.0, 0, -16, 1_600)))
    caller.play([music], repeat=True)
    over = caller.play([words], mix=True, duck_db=-12.0)
    await heard_first
    await eventually(lambda: len(caller_phone.packets) > 20)
    assert tones_of(sorted(caller_phone.packets)[-1][2]) == {MUSIC, WORDS}, "words lie over the music, which goes on"
    before = len(caller_phone.packets)
    caller.stop_play(mix=True)  # the queue's announcer
    caller.stop_play()  # and what the call layer does to join two legs
    caller.bridge(agent)
    assert await over is False
    await eventually(lambda: len(caller_phone.packets) > before + 15)
    after = [tones_of(payload) for *_, payload in sorted(caller_phone.packets)[before:]]
    first = next(index for index, tones in enumerate(after) if AGENT in tones)
    assert all(WORDS not in tones and MUSIC not in tones for tones in after[first + 1 :]), "nothing is heard beside him"
    talking.cancel()
    for session, phone in ((caller, caller_phone), (agent, agent_phone)):
        session.close()
        phone.close()
    return first


async def test_the_agent_is_heard_within_two_packets(media: MediaEngine) -> None:
    """On a busy machine the phones themselves falter, so one trial says little; a delay of ours would be in all."""
    best = 100
    for _ in range(TRIALS):
        best = min(best, await packets_until_the_agent(media))
        if best <= PACKETS:
            return
    raise AssertionError(f"{best} packets of 20 ms came before the agent was heard")
