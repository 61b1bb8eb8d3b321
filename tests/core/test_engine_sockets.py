"""The sockets of streams: which ports they get, how they are marked, and that none is left."""

from __future__ import annotations

import os
import socket

import pytest

from tests.support.rtp_phone import Bench, Phone

E = pytest.importorskip("core.engine.engine", reason="build the core first")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def sockets_open() -> set[int]:
    out = set()
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("socket:"):
                out.add(int(fd))
        except FileNotFoundError:
            continue
    return out


def test_address_that_is_not_ours_is_named(bench: Bench) -> None:
    with pytest.raises(OSError, match=r"192\.0\.2\.1 is no address of this machine"):
        bench.engine.open("192.0.2.1")
    with pytest.raises(ValueError, match="IPv4"):
        bench.engine.open("localhost")


def test_exhausted_ports_are_named_and_come_back() -> None:
    engine = E.Engine(port_min=24001, port_max=24009, realtime=False)
    engine.start()
    try:
        opened = [engine.open("127.11.3.9") for _ in range(4)]
        assert [port for _, port in opened] == [24002, 24004, 24006, 24008]
        with pytest.raises(E.PortsExhausted, match=r"24002\.\.24009.*4 carry streams.*widen"):
            engine.open("127.11.3.9")
        engine.close(opened[1][0])
        assert engine.open("127.11.3.9")[1] == 24004
        assert engine.open("127.11.3.8")[1] == 24002
    finally:
        engine.stop()


def test_port_held_by_another_program_is_passed_over() -> None:
    other = Phone("127.11.4.9", 24103)
    engine = E.Engine(port_min=24100, port_max=24109, realtime=False)
    engine.start()
    try:
        assert [engine.open("127.11.4.9")[1] for _ in range(4)] == [24100, 24104, 24106, 24108]
    finally:
        engine.stop()
        other.close()


def test_sockets_are_marked_and_not_inherited(bench: Bench) -> None:
    before = sockets_open()
    bench.engine.open(bench.local_ip)
    sockets = sockets_open() - before
    assert len(sockets) == 2
    for fd in sockets:
        copy = socket.socket(fileno=os.dup(fd))
        assert copy.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == 0xB8
        copy.close()
        assert not os.get_inheritable(fd)
        assert not os.get_blocking(fd)


def test_ten_thousand_streams_leave_no_descriptor(bench: Bench) -> None:
    before = descriptors()
    for _ in range(10_000):
        stream, _ = bench.engine.open(bench.local_ip)
        bench.engine.close(stream)
        bench.events += bench.engine.drain(0)
    bench.wait(E.EV_STREAM_CLOSED, None, 10_000)
    assert bench.engine.tidy(3600.0) > 0, "sockets are kept for the next streams"
    assert bench.engine.tidy(0.0) == 0
    assert descriptors() == before


def test_engines_come_and_go_without_a_trace() -> None:
    before = descriptors()
    for _ in range(20):
        engine = E.Engine(workers=2, port_min=24200, port_max=24299, realtime=False)
        engine.start()
        streams = [engine.open("127.11.5.9")[0] for _ in range(4)]
        assert {engine.worker_of(s) for s in streams} == {0, 1}
        with pytest.raises(ValueError, match="different workers"):
            engine.bridge(streams[0], streams[1])
        engine.stop()
        engine.stop()
        with pytest.raises(RuntimeError):
            engine.open("127.11.5.9")
        del engine
    assert descriptors() == before
