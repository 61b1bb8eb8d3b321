"""With rtcp-mux a stream takes one descriptor: its RTCP socket is closed, and made again when it is wanted."""

from __future__ import annotations

import os
import socket

import pytest

from tests.support.rtp_phone import Bench, Phone

E = pytest.importorskip("core.engine.engine", reason="build the core first")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def settle(bench: Bench, wanted: int) -> None:
    bench.until(lambda: descriptors() == wanted, f"{wanted} descriptors instead of {descriptors()}")


def test_a_muxed_stream_takes_one_descriptor(bench: Bench) -> None:
    phones = [Phone(f"127.11.63.{i + 1}") for i in range(20)]
    before = descriptors()
    streams = [bench.engine.open(bench.local_ip) for _ in phones]
    assert descriptors() == before + 40
    for (stream, _), phone in zip(streams, phones, strict=True):
        bench.engine.configure(stream, codec=0, remote_ip=phone.ip, remote_port=phone.port, rtcp_mux=True)
    settle(bench, before + 20)
    # Sockets at rest serve the next streams, which get both again.
    for stream, _ in streams:
        bench.engine.close(stream)
    bench.until(lambda: bench.engine.tidy(1000.0) == 20, "20 pairs at rest")
    again = [bench.engine.open(bench.local_ip) for _ in range(3)]
    for stream, port in again:
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with pytest.raises(OSError, match="in use"):
            held.bind((bench.local_ip, port + 1))
        held.close()
        bench.engine.close(stream)
    for phone in phones:
        phone.close()


def test_a_far_end_that_gives_up_mux_gets_an_rtcp_port(bench: Bench) -> None:
    before = descriptors()
    stream, phone = bench.call("127.11.63.30", rtcp_mux=True)
    settle(bench, before + 2)  # the phone's, and ours
    bench.engine.configure(stream, codec=0, remote_ip=phone.ip, remote_port=phone.port)
    settle(bench, before + 3)
    report = bytes.fromhex("80c90001") + (7).to_bytes(4, "big")
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asker.bind((phone.ip, phone.port + 1))
    phone.say()
    bench.until(lambda: bench.engine.stream_stats(stream).rx_packets == 1, "the packet")
    asker.sendto(report[:7], (phone.far[0], phone.far[1] + 1))  # malformed: it is counted, so it was read
    bench.until(lambda: bench.engine.stream_stats(stream).malformed_packets == 1, "the report")
    asker.close()


def test_a_muxed_stream_moves(bench: Bench) -> None:
    """The one socket goes along, and is closed with the stream."""
    engine = E.Engine(workers=2, port_min=26000, port_max=26999, max_streams=64, realtime=False)
    crew = Bench(engine, f"127.11.{os.getpid() % 250}.7")
    engine.start()
    before = descriptors()
    stream, port = engine.open(crew.local_ip, worker=0)
    phone = Phone("127.11.63.40")
    phone.far = (crew.local_ip, port)
    engine.configure(stream, codec=0, remote_ip=phone.ip, remote_port=phone.port, rtcp_mux=True)
    crew.until(lambda: descriptors() == before + 2, "the RTCP socket is closed")
    moved = engine.move(stream, 1)
    phone.say(count=3)
    while engine.stream_stats(moved).rx_packets < 3:
        engine.drain(1)
    engine.close(moved)
    while not any(e[0] == E.EV_STREAM_CLOSED for e in engine.drain(1)):
        pass
    phone.close()
    crew.close()
