"""What a message costs on the signalling thread: `pytest bench/test_sipscan.py --benchmark-enable`, set-up untimed."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from core.sipscan import Scan
from pbx.clock import SystemClock
from pbx.sdp.offer_answer import answer, make_offer, read_answer
from pbx.sip.digest import Credentials, DigestVerifier
from pbx.sip.digest import answer as answer_challenge
from pbx.sip.headers import NameAddr, Via
from pbx.sip.message import Request, response
from pbx.sip.parser import StreamParser, parse
from pbx.sip.sanity import check
from pbx.sip.uri import Uri

SDP = make_offer("192.0.2.1", 4000, session_id=1, version=1)
INVITE = (
    b"INVITE sip:600@192.0.2.9:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK-524287-1-0;rport\r\n"
    b'Max-Forwards: 70\r\nFrom: "Anna" <sip:101@192.0.2.9>;tag=1c2f3SIPpTag001\r\nTo: <sip:600@192.0.2.9:5060>\r\n'
    b"Call-ID: 1-524287@192.0.2.1\r\nCSeq: 1 INVITE\r\nContact: <sip:101@192.0.2.1:5061>\r\nUser-Agent: Phone/1.0\r\n"
    b"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\nSupported: timer\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(SDP), SDP)
)
BYE = INVITE.partition(b"Contact")[0].replace(b"INVITE", b"BYE") + b"Content-Length: 0\r\n\r\n"
OK = INVITE.replace(b"INVITE sip:600@192.0.2.9:5060 SIP/2.0", b"SIP/2.0 200 OK")


def request(data: bytes = INVITE) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    message.set_source("192.0.2.1", 5061)
    return message


@pytest.mark.parametrize("data", [INVITE, BYE, OK], ids=["invite", "bye", "ok"])
def test_scan(benchmark: BenchmarkFixture, data: bytes) -> None:
    benchmark(Scan, data)


@pytest.mark.parametrize("size", [1_000, 8_000, 60_000])
def test_scan_worst(benchmark: BenchmarkFixture, size: int) -> None:
    benchmark(Scan, INVITE.replace(b"rport", b";a" * (size // 2)))


@pytest.mark.parametrize("data", [INVITE, BYE, OK], ids=["invite", "bye", "ok"])
def test_parse(benchmark: BenchmarkFixture, data: bytes) -> None:
    benchmark(parse, data)


def test_parse_and_identify(benchmark: BenchmarkFixture) -> None:
    """What finding the transaction and the dialog needs."""

    def identify() -> tuple[object, ...]:
        message = request()
        return (message.branch, message.call_id, message.cseq, message.cseq_method, message.from_tag, message.to_tag)

    benchmark(identify)


def test_parse_and_check(benchmark: BenchmarkFixture) -> None:
    benchmark(lambda: check(request()))


def test_response(benchmark: BenchmarkFixture) -> None:
    message = request()
    benchmark(response, message, 180, to_tag="abcdef0123", headers=["Contact: <sip:192.0.2.9:5060>"])


def test_stream(benchmark: BenchmarkFixture) -> None:
    parser = StreamParser()
    benchmark(parser.feed, INVITE + BYE)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (Uri.parse, "sip:101@192.0.2.1:5061;transport=tcp"),
        (NameAddr.parse, '"Anna" <sip:101@192.0.2.9>;tag=1c2f3SIPpTag001'),
        (Via.parse, "SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK-524287-1-0;rport"),
    ],
    ids=["uri", "name_addr", "via"],
)
def test_value(benchmark: BenchmarkFixture, read: object, text: str) -> None:
    benchmark(read, text)  # type: ignore[arg-type]


def test_make_offer(benchmark: BenchmarkFixture) -> None:
    benchmark(make_offer, "192.0.2.9", 7000, session_id=1, version=1)


def test_answer_offer(benchmark: BenchmarkFixture) -> None:
    benchmark(answer, SDP, "192.0.2.9", 7000, session_id=1, version=1)


def test_read_answer(benchmark: BenchmarkFixture) -> None:
    benchmark(read_answer, answer(SDP, "192.0.2.9", 7000, session_id=1, version=1)[0])


def test_challenge(benchmark: BenchmarkFixture) -> None:
    verifier = DigestVerifier("pbx.example", b"0123456789abcdef", SystemClock())
    benchmark(verifier.challenge, "192.0.2.1")


@pytest.mark.parametrize("index", [0, 1], ids=["md5", "sha256"])
def test_verify(benchmark: BenchmarkFixture, index: int) -> None:
    verifier = DigestVerifier("pbx.example", b"0123456789abcdef", SystemClock())
    known = Credentials.from_password("101", "pbx.example", "secret")
    header = answer_challenge([verifier.challenge("192.0.2.1")[index]], "INVITE", "sip:600@x", "101", "wrong")
    benchmark(verifier.verify, "INVITE", "sip:600@x", header, "192.0.2.1", lambda _: known)
