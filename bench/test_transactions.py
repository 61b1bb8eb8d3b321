"""What the SIP machines cost without a socket: `pytest bench/test_transactions.py --benchmark-enable`."""

from __future__ import annotations

from itertools import count

from pytest_benchmark.fixture import BenchmarkFixture

from pbx.sip.address import Destination
from pbx.sip.parser import parse
from pbx.sip.requests import build
from pbx.sip.timers import TimerQueue
from tests.support.sip_pair import SDP, Recorder, SipNetwork

SOURCE = Destination("udp", "127.0.0.1", 5060)
ROUNDS = 2000


class Quiet(Recorder):
    """Answers and writes nothing down."""

    def on_invite(self, session, request, source):
        session.observer = self
        session.accept(SDP)

    def on_established(self, session, body):
        return None

    def on_ended(self, session, reason):
        return None


def request(method: str, number: int, cseq: int, to_tag: str = "", body: bytes = b"") -> bytes:
    return build(
        method,
        "sip:600@127.0.0.2",
        "udp",
        ("127.0.0.1", 5060),
        f"z9hG4bK{method}{number}",
        "<sip:101@127.0.0.1>;tag=f",
        f"<sip:600@127.0.0.2>{f';tag={to_tag}' if to_tag else ''}",
        f"call-{number}",
        cseq,
        "Contact: <sip:101@127.0.0.1:5060>\r\n",
        body,
        "application/sdp",
    )


def test_an_answered_call(benchmark: BenchmarkFixture) -> None:
    """INVITE, 200, ACK, BYE, 200 as the callee: three messages in, two out."""
    net = SipNetwork(lambda *_: ())
    bob = net.add("127.0.0.2", Quiet())
    numbers = count()

    def prepare():
        number = next(numbers)
        bob.sent.clear()
        bob.heard.clear()
        return (request("INVITE", number, 1, body=SDP), number), {}

    def call(invite: bytes, number: int) -> None:
        bob.receive(invite, SOURCE)
        tag = next(reversed(bob.ua.sessions))
        bob.receive(request("ACK", number, 1, tag), SOURCE)
        bob.receive(request("BYE", number, 2, tag), SOURCE)

    benchmark.pedantic(call, setup=prepare, rounds=ROUNDS)
    assert not bob.ua.sessions


def test_a_retransmission_absorbed(benchmark: BenchmarkFixture) -> None:
    net = SipNetwork(lambda *_: ())
    bob = net.add("127.0.0.2", Recorder(lambda session, _: session.progress(180)))
    invite = request("INVITE", 1, 1, body=SDP)
    bob.receive(invite, SOURCE)
    benchmark(bob.receive, invite, SOURCE)
    assert len(bob.ua.sessions) == 1


def test_an_invite_shed(benchmark: BenchmarkFixture) -> None:
    """What a flood costs: 503 before there is any state."""
    net = SipNetwork(lambda *_: ())
    bob = net.add("127.0.0.2", Quiet())
    bob.ua.admit = lambda *_: 1
    message = parse(request("INVITE", 1, 1, body=SDP))

    def shed() -> None:
        bob.ua.receive(message, SOURCE)
        bob.ua.out.clear()

    benchmark(shed)


def test_an_invite_challenged(benchmark: BenchmarkFixture) -> None:
    net = SipNetwork(lambda *_: ())
    bob = net.add("127.0.0.2", Recorder(lambda session, _: session.reject(401)))
    invite = request("INVITE", 1, 1, body=SDP)

    def challenge() -> None:
        bob.receive(invite, SOURCE)
        bob.sent.clear()
        bob.heard.clear()

    benchmark(challenge)
    assert bob.is_clean()


def test_a_timer_armed_and_cleared(benchmark: BenchmarkFixture) -> None:
    """With 20,000 others armed."""

    class Owner:
        timer_id = 0

        def on_timer(self) -> None: ...

    queue = TimerQueue()
    for number in range(20_000):
        queue.arm(Owner(), 32.0 + number / 1000)
    owner, times = Owner(), count()

    def turn() -> None:
        queue.arm(owner, 0.5 + next(times) / 1000)
        queue.clear(owner)

    benchmark(turn)
