"""What the code of a bridged call costs, without a network, by how long the processor rested before each message.

A virtual machine gives a processor that rests to others, and what its caches held of us is gone when it comes back: the
same instructions take several times as long. Figures of CPU per call at low rates measure that as much as our code;
this part tells the two apart. Run as a program it prints JSON: microseconds a call (tenth percentile) by pause.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.load.child import ROOT
from bench.load.pbx import CALLEE, CALLER, HOST, write_config
from bench.load.sip_client import SDP, copied, header, register

PAUSES_S = (0.0, 0.0003, 0.002)
TURNS = 6  # of the event loop after each message: by then everything that it has led to is done
RUN = 20  # calls in a row with the same pause
PORT = 5060


def figures(calls: int) -> dict[str, float]:
    """The figures of a child process: bridged_code_us_pause_0, .._300 and .._2000."""
    command = [sys.executable, "-m", "bench.load.call_code", str(calls)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"the calls without a network failed:\n{done.stderr[-2000:]}")
    return {f"bridged_code_us_pause_{name}": value for name, value in json.loads(done.stdout).items()}


class Calls:
    """Plays both far ends of bridged calls into a PBX in this process, whose socket is replaced by a list."""

    def __init__(self, flow: Any) -> None:
        self._flow = flow
        self._sources = {host: flow.source(host, PORT) for host in (CALLER, CALLEE)}
        self._sent: list[str] = []
        self._pause_s = self._spent_s = 0.0
        flow.send = lambda data, _: self._sent.append(data.decode())

    async def one(self, name: str, pause_s: float) -> float:
        """CPU seconds of the event loop's thread for one call, from INVITE to the last 200."""
        self._pause_s, self._spent_s = pause_s, 0.0
        ours = f"Via: SIP/2.0/UDP {CALLER}:5060;branch=z9hG4bK{name}{{}}\r\nMax-Forwards: 70\r\n"
        head = f"From: <sip:48221000000@{CALLER}>;tag={name}\r\nCall-ID: {name}@{CALLER}\r\n"
        offer = f"Contact: <sip:c@{CALLER}:5060>\r\nContent-Type: application/sdp\r\n"
        invite = (
            f"INVITE sip:700@{HOST}:5060 SIP/2.0\r\n{ours.format(1)}{head}To: <sip:700@{HOST}>\r\nCSeq: 1 INVITE\r\n"
        )
        asked = self._first("INVITE", await self._hear(CALLER, invite + offer, SDP.format(ip=CALLER, port=6000)))
        await self._hear(CALLEE, self._reply(asked, name, "180 Ringing"))
        said = await self._hear(CALLEE, self._reply(asked, name, "200 OK"), SDP.format(ip=CALLEE, port=6000))
        answer = self._first("SIP/2.0 200", said)
        contact = re.search(r"<(.*?)>", header(answer, "Contact"))
        assert contact is not None
        to = f"{head}To: {header(answer, 'To')}\r\n"
        await self._hear(CALLER, f"ACK {contact[1]} SIP/2.0\r\n{ours.format(2)}{to}CSeq: 1 ACK\r\n")
        said = await self._hear(CALLER, f"BYE {contact[1]} SIP/2.0\r\n{ours.format(3)}{to}CSeq: 2 BYE\r\n")
        await self._hear(CALLEE, self._reply(self._first("BYE", said), name, "200 OK"))
        return self._spent_s

    async def _hear(self, source: str, message: str, body: str = "") -> list[str]:
        """Hands in one message and gives what the PBX sent meanwhile."""
        data = f"{message}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        if self._pause_s:
            time.sleep(self._pause_s)  # noqa: ASYNC251 - the processor shall rest, and the event loop with it
        self._sent.clear()
        began = time.thread_time()
        self._flow._receive(data, self._sources[source])
        for _ in range(TURNS):
            await asyncio.sleep(0)
        self._spent_s += time.thread_time() - began
        return list(self._sent)

    def _first(self, start: str, messages: list[str]) -> str:
        return next(message for message in messages if message.startswith(start))

    def _reply(self, request: str, tag: str, status: str) -> str:
        lines = copied(request)
        to = header(request, "To")
        if "tag=" not in to:
            lines = lines.replace(f"To: {to}", f"To: {to};tag=s{tag}")
        body = "Content-Type: application/sdp\r\n" if status == "200 OK" and "INVITE" in lines else ""
        return f"SIP/2.0 {status}\r\n{lines}Contact: <sip:100@{CALLEE}:5060>\r\n{body}"


async def measure(folder: Path, calls: int) -> dict[str, float]:
    """Microseconds a call by pause in microseconds, interleaved, so that a busy machine touches all alike."""
    from pbx.app.pbx import Pbx
    from pbx.configfile.load import load

    pbx = Pbx(load(write_config(folder)).config)
    await pbx.start()
    try:
        contact = f"sip:100@{CALLEE}:5060"
        await asyncio.to_thread(
            register, f"{HOST}:5060", "100", "bench-secret-100", local=(CALLEE, 5062), contact=contact
        )
        player = Calls(pbx.driver._udp[0])
        for number in range(100):
            await player.one(f"w{number}", 0.0)
        spent: dict[float, list[float]] = {pause_s: [] for pause_s in PAUSES_S}
        for number in range(calls // RUN):
            for pause_s in PAUSES_S:
                run = [await player.one(f"p{pause_s * 1e6:.0f}n{number}r{each}", pause_s) for each in range(RUN)]
                spent[pause_s] += run[1:]  # the first finds what another pause has left
        return {f"{p * 1e6:.0f}": round(sorted(each)[len(each) // 10] * 1e6, 1) for p, each in spent.items()}
    finally:
        await pbx.stop()


def main() -> None:
    import uvloop

    with tempfile.TemporaryDirectory(prefix="centrala-code-") as folder:
        print(json.dumps(uvloop.run(measure(Path(folder), int(sys.argv[1])))))


if __name__ == "__main__":
    main()
