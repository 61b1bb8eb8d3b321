"""The peak of an agency's hotline through the real PBX, faster than it happens: `python -m bench.load.peak`.

143 calls an hour for six agents, handling 180 s and patience 300 s on average, all of them exponential: Erlang A says
that 21.9 % give up and 29.2 % are served within 20 s. Ten times as fast a call comes every 2.5 s. Callers and agents
are real SIP over UDP; what they saw is held against what the PBX wrote down, and against the band that nine of ten runs
of so many calls fall into, by simulation from an empty office.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random
import socket
import sqlite3
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import uvloop
from rich.console import Console
from rich.progress import track

from bench.load.offers import Agents, Callers
from bench.load.pbx import AGENT_NUMBERS, AGENTS, CALLER, HOST, Pbx
from bench.load.sip_client import header, register

PER_HOUR, HANDLING_S, PATIENCE_S, WITHIN_S, AGENTS_AT_WORK = 143.0, 180.0, 300.0, 20.0, 6
ERLANG_A = {"abandoned": 0.2193, "within": 0.2915}  # metrics.md D7 of the formulas' collection
RUNS = 2000
console = Console()


@dataclass(slots=True)
class Seen:
    """What the callers saw."""

    came: int = 0
    served: list[float] = field(default_factory=list)  # waits in seconds
    gave_up: int = 0


class Office(Agents):
    """Six phones that answer at once and talk for an exponential time."""

    def __init__(self, speed: float, crowd: Crowd) -> None:
        super().__init__(0)
        self.handling_s = HANDLING_S / speed
        self.crowd = crowd

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        text = data.decode()
        if not text.startswith("INVITE "):
            super().datagram_received(data, address)
            return
        agent = text[text.index(":") + 1 : text.index("@")]
        self.answer(text, agent, address)
        caller = header(text, "From").partition("sip:")[2].partition("@")[0]
        if self.crowd.served(caller):
            self.loop.call_later(random.expovariate(1 / self.handling_s), self.hang_up, text, agent, address)
        else:  # he gave up in this moment: the PBX takes the leg back
            self.loop.call_later(0.5, self.hang_up, text, agent, address)


class Crowd(Callers):
    """Callers with patience, who come as Poisson says."""

    def __init__(self, speed: float) -> None:
        super().__init__(0)
        self.stopping = True  # nobody follows who has been served
        self.speed = speed
        self.seen = Seen()
        self.loop = asyncio.get_running_loop()
        self._came: dict[str, float] = {}  # caller's number: when
        self._patience: dict[str, asyncio.TimerHandle] = {}
        self.empty = asyncio.Event()  # nobody waits

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        text = data.decode()
        super().datagram_received(data, address)
        if text.startswith("SIP/2.0 200") and header(text, "CSeq") == "1 INVITE":
            call_id = header(text, "Call-ID")
            number = f"48{call_id[:9]}"
            if number in self._came or number in self._patience:
                return
            self._came[number] = self.loop.time()
            self.seen.came += 1
            self.empty.clear()
            patience_s = random.expovariate(self.speed / PATIENCE_S)
            self._patience[number] = self.loop.call_later(patience_s, self._give_up, number, call_id)

    def served(self, number: str) -> bool:
        """An agent has him; False when he is gone."""
        came, timer = self._came.get(number), self._patience.pop(number, None)
        if came is None or timer is None:
            return False
        timer.cancel()
        self._look()
        self.seen.served.append(self.loop.time() - came)
        return True

    def _give_up(self, number: str, call_id: str) -> None:
        del self._patience[number]
        self._look()
        self.seen.gave_up += 1
        ok = self.answered.pop(call_id, None)
        if ok is not None:
            self.request("BYE", 2, ok, f"g{call_id}")

    def _look(self) -> None:
        if not self._patience:
            self.empty.set()


async def _live(calls: int, speed: float) -> Seen:
    for number in AGENT_NUMBERS[:AGENTS_AT_WORK]:
        local, contact = (AGENTS, 5064), f"sip:{number}@{AGENTS}:5060"
        register(f"{HOST}:5060", number, f"bench-secret-{number}", local=local, contact=contact)
    loop = asyncio.get_running_loop()
    media = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for port, where in zip(media, ((AGENTS, 7000), (CALLER, 7002)), strict=True):
        port.bind(where)
    _, found = await loop.create_datagram_endpoint(lambda: Crowd(speed), local_addr=(CALLER, 5060))
    crowd = cast(Crowd, found)
    _, office = await loop.create_datagram_endpoint(lambda: Office(speed, crowd), local_addr=(AGENTS, 5060))
    try:
        at = time.monotonic()
        for _ in track(range(calls), f"{calls} calls, {speed:g} times as fast", console=console):
            at += random.expovariate(PER_HOUR * speed / 3600)
            await asyncio.sleep(max(at - time.monotonic(), 0.0))
            crowd.call()
        await crowd.empty.wait()
        await asyncio.sleep(1.0)
        return crowd.seen
    finally:
        crowd.hang_up_all()
        await asyncio.sleep(1.5)
        for endpoint in (crowd, office):
            endpoint.transport.close()
        for port in media:
            port.close()


def simulated(calls: int, dice: random.Random) -> tuple[float, float]:
    """(share that gave up, share served in time) of one run of so many calls, from an empty office."""
    now, busy, lost, within = 0.0, 0, 0, 0
    done: list[float] = []
    line: deque[tuple[float, float]] = deque()  # came, gives up at

    def serve(until: float) -> None:
        nonlocal busy, lost, within
        while done and done[0] <= until:
            free_at = heapq.heappop(done)
            busy -= 1
            while line:
                came, gone = line.popleft()
                if gone < free_at:
                    lost += 1
                    continue
                within += free_at - came <= WITHIN_S
                busy += 1
                heapq.heappush(done, free_at + dice.expovariate(1 / HANDLING_S))
                break

    for _ in range(calls):
        now += dice.expovariate(PER_HOUR / 3600)
        serve(now)
        if busy < AGENTS_AT_WORK:
            busy += 1
            within += 1
            heapq.heappush(done, now + dice.expovariate(1 / HANDLING_S))
        else:
            line.append((now, now + dice.expovariate(1 / PATIENCE_S)))
    serve(float("inf"))
    return lost / calls, within / calls


def written_down(database: Path, speed: float) -> tuple[int, float, float]:
    """(calls, share that gave up, share served in time) as the PBX recorded them."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT outcome, wait_s FROM queue_visits WHERE queue = 'load'").fetchall()
    lost = sum(outcome == "abandoned" for outcome, _ in rows)
    within = sum(outcome == "answered" and wait_s <= WITHIN_S / speed for outcome, wait_s in rows)
    return len(rows), lost / len(rows), within / len(rows)


def band(calls: int) -> dict[str, tuple[float, float]]:
    """What nine of ten runs of so many calls lie between."""
    dice = random.Random(1)
    lived = [simulated(calls, dice) for _ in range(RUNS)]
    found = {}
    for position, name in enumerate(("abandoned", "within")):
        values = sorted(one[position] for one in lived)
        found[name] = values[int(0.05 * RUNS)], values[int(0.95 * RUNS)]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--speed", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Pbx(folder):
            seen = uvloop.run(_live(given.calls, given.speed))
        recorded = written_down(folder / "var" / "centrala.db", given.speed)
    within = sum(wait <= WITHIN_S / given.speed for wait in seen.served) / seen.came
    figures = {"abandoned": (seen.gave_up / seen.came, recorded[1]), "within": (within, recorded[2])}
    expected = band(given.calls)
    good = recorded[0] == seen.came == given.calls
    console.print(f"{seen.came} callers, {recorded[0]} recorded")
    for key, (callers, pbx) in figures.items():
        low, high = expected[key]
        inside = low <= pbx <= high and abs(callers - pbx) <= 0.01
        good = good and inside
        console.print(
            f"{key:<10} callers {callers:6.1%}  recorded {pbx:6.1%}  Erlang A {ERLANG_A[key]:6.1%}  "
            f"nine of ten such runs {low:.1%} to {high:.1%}  {'ok' if inside else 'OUTSIDE'}"
        )
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
