"""The sockets of ended streams serve new ones: which pair, when, and that nobody hears the old call's packets."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.engine import engine as E
from tests.support.rtp_phone import Bench, Phone

LOCAL = f"127.11.{os.getpid() % 250}.10"  # of this process alone: others may run the same test


@pytest.fixture
def small() -> Iterator[Bench]:
    """An engine with two port pairs."""
    bench = Bench(E.Engine(port_min=24400, port_max=24403, realtime=False), LOCAL)
    bench.engine.start()
    yield bench
    bench.close()


def close(bench: Bench, *streams: int) -> None:
    for stream in streams:
        bench.engine.close(stream)
    for stream in streams:
        bench.wait(E.EV_STREAM_CLOSED, stream)


def is_connected(port: int) -> bool:
    """Whether the kernel lets one far end only through to the socket."""
    local = f"{int.from_bytes(socket.inet_aton(LOCAL), 'little'):08X}:{port:04X}"
    rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()]
    (remote,) = (row[2] for row in rows if row[1] == local)
    return not remote.endswith(":0000")


def hears(bench: Bench, stream: int, port: int, phone: Phone) -> int:
    """Packets of the stream after its phone has sent one."""
    phone.far = (LOCAL, port)
    bench.engine.configure(
        stream, remote_ip=phone.ip, remote_port=phone.port, codec=0, payload_type=0, open_window=False
    )
    phone.say()
    bench.until(lambda: bench.engine.stream_stats(stream).rx_packets > 0, "a packet")
    return bench.engine.stream_stats(stream).rx_packets


def test_ports_are_free_again_at_once_when_there_are_no_others(small: Bench) -> None:
    for _ in range(3):
        streams = [small.engine.open(LOCAL) for _ in range(2)]
        assert {port for _, port in streams} == {24400, 24402}
        with pytest.raises(OSError, match="of 2 pairs 2 carry streams"):
            small.engine.open(LOCAL)
        close(small, *(stream for stream, _ in streams))
        assert small.engine.tidy(3600.0) == 2


def test_ports_are_free_before_their_end_was_told(small: Bench) -> None:
    first = [small.engine.open(LOCAL)[0] for _ in range(2)]
    for stream in first:
        small.engine.close(stream)
    second = [small.engine.open(LOCAL) for _ in range(2)]
    for stream in first:
        small.wait(E.EV_STREAM_CLOSED, stream)
    assert small.engine.tidy(3600.0) == 0, "sockets in use must not rest"
    phone = Phone("127.11.251.2")
    small.phones.append(phone)
    assert hears(small, *second[0], phone) == 1


def test_what_came_while_sockets_rested_is_heard_by_nobody(small: Bench) -> None:
    phone = Phone("127.11.251.3")
    small.phones.append(phone)
    stream, port = small.engine.open(LOCAL)
    assert hears(small, stream, port, phone) == 1
    other, _ = small.engine.open(LOCAL)
    close(small, stream)
    phone.say(count=50)
    again, same = small.engine.open(LOCAL)
    assert same == port
    assert hears(small, again, same, phone) == 1
    close(small, again, other)


def test_a_socket_that_was_connected_hears_everybody_again(small: Bench) -> None:
    small.engine.open(LOCAL)
    for index in range(4):
        phone = Phone(f"127.11.251.{10 + index}")
        small.phones.append(phone)
        stream, port = small.engine.open(LOCAL)
        assert hears(small, stream, port, phone) == 1
        small.until(lambda at=port: is_connected(at), "the socket's connection")
        close(small, stream)
        assert not is_connected(port)


def test_sockets_that_nobody_wanted_are_closed(small: Bench) -> None:
    stream, _ = small.engine.open(LOCAL)
    close(small, stream)
    assert small.engine.tidy(3600.0) == 1
    assert small.engine.tidy(0.0) == 0
    streams = [small.engine.open(LOCAL)[0] for _ in range(2)]
    close(small, *streams)
