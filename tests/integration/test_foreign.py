"""Somebody who knows all about a call but does not belong to it, against the running PBX: RTP of an attacker (R9) and
requests in the call's dialog (R10)."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator

import pytest

from tests.integration.bare import Bare, Talk, sdp
from tests.integration.conftest import House
from tests.support.corpus import entries
from tests.support.rtp_phone import Phone

OURS, FOREIGN = b"\x2a" * 160, b"\x6b" * 160
PACKET_S = 0.02
MALFORMED = 120_000
PCMA = 8


class Line:
    """A call to the echo test whose phone sends a packet every 20 ms and notes what comes back, with the time."""

    def __init__(self, house: House, phone: Bare, talk: Talk, rtp: Phone) -> None:
        self.phone, self.talk, self.rtp = phone, talk, rtp
        rtp.far = (house.host(1), talk.rtp_port)
        self.back: list[tuple[float, bytes]] = []
        self.sent = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._speak, self._listen)]
        for thread in self._threads:
            thread.start()

    def _speak(self) -> None:
        at = time.monotonic()
        while not self._stop.wait(max(0.0, at - time.monotonic())):
            self.rtp.say(OURS, pt=PCMA)
            self.sent += 1
            at += PACKET_S

    def _listen(self) -> None:
        while not self._stop.is_set():
            for packet in self.rtp.hear(1, 0.1):
                self.back.append((time.monotonic(), packet.payload))

    def hear(self, count: int) -> list[bytes]:
        """The next `count` packets."""
        start = len(self.back)
        deadline = time.monotonic() + 30
        while len(self.back) < start + count:
            assert time.monotonic() < deadline, f"{len(self.back) - start} of {count} packets"
            time.sleep(0.01)
        return [payload for _, payload in self.back[start:]]

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.rtp.close()


@pytest.fixture
def line(house: House) -> Iterator[Line]:
    with house.phone("102", host=90) as phone:
        rtp = Phone(phone.host)
        talk = phone.call("601", rtp.port)
        assert talk.status == 200
        line = Line(house, phone, talk, rtp)
        line.hear(5)
        yield line
        assert talk.bye() == 200
        line.close()


def foreign_heard(line: Line) -> int:
    return sum(FOREIGN[:20] in payload for _, payload in line.back)


def test_rtp_of_an_attacker_is_neither_heard_nor_answered(house: House, line: Line) -> None:
    """Same SSRC and following sequence numbers: what a listener on the wire would send."""
    attacker = Phone(house.host(91))
    attacker.far = line.rtp.far
    for _ in range(20):
        attacker.sequence, attacker.timestamp = line.rtp.sequence + 1, line.rtp.timestamp + 160
        attacker.say(FOREIGN, pt=PCMA, count=10)
        line.hear(2)
    line.hear(20)
    assert foreign_heard(line) <= 2
    assert attacker.hear(1, 0.3) == []
    attacker.close()


def test_an_attacker_that_is_first_gets_nothing(house: House) -> None:
    """Before the phone's first packet, from another address than the SDP names and the call came from."""
    with house.phone("102", host=90) as phone:
        rtp = Phone(phone.host)
        talk = phone.call("601", rtp.port)
        attacker = Phone(house.host(91))
        attacker.far = (house.host(1), talk.rtp_port)
        attacker.say(FOREIGN, pt=PCMA, count=50)
        line = Line(house, phone, talk, rtp)
        line.hear(30)
        attacker.say(FOREIGN, pt=PCMA, count=50)
        line.hear(30)
        assert attacker.hear(1, 0.2) == []
        assert foreign_heard(line) <= 2
        assert talk.bye() == 200
        line.close()
        attacker.close()


def test_media_packets_of_the_corpus_change_nothing(house: House, line: Line) -> None:
    """From elsewhere at the RTP and the RTCP port."""
    attacker = Phone(house.host(92))
    host, port = line.rtp.far
    for entry in entries("rtp", "rtcp", "stun", "dtls"):
        for target in (port, port + 1):
            attacker.far = (host, target)
            attacker.raw(entry.data[:65000])
    payloads = line.hear(50)
    assert payloads.count(OURS) >= 48
    assert attacker.hear(1, 0.2) == []
    attacker.close()


def test_media_packets_of_the_corpus_from_the_phone_itself(house: House, line: Line) -> None:
    """A phone gone mad harms itself at most: the call and its audio go on when it is done."""
    host, port = line.rtp.far
    for entry in entries("rtp", "rtcp", "stun", "dtls"):
        for target in (port, port + 1):
            line.rtp.socket.sendto(entry.data[:65000], (host, target))
    line.hear(30)
    assert line.hear(50).count(OURS) >= 45


def test_the_call_goes_on_under_malformed_packets(house: House, line: Line) -> None:
    """120,000 of them from elsewhere, at RTP and RTCP: the call's own packets come back at their full rate."""
    attacker = Phone(house.host(93))
    host, port = line.rtp.far
    junk = [entry.data[:1400] for entry in entries("rtp", "rtcp", "stun", "dtls")] or [b""]
    junk += [random.randbytes(random.randrange(1, 200)) for _ in range(200)]
    first, sent_before, began = len(line.back), line.sent, time.monotonic()
    for n in range(MALFORMED):
        attacker.socket.sendto(junk[n % len(junk)], (host, port + n % 2))
        if not n % 300:
            time.sleep(0.005)
    seconds, sent = time.monotonic() - began, line.sent - sent_before
    got = sum(1 for at, payload in line.back[first:] if payload == OURS)
    assert seconds < 30
    assert got >= 0.98 * sent - 5, f"{got} of {sent} packets in {seconds:.1f} s"
    assert attacker.hear(1, 0.2) == []
    attacker.close()


FOREIGN_REQUESTS = ["BYE", "INVITE", "INFO", "UPDATE", "REFER", "CANCEL", "PRACK", "NOTIFY", "ACK"]


@pytest.mark.parametrize("method", FOREIGN_REQUESTS)
def test_requests_of_somebody_else_change_nothing(house: House, line: Line, method: str) -> None:
    with house.phone("103", host=94) as stranger:
        assert stranger.register().status == 200  # an account of its own gives no right in this call
        body = sdp(stranger.host, 30000) if method in ("INVITE", "UPDATE") else b""
        headers = [f"Refer-To: <sip:0900@{stranger.pbx[0]}>"] if method == "REFER" else []
        if method == "INFO":
            body = b"Signal=5\r\n"
        for branch in ("", line.talk.request.branch):
            request = line.talk.inside(
                method, cseq=line.talk.request.cseq if branch else 60, sender=stranger, body=body, headers=headers,
                branch=branch, content_type="application/dtmf-relay" if method == "INFO" else "application/sdp",
            )  # fmt: skip
            stranger.send(request)
        assert stranger.options().status == 200
        statuses = {message.status for message in stranger.waiting if hasattr(message, "status")}
        assert statuses <= {401, 403, 405, 481, 501}, statuses
        assert stranger.register(expires=0).status == 200
    assert line.hear(20).count(OURS) >= 18
    assert len(house.process.control.get("/calls")) == 1


def test_replaces_takes_no_call_over(house: House, line: Line) -> None:
    request = line.talk.request
    tag = (line.talk.answer.header("To") or "").partition("tag=")[2]
    value = f"Replaces: {request.call_id};to-tag={tag};from-tag={request.from_tag}"
    with house.phone("103", host=95) as stranger:
        uri = f"sip:601@{stranger.pbx[0]}"
        answer, _ = stranger.authorised("INVITE", uri, body=sdp(stranger.host, 30000), headers=[value])
        assert answer.status in (403, 420, 481)
    assert line.hear(10).count(OURS) >= 9
