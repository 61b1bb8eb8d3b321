"""Our re-INVITE meets SIPp's over UDP (RFC 3261 14.1), whoever called: each is refused with 491, ours comes again after
the random wait that fits who made the Call-ID (here a tenth of it), theirs is taken then.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from pathlib import Path

import pytest

from pbx.config import Sip
from pbx.sip.address import Destination
from pbx.sip.session import InviteSession
from pbx.transport.driver import Driver
from tests.support.sip_pair import SDP, Recorder

pytestmark = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed")
hosts = (f"127.23.{os.getpid() % 250}.{i}" for i in itertools.count(1))
OWNER_S, OTHER_S = (0.21, 0.40), (0.0, 0.20)
BODY = "v=0\no=- 1 {version} IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\nm=audio 4000 RTP/AVP 8\n"
ENDS = "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n{ends}\nCall-ID: [call_id]\nMax-Forwards: 70\n"
CONTACT = "Contact: <sip:peer@[local_ip]:[local_port]>\n"


def send(text: str) -> str:
    return f"<send><![CDATA[\n{text}\n]]></send>\n"


def request(method: str, cseq: int, ends: str, body: str = "") -> str:
    what = f"Content-Type: application/sdp\nContent-Length: [len]\n\n{body}" if body else "Content-Length: 0\n"
    return send(
        f"{method} sip:us@[remote_ip]:[remote_port] SIP/2.0\n"
        f"{ENDS.format(ends=ends)}{CONTACT}CSeq: {cseq} {method}\n{what}"
    )


def reply(status: str, headers: str, body: str = "") -> str:
    what = f"Content-Type: application/sdp\nContent-Length: [len]\n\n{body}" if body else "Content-Length: 0\n"
    return send(f"SIP/2.0 {status}\n{headers}{CONTACT}{what}")


def keep(name: str, header: str) -> str:
    return f'<ereg regexp=".*" search_in="hdr" header="{header}:" assign_to="{name}"/>'


LAST = "[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n"
KEPT = "Via:[$via]\nFrom:[$from]\nTo:[$to]\nCall-ID: [call_id]\nCSeq:[$cseq]\n"
# Both re-INVITEs are under way before either is answered.
MEET = (
    '<recv request="INVITE"><action>'
    + "".join(keep(name, header) for name, header in (("via", "Via"), ("from", "From"), ("to", "To"), ("cseq", "CSeq")))
    + "</action></recv>\n"
    + request("INVITE", 20, "{ends}", BODY.format(version=2))
    + '<recv response="100" optional="true"/><recv response="491"/>\n'
    + request("ACK", 20, "{ends}")
    + reply("491 Request Pending", KEPT)
    + '<recv request="ACK"/>\n<recv request="INVITE"/>\n'
    + reply("200 OK", LAST, BODY.format(version=2))
    + '<recv request="ACK"/>\n'
    + request("INVITE", 21, "{ends}", BODY.format(version=3))
    + '<recv response="100" optional="true"/><recv response="200"/>\n'
    + request("ACK", 21, "{ends}")
    + request("BYE", 22, "{ends}")
    + '<recv response="200"/>\n'
)
OURS, THEIRS = "<sip:us@[remote_ip]:[remote_port]>", "<sip:peer@[local_ip]:[local_port]>;tag=peer"
CALLS = (
    request("INVITE", 1, f"From: {THEIRS}\nTo: {OURS}", BODY.format(version=1))
    + '<recv response="100" optional="true"/><recv response="200"><action>'
    + keep("remote", "To")
    + "</action></recv>\n"
    + request("ACK", 1, f"From: {THEIRS}\nTo:[$remote]")
    + MEET.replace("{ends}", f"From: {THEIRS}\nTo:[$remote]")
)
IS_CALLED = (
    '<recv request="INVITE"><action>'
    + keep("remote", "From")
    + keep("local", "To")
    + "</action></recv>\n"
    + reply(
        "200 OK",
        "[last_Via:]\n[last_From:]\n[last_To:];tag=peer\n[last_Call-ID:]\n[last_CSeq:]\n",
        BODY.format(version=1),
    )
    + '<recv request="ACK"/>\n'
    + MEET.replace("{ends}", "From:[$local];tag=peer\nTo:[$remote]")
)


class Meeting(Recorder):
    """Notes when our re-INVITEs go out; the first one at once when the call stands."""

    def on_established(self, session: InviteSession, body: bytes) -> None:
        super().on_established(session, body)
        session.reinvite(SDP)

    def on_answer(self, session: InviteSession, body: bytes, response: object) -> bytes | None:  # type: ignore[override]
        asyncio.get_running_loop().call_soon(session.reinvite, SDP)
        return None


@pytest.mark.parametrize("who", ["they call", "we call"])
async def test_both_offer_at_once(who: str, tmp_path: Path) -> None:
    ours, theirs = next(hosts), next(hosts)
    recorder = Meeting()
    driver = Driver(Sip(listen=[f"udp:{ours}:5060"]), recorder)  # type: ignore[arg-type]
    timers = driver.user_agent.timers
    timers.retry_glare_owner, timers.retry_glare_other = OWNER_S, OTHER_S
    sent: list[tuple[float, bytes]] = []
    await driver.start()
    (udp,) = driver._udp
    deliver, loop = udp.send, asyncio.get_running_loop()

    def watch(data: bytes, address: tuple[str, int]) -> None:
        if data.startswith((b"INVITE ", b"SIP/2.0 491")):
            sent.append((loop.time(), data))
        deliver(data, address)

    udp.send = watch  # type: ignore[method-assign]
    scenario = tmp_path / "meet.xml"
    text = CALLS if who == "they call" else IS_CALLED
    scenario.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="meet">\n{text}</scenario>\n')
    arguments = ("-sf", str(scenario), "-i", theirs, "-p", "5060", "-m", "1", "-nostdin", "-timeout", "30s")
    sipp = await asyncio.create_subprocess_exec(
        *("sipp", *arguments, f"{ours}:5060"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    try:
        if who == "we call":
            await asyncio.to_thread(_bound, theirs)
            driver.user_agent.invite(
                uri=f"sip:peer@{theirs}:5060",
                destination=Destination("udp", theirs, 5060),
                from_=f"<sip:us@{ours}>",
                to=f"<sip:peer@{theirs}>",
                body=SDP,
                contact_user="us",
                observer=recorder,
            )
        _, errors = await asyncio.wait_for(sipp.communicate(), 40)
        assert sipp.returncode == 0, errors.decode()[-2000:]
    finally:
        if sipp.returncode is None:
            sipp.kill()
            await sipp.wait()
        await driver.stop()
    offers = [at for at, data in sent if data.startswith(b"INVITE ")][-2:]
    assert sum(data.startswith(b"SIP/2.0 491") for _, data in sent) == 1
    low, high = OTHER_S if who == "they call" else OWNER_S
    assert low <= offers[1] - offers[0] < high + 2.0, "no sooner than the wait; how much later is the machine's"
    assert recorder.names().count("reinvite") == 1, "theirs was taken at the second try"


def _bound(host: str) -> None:
    """Until SIPp has its port."""
    import time

    wanted = f"{int.from_bytes(bytes(map(int, host.split('.'))), 'little'):08X}:13C4"
    deadline = time.monotonic() + 20
    while wanted not in Path("/proc/net/udp").read_text():
        assert time.monotonic() < deadline, f"nothing listens on {host}"
        time.sleep(0.02)
