"""How long a waiting caller still waits once an agent is free: agent's BYE to the next INVITE at an agent.

250 (or 550) callers keep a queue of about 200 (500) waiting before 50 agents. An agent answers at once, talks for 0.3
to 1.0 s and hangs up; measured is the time from his BYE leaving until his next INVITE. Every other agent is busy
meanwhile, so that the one who has just hung up is the one who is offered.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import time
from collections.abc import Iterator
from typing import cast

import uvloop

from bench.load.bare_timer import BareTimer
from bench.load.pbx import AGENT_NUMBERS, AGENTS, CALLER, HOST
from bench.load.sip_client import SDP, copied, header, register

TARGET = (HOST, 5060)
PRIORITY = 2  # above the product's signalling, below its media threads
SETTLE_S = 1.5  # until the line is full and every agent has his turn


class Agents(asyncio.DatagramProtocol):
    """Fifty phones on one socket, told apart by the user part that they registered."""

    def __init__(self, wanted: int) -> None:
        self.transport: asyncio.DatagramTransport
        self.loop = asyncio.get_running_loop()
        self.freed_at: dict[str, float] = {}
        self.latencies: list[float] = []
        self.wanted = wanted
        self.measuring = False  # neither while the line fills up nor while all hang up
        self.done = self.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)  # uvloop's has the same methods, but not the class

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        now = time.perf_counter()
        text = data.decode()
        method = text[: text.index(" ")]
        if method == "INVITE":
            agent = text[text.index(":") + 1 : text.index("@")]
            freed = self.freed_at.pop(agent, None)
            if freed is not None and self.measuring:
                self.latencies.append(now - freed)
                if len(self.latencies) >= self.wanted:
                    self.measuring = False
                    self.done.set_result(None)
            self.answer(text, agent, address)
            self.loop.call_later(random.uniform(0.3, 1.0), self.hang_up, text, agent, address)
        elif method in ("BYE", "CANCEL", "OPTIONS"):
            self.transport.sendto(f"SIP/2.0 200 OK\r\n{copied(text)}Content-Length: 0\r\n\r\n".encode(), address)

    def answer(self, invite: str, agent: str, address: tuple[str, int]) -> None:
        body, to = SDP.format(ip=AGENTS, port=7000), header(invite, "To")
        self.transport.sendto(
            (
                f"SIP/2.0 200 OK\r\n{copied(invite).replace(to, f'{to};tag=t{agent}')}"
                f"Contact: <sip:{agent}@{AGENTS}:5060>\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode(),
            address,
        )

    def hang_up(self, invite: str, agent: str, address: tuple[str, int]) -> None:
        contact = header(invite, "Contact").strip("<>").split(">")[0]
        self.freed_at[agent] = time.perf_counter()
        self.transport.sendto(
            (
                f"BYE {contact} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {AGENTS}:5060;branch=z9hG4bK{random.getrandbits(64):016x}\r\n"
                f"Max-Forwards: 70\r\nFrom: {header(invite, 'To')};tag=t{agent}\r\nTo: {header(invite, 'From')}\r\n"
                f"Call-ID: {header(invite, 'Call-ID')}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
            ).encode(),
            address,
        )


class Callers(asyncio.DatagramProtocol):
    """Keeps `count` calls in the queue: a call that ends is followed by a new one."""

    def __init__(self, count: int) -> None:
        self.transport: asyncio.DatagramTransport
        self.count = count
        self.waiting = 0
        self.refused = 0
        self.stopping = False
        self.answered: dict[str, str] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)  # uvloop's has the same methods, but not the class

    def call(self) -> None:
        body = SDP.format(ip=CALLER, port=7002)
        tag = f"{random.getrandbits(64):016x}"
        self.transport.sendto(
            (
                f"INVITE sip:800@{HOST} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {CALLER}:5060;branch=z9hG4bK{tag}\r\nMax-Forwards: 70\r\n"
                f"From: <sip:48{tag[:9]}@{CALLER}>;tag={tag}\r\nTo: <sip:800@{HOST}>\r\n"
                f"Call-ID: {tag}\r\nCSeq: 1 INVITE\r\nContact: <sip:caller@{CALLER}:5060>\r\n"
                f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            ).encode(),
            TARGET,
        )

    def request(self, method: str, sequence: int, ok: str, branch: str) -> None:
        contact = header(ok, "Contact").strip("<>").split(">")[0]
        self.transport.sendto(
            (
                f"{method} {contact} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {CALLER}:5060;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n"
                f"From: {header(ok, 'From')}\r\nTo: {header(ok, 'To')}\r\nCall-ID: {header(ok, 'Call-ID')}\r\n"
                f"CSeq: {sequence} {method}\r\nContent-Length: 0\r\n\r\n"
            ).encode(),
            TARGET,
        )

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        text = data.decode()
        if text.startswith("SIP/2.0 "):
            status, sequence = int(text[8:11]), header(text, "CSeq")
            if sequence == "1 INVITE" and status == 200:
                call_id = header(text, "Call-ID")
                self.answered[call_id] = text
                self.request("ACK", 1, text, f"a{call_id}")
            elif sequence == "1 INVITE" and status >= 300:
                self.refused += 1
        elif text.startswith("BYE "):
            self.transport.sendto(f"SIP/2.0 200 OK\r\n{copied(text)}Content-Length: 0\r\n\r\n".encode(), address)
            self.answered.pop(header(text, "Call-ID"), None)
            if not self.stopping:
                self.call()

    def hang_up_all(self) -> None:
        self.stopping = True
        for call_id, ok in list(self.answered.items()):
            self.request("BYE", 2, ok, f"b{call_id}")
        self.answered.clear()


async def _measure(samples: int, waiting: int) -> list[float]:
    for number in AGENT_NUMBERS:
        register(
            f"{HOST}:5060",
            number,
            f"bench-secret-{number}",
            local=(AGENTS, 5064),
            contact=f"sip:{number}@{AGENTS}:5060",
        )
    loop = asyncio.get_running_loop()
    # Phones have their media ports open: music into closed ones would come back as ICMP errors, 25,000 a second.
    media = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for port, where in zip(media, ((AGENTS, 7000), (CALLER, 7002)), strict=True):
        port.bind(where)
    _, agents = await loop.create_datagram_endpoint(lambda: Agents(samples), local_addr=(AGENTS, 5060))
    _, callers = await loop.create_datagram_endpoint(
        lambda: Callers(waiting + len(AGENT_NUMBERS)), local_addr=(CALLER, 5060)
    )
    try:
        for _ in range(callers.count):
            callers.call()
            await asyncio.sleep(0.004)
        await asyncio.sleep(SETTLE_S)
        agents.measuring = True
        await asyncio.wait_for(agents.done, 120)
        if callers.refused:
            raise RuntimeError(f"{callers.refused} callers were refused while the offers were measured")
        return agents.latencies
    finally:
        callers.hang_up_all()
        await asyncio.sleep(1.5)  # the far ends of the last calls
        agents.transport.close()
        callers.transport.close()
        for port in media:
            port.close()


def measure(samples: int, waiting: int = 200, name: str = "offer") -> dict[str, float]:
    """Milliseconds from a free agent to his next INVITE: median and 99th percentile of `samples` offers."""
    with before_others(), BareTimer() as bare:
        latencies = sorted(uvloop.run(_measure(samples, waiting)))
    return {
        f"{name}_p50_ms": latencies[len(latencies) // 2] * 1000,
        f"{name}_p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
        f"{name}_bare_p99_ms": bare.p99_ms,
    }


@contextlib.contextmanager
def before_others() -> Iterator[None]:
    """The phones' own process answers at once, whatever else the machine does: the product is measured."""
    was = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    try:
        yield
    finally:
        os.sched_setscheduler(0, *was)
