"""Media over IPv6: a stream of both families, latching, bridging with IPv4, RTCP, and what is refused."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.rtp_phone import Bench, Phone

E = pytest.importorskip("core.engine.engine", reason="build the core first")


class Phone6(Phone):
    """The same far end on an IPv6 socket."""

    def __init__(self, port: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.bind(("::1", port))
        self.ip, self.port = self.socket.getsockname()[:2]
        self.far = ("", 0)
        self.sequence, self.timestamp = 100, 1000


@pytest.fixture
def both() -> Iterator[Bench]:
    """An engine whose streams listen on "::"."""
    engine = E.Engine(workers=1, port_min=26000, port_max=26999, max_streams=16, realtime=False)
    engine.start()
    made = Bench(engine, "::")
    yield made
    made.close()


def call(bench: Bench, phone: Phone, near: str, **settings: Any) -> int:
    bench.phones.append(phone)
    stream, port = bench.engine.open("::")
    phone.far = (near, port)
    settings = {"codec": 0, "event_payload_type": 101, "remote_ip": phone.ip, "remote_port": phone.port, **settings}
    bench.engine.configure(stream, **settings)
    return stream


def test_a_stream_of_both_families_speaks_ipv6(both: Bench) -> None:
    phone = Phone6()
    stream = call(both, phone, "::1")
    both.engine.play(stream, [both.engine.add_clip(bytes(640))])
    assert len(phone.hear(2)) == 2
    phone.say()
    event = both.wait(E.EV_LATCHED, stream)[0]
    assert socket.inet_ntop(socket.AF_INET6, struct.pack("!qq", event[2], event[3])) == "::1"
    assert event[4] == phone.port


def test_ipv6_and_ipv4_hear_each_other(both: Bench) -> None:
    six, four = Phone6(), Phone("127.11.0.7")
    a, b = call(both, six, "::1"), call(both, four, "127.0.0.1")
    both.engine.bridge(a, b)
    for speaker, listener in ((six, four), (four, six)):
        speaker.say(b"\x42" * 160, count=3)
        assert [p.payload for p in listener.hear(3)] == [b"\x42" * 160] * 3


def test_a_stranger_is_not_heard(both: Bench) -> None:
    phone, stranger = Phone6(), Phone6()
    both.phones.append(stranger)
    stream = call(both, phone, "::1", latch=E.LATCH_STRICT)
    both.engine.echo(stream, True)
    stranger.far = phone.far
    stranger.say(count=20)
    # What is in the socket while it is connected may be read before the echo is on.
    while not phone.hear(1, timeout_s=0.05):
        phone.say()
    stats = both.engine.stream_stats(stream)
    assert stats.rx_packets <= phone.sequence - 100
    assert stranger.hear(1, timeout_s=0.1) == []


def test_a_switch_within_the_window_needs_a_run_of_packets(both: Bench) -> None:
    phone, moved = Phone6(), Phone6()
    both.phones.append(moved)
    stream = call(both, phone, "::1", remote_ip="2001:db8::1", signalling_ip="::1")
    both.engine.echo(stream, True)
    moved.far = phone.far
    deadline = 200
    while not any(e[0] == E.EV_LATCHED for e in both.events) and deadline:
        moved.say()
        moved.hear(1, timeout_s=0.02)
        both.events += both.engine.drain(0)
        deadline -= 1
    assert both.wait(E.EV_LATCHED, stream)[0][4] == moved.port


def test_an_ipv4_stream_refuses_an_ipv6_far_end(bench: Bench) -> None:
    stream, _ = bench.engine.open("127.0.0.1")
    with pytest.raises(ValueError, match=r"listen on ::"):
        bench.engine.configure(stream, remote_ip="::1", remote_port=4000, codec=0)
    with pytest.raises(ValueError, match="neither an IPv4 nor an IPv6"):
        bench.engine.configure(stream, remote_ip="::g", remote_port=4000, codec=0)


def test_multicast_and_unspecified_are_no_far_end(both: Bench) -> None:
    for remote in ("::", "ff02::1", "::ffff:224.0.0.1", "::ffff:0.0.0.0"):
        stream, _ = both.engine.open("::")
        both.engine.configure(stream, remote_ip=remote, remote_port=4000, codec=0)
        both.engine.play(stream, [both.engine.add_clip(bytes(320))])
        both.wait(E.EV_PLAY_ENDED, stream)
        assert both.engine.stream_stats(stream).tx_packets == 0
        both.engine.close(stream)
