"""Random calls through the PBX over a network that loses, doubles and reorders: one record each, and nothing is left.

Phones register, call, are called, hold, refer, vanish; every datagram may be lost (20 %), come twice (10 %) or late.
Seeded, in virtual time; CENTRALA_LOSSY_CALLS says how many calls are made (a night's run: 20000).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from typing import Any

import pytest

from pbx.events import CallEvent, Kind
from pbx.sip.extensions import Extensions
from tests.pbx.call.sip_world import DOMAIN, Phone, World, config
from tests.support.sip_pair import lossy

CALLS = int(os.environ.get("CENTRALA_LOSSY_CALLS", "1800"))
PARTS = 12
EXTENSIONS = [{"number": n, "secret": "s", "ring_timeout_s": 12, "max_calls": 8} for n in ("101", "102", "103")]
STEPS = ("hold", "resume", "update", "info", "bye", "bye", "callee bye", "refer", "refresh", "nothing", "nothing")


class LossyPhone(Phone):
    """Rings, answers, refuses or is silent as chance wants."""

    def __init__(self, world: World, number: str, host: str, chance: random.Random) -> None:
        super().__init__(world, number, host, "s")
        self.chance = chance
        self.peer.ua.random = random.Random(chance.random())
        self.peer.ua.extensions = Extensions(
            chance.choice(("never", "supported")), chance.choice(("never", "supported")), 90
        )

    def on_invite(self, session: Any, request: Any, source: Any) -> None:
        self.refuse = self.chance.choice((0, 0, 0, 0, 486, 480, 603, 302))
        self.ring_s = self.chance.choice((0.0, 0.5, 2.0, 2.0, None))
        self.early = bool(request.body) and self.chance.random() < 0.3
        super().on_invite(session, request, source)

    def on_answer(self, session: Any, body: bytes, response: Any) -> bytes | None:
        return super().on_answer(session, body, response)


async def one_call(world: World, phones: list[LossyPhone], chance: random.Random) -> None:
    """From the INVITE until both ends hung up; what the PBX thinks of it is checked by who called this."""
    caller, callee = chance.sample(phones[:3], 2)
    number = chance.choice((callee.number, callee.number, callee.number, "601", "999"))
    headers = chance.choice(([], [], ["Require: 100rel"], ["Privacy: id"]))
    session = caller.call(number, *headers, body=b"" if chance.random() < 0.15 else None)
    await asyncio.sleep(chance.choice((0.01, 0.3, 1.0, 4.0)))
    if chance.random() < 0.15:
        session.cancel()
    for _ in range(chance.randint(0, 4)):
        await asyncio.sleep(chance.choice((0.0, 0.1, 2.0)))
        step(chance.choice(STEPS), caller, session, phones)
    await asyncio.sleep(chance.choice((0.5, 5.0, 5.0, 130.0)))
    for phone in phones:
        for each in phone.sessions:
            each.end(480)


def step(what: str, caller: LossyPhone, session: Any, phones: list[LossyPhone]) -> None:
    if session.state != "confirmed":
        return
    if what == "hold":
        session.reinvite(caller.sdp.replace(b"sendrecv", b"sendonly"))
    elif what == "resume":
        session.reinvite(caller.sdp)
    elif what == "update":
        session.update(caller.sdp)
    elif what == "info":
        session.info(b"Signal=5\r\n", "application/dtmf-relay")
    elif what == "bye":
        session.bye()
    elif what == "callee bye":
        for phone in phones:
            if phone is not caller and phone.sessions and phone.sessions[-1].state == "confirmed":
                phone.sessions[-1].bye()
    elif what == "refer":
        session.send("REFER", headers=[f"Refer-To: <sip:103@{DOMAIN}>"], done=lambda status: None)
    elif what == "refresh":
        session.refresh()


def records(world: World) -> tuple[Counter[str], Counter[str]]:
    """How often each call began and ended."""
    began: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for event in world.events:
        if isinstance(event, CallEvent) and event.kind is Kind.CALL_STARTED:
            began[event.call_id] += 1
        elif isinstance(event, CallEvent) and event.kind is Kind.CALL_ENDED:
            ended[event.call_id] += 1
    return began, ended


@pytest.mark.parametrize("part", range(PARTS))
async def test_each_call_leaves_one_record_and_nothing_else(part: int) -> None:
    chance = random.Random(part)
    world = World(config(extension=EXTENSIONS))
    world.pbx.ua.random = random.Random(part)
    world.pbx.ua.extensions = Extensions(("never", "supported")[part % 2], ("supported", "always")[part % 2], 90)
    phones = [
        LossyPhone(world, n, h, chance)
        for n, h in (("101", "127.15.1.1"), ("102", "127.15.1.2"), ("103", "127.15.1.3"))
    ]
    phones.append(LossyPhone(world, "102", "127.15.1.4", chance))
    bad = lossy(part)
    for number in range(CALLS // PARTS):
        if number % 15 == 0:  # before the hour of the registrations is over
            world.net.link = lambda *_: (0.001,)
            for phone in phones:
                assert (await phone.register()).status == 200
            await asyncio.sleep(70)
            world.net.link = bad
        try:
            await one_call(world, phones, chance)
            await asyncio.sleep(140)  # 64*T1 of what was lost at the end, and what follows from that
            for phone in phones:
                for session in phone.sessions:
                    assert session.state == "terminated", session.phase
                assert phone.peer.is_clean(), (phone.peer.ua.sessions, phone.peer.timers.armed)
                phone.sessions.clear(), phone.events.clear(), phone.peer.sent.clear(), phone.peer.heard.clear()
            assert not world.service.calls
            assert not world.media.open_streams
            assert not world.services.limits._in_use
            assert world.pbx.is_clean(), (world.pbx.ua.sessions, world.pbx.ua.layer.servers, world.pbx.timers.armed)
        except BaseException as error:
            error.add_note(f"part {part}, call {number}")
            raise
        world.net.wire.clear(), world.pbx.sent.clear(), world.pbx.heard.clear()
    began, ended = records(world)
    assert began == ended
    assert not began or set(began.values()) == {1}
    assert len(began) >= CALLS // PARTS * 0.8  # the others were lost on their way
    answered = world.journey().count(Kind.CALL_ANSWERED)
    assert answered >= len(began) / 4
    assert world.journey().count(Kind.BRIDGE_STARTED) == world.journey().count(Kind.BRIDGE_ENDED) >= answered / 3
    assert world.journey().count(Kind.HOLD_STARTED) == world.journey().count(Kind.HOLD_ENDED)
    world.net.link = lambda *_: (0.001,)
    await world.settle()
