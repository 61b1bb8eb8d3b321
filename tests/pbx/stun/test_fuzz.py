"""Mutated STUN to an ICE agent: nothing is raised, nobody without the password is validated, nothing takes long (R2).

CENTRALA_FUZZ sets the number of mutations (for a long run); the seed is fixed, so that a fault can be found again.
"""

from __future__ import annotations

import os
import random
import struct
import time

from pbx.stun import message as stun
from pbx.stun.ice_lite import MAX_SOURCES, IceLite
from tests.support.corpus import entries

MUTATIONS = int(os.environ.get("CENTRALA_FUZZ", "6000"))
PASSWORD = "p" * 22
SOURCE = ("192.0.2.1", 40000)
LONGEST_S = 0.05


def seeds() -> list[bytes]:
    name = (stun.USERNAME, b"ours:theirs")
    priority, controlling = (stun.PRIORITY, bytes(4)), (stun.ICE_CONTROLLING, bytes(8))
    good = [name, priority, controlling, (stun.USE_CANDIDATE, b"")]
    return [
        stun.request(bytes(12), good, PASSWORD),
        stun.request(bytes(12), good, "another password"),
        stun.request(bytes(12), [name], PASSWORD),
        stun.success(bytes(12), "192.0.2.9", 4000, PASSWORD),
        stun.success(bytes(12), "2001:db8::9", 4000, PASSWORD),
        stun.failure(bytes(12), 420, "Unknown Attribute", PASSWORD, [5, 6]),
        *(entry.data for entry in entries("stun")),
    ]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """A few octets changed, cut or put in; half of them with a length in the header that fits, which is read first."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            out[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del out[at : at + chance.randint(1, 8)]
        elif kind == 2:
            out[at:at] = chance.randbytes(chance.randint(1, 8))
        elif kind == 3:
            out[at:at] = struct.pack("!HH", chance.randrange(0x30), chance.randrange(12)) + chance.randbytes(8)
        else:
            out += out[at : at + 200]
    if chance.random() < 0.5 and len(out) >= stun.HEADER:
        del out[len(out) - len(out) % 4 :]
        out[2:4] = struct.pack("!H", (len(out) - stun.HEADER) & 0xFFFF)
    return bytes(out)


def seconds_for(data: bytes) -> float:
    agent = IceLite("ours", PASSWORD, "theirs")
    began = time.thread_time()
    stun.parse(data)
    agent.receive(data, SOURCE, 0.0)
    return time.thread_time() - began


def test_mutations() -> None:
    chance = random.Random(20_261_122)
    all_seeds, read, answered = seeds(), 0, 0
    forged = IceLite("ours", "q" * 22, "theirs")  # nobody knows its password
    agent = IceLite("ours", PASSWORD, "theirs")
    for number in range(MUTATIONS):
        data = mutate(chance.choice(all_seeds), chance) if number % 20 else chance.choice(all_seeds)
        source = (SOURCE[0], chance.randrange(1, 65536))
        began = time.thread_time()
        message = stun.parse(data)
        if message is not None:
            read += 1
            stun.mapped_address(message)
        answered += agent.receive(data, source, number / 50) is not None
        forged.receive(data, source, number / 50)
        if time.thread_time() - began > LONGEST_S:  # the collector may have come in between: the input once more
            assert seconds_for(data) < LONGEST_S
        assert len(agent._valid) <= MAX_SOURCES
        assert not forged._valid
        assert forged.selected is None
    assert read > MUTATIONS // 50
    assert answered > MUTATIONS // 50
