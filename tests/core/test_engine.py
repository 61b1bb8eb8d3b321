"""The engine over real loopback sockets: what far ends hear, and what Python is told."""

from __future__ import annotations

import itertools
import socket
import struct
import time

import pytest

from tests.support.rtp_phone import Bench, Packet, Phone

E = pytest.importorskip("core.engine.engine", reason="build the core first")

ULAW_SILENCE, ALAW_SILENCE = b"\xff", b"\xd5"


def one_stream(packets: list[Packet]) -> None:
    """One SSRC, sequence without a hole, timestamps that only grow."""
    assert len({p.ssrc for p in packets}) == 1
    for before, after in itertools.pairwise(packets):
        assert (after.sequence - before.sequence) & 0xFFFF == 1
        assert 0 < (after.timestamp - before.timestamp) & 0xFFFFFFFF < 8000


def test_numbers_of_the_contract() -> None:
    assert (E.CODEC_PCMU, E.CODEC_PCMA) == (0, 8)
    assert E.LAYOUT_VERSION >= 1
    kinds = [getattr(E, name) for name in dir(E) if name.startswith("EV_")]
    assert len(set(kinds)) == len(kinds) == 16


def test_play_is_heard_whole_and_its_end_is_told(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    clip = bench.engine.add_clip(struct.pack("<h", 1000) * 400)
    token = bench.engine.play(stream, [clip])
    packets = phone.hear(3)
    one_stream(packets)
    assert packets[0].marker
    assert [len(p.payload) for p in packets] == [160] * 3
    assert packets[2].payload[80:] == ULAW_SILENCE * 80
    assert bench.wait(E.EV_PLAY_ENDED, stream)[0][2:4] == (token, 1)


def test_alaw_and_ptime_of_the_far_end(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1", codec=8, ptime_ms=30)
    bench.engine.play(stream, [bench.engine.add_clip(bytes(2 * 500))])
    packets = phone.hear(3)
    assert [(p.payload_type, len(p.payload)) for p in packets] == [(8, 240)] * 3
    assert set(packets[2].payload[20:]) == set(ALAW_SILENCE)


def test_new_play_and_stop_end_the_old_one(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    clip = bench.engine.add_clip(bytes(1600))
    first = bench.engine.play(stream, [clip], repeat=True)
    phone.hear(8)
    second = bench.engine.play(stream, [clip], repeat=True)
    phone.hear(3)
    bench.engine.stop_play(stream)
    assert [e[2:4] for e in bench.wait(E.EV_PLAY_ENDED, stream, 2)] == [(first, 0), (second, 0)]


def test_gain_is_applied(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    clip = bench.engine.add_clip(struct.pack("<h", 8000) * 160)
    bench.engine.play(stream, [clip], gain_db=-6.0)
    loud = bench.engine.add_clip(struct.pack("<h", 4000) * 160)
    quiet = phone.hear()[0].payload
    bench.wait(E.EV_PLAY_ENDED)
    bench.engine.play(stream, [loud])
    assert abs(quiet[0] - phone.hear()[0].payload[0]) <= 1


def test_far_end_hears_one_stream_through_play_bridge_and_play(bench: Bench) -> None:
    a, alice = bench.call("127.11.0.1")
    b, bob = bench.call("127.11.0.2")
    greeting = bench.engine.add_clip(bytes(1600))
    bench.engine.play(a, [greeting])
    heard = alice.hear(5)
    bench.wait(E.EV_PLAY_ENDED, a)
    bench.engine.bridge(a, b)
    bob.say(count=10)
    heard += alice.hear(10)
    bench.engine.play(a, [greeting])
    heard += alice.hear(5)
    bench.wait(E.EV_PLAY_ENDED, a, 2)
    bob.say(count=5)
    heard += alice.hear(5)
    one_stream(heard)
    assert [i for i, p in enumerate(heard) if p.marker] == [0, 5, 15, 20]


def test_partner_is_not_heard_while_a_clip_plays(bench: Bench) -> None:
    a, alice = bench.call("127.11.0.1")
    b, bob = bench.call("127.11.0.2")
    bench.engine.bridge(a, b)
    clip = bench.engine.add_clip(bytes(1600))
    bench.engine.play(a, [clip], repeat=True)
    alice.hear(1)
    bob.say(count=5)
    assert all(p.payload == ULAW_SILENCE * 160 for p in alice.hear(5))
    alice.say(count=5)
    assert len(bob.hear(5)) == 5
    bench.engine.stop_play(a)
    bench.wait(E.EV_PLAY_ENDED, a)
    bob.say()
    while alice.hear(1)[0].payload != b"\x55" * 160:
        pass


def test_bridge_keeps_loss_order_ptime_and_payload(bench: Bench) -> None:
    a, alice = bench.call("127.11.0.1")
    b, bob = bench.call("127.11.0.2")
    bench.engine.bridge(a, b)
    for n in (0, 1, 3, 2, 5):
        alice.sequence, alice.timestamp = 500 + n, 240 * n
        alice.say(bytes([n]) * 240)
    heard = bob.hear(5)
    first = heard[0]
    assert [(p.sequence - first.sequence) & 0xFFFF for p in heard] == [0, 1, 3, 2, 5]
    assert [(p.timestamp - first.timestamp) & 0xFFFFFFFF for p in heard] == [0, 240, 720, 480, 1200]
    assert [p.payload for p in heard] == [bytes([n]) * 240 for n in (0, 1, 3, 2, 5)]


def test_bridge_translates_between_the_laws(bench: Bench) -> None:
    a, alice = bench.call("127.11.0.1", codec=0)
    b, bob = bench.call("127.11.0.2", codec=8)
    bench.engine.bridge(a, b)
    alice.say(ULAW_SILENCE * 160)
    bob.say(ALAW_SILENCE * 160, pt=8)
    to_bob, to_alice = bob.hear()[0], alice.hear()[0]
    assert (to_bob.payload_type, to_bob.payload) == (8, ALAW_SILENCE * 160)
    assert to_alice.payload_type == 0
    assert set(to_alice.payload) <= {0xFF, 0xFE, 0x7F, 0x7E}


def test_source_that_restarts_is_carried_on(bench: Bench) -> None:
    a, alice = bench.call("127.11.0.1")
    b, bob = bench.call("127.11.0.2")
    bench.engine.bridge(a, b)
    alice.say(count=5)
    alice.sequence, alice.timestamp = 40000, 3_000_000_000
    # The first packet of a new source is not believed yet.
    alice.say(ssrc=99, count=6)
    one_stream(bob.hear(10))


def test_rebridge_ends_the_earlier_bridge(bench: Bench) -> None:
    legs = [bench.call(f"127.11.0.{i}") for i in (1, 2, 3)]
    (a, alice), (b, bob), (c, carol) = legs
    bench.engine.bridge(a, b)
    bench.engine.bridge(a, c)
    alice.say()
    bob.say()
    carol.say()
    assert len(carol.hear(1)) == 1
    assert alice.hear(2, timeout_s=0.3)[0].payload == b"\x55" * 160
    assert bob.hear(1, timeout_s=0.05) == []
    bench.engine.unbridge(c)
    alice.say()
    assert carol.hear(1, timeout_s=0.1) == []


def test_echo_keeps_payload_under_own_ssrc(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    bench.engine.echo(stream, True)
    phone.say(bytes(range(160)), count=3)
    heard = phone.hear(3)
    one_stream(heard)
    assert heard[0].payload == bytes(range(160))
    assert heard[0].ssrc != 7
    bench.engine.echo(stream, False)
    phone.say()
    assert phone.hear(1, timeout_s=0.1) == []


def test_hold_sends_nothing_and_takes_nothing(bench: Bench) -> None:
    a, alice = bench.call("127.11.0.1")
    b, bob = bench.call("127.11.0.2", send=False, receive=False)
    bench.engine.bridge(a, b)
    alice.say()
    bob.say()
    assert bob.hear(1, timeout_s=0.1) == []
    assert alice.hear(1, timeout_s=0.1) == []


def test_timeout_is_told_once(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1", rtp_timeout_ms=300)
    assert bench.wait(E.EV_MEDIA_TIMEOUT, stream)[0][2] >= 300
    phone.say()
    bench.wait(E.EV_MEDIA_TIMEOUT, stream, 2)
    assert len(bench.wait(E.EV_FIRST_PACKET, stream)) == 1


def test_latched_address_is_told(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    phone.say()
    event = bench.wait(E.EV_LATCHED, stream)[0]
    assert socket.inet_ntop(socket.AF_INET6, struct.pack("!qq", event[2], event[3])) == "::ffff:127.11.0.1"
    assert event[4] == phone.port


def test_stats(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    for n in (0, 1, 4):
        phone.sequence, phone.timestamp = n, 160 * n
        phone.say()
    bench.until(lambda: bench.engine.stream_stats(stream).rx_packets == 3, "three packets")
    stats = bench.engine.stream_stats(stream)
    assert (stats.rx_bytes, stats.lost_packets) == (480, 2)
    bench.engine.close(stream)
    bench.wait(E.EV_STREAM_CLOSED, stream)
    worker = bench.engine.worker_stats(0)
    assert (worker.streams, worker.rx_packets, worker.lost_packets, worker.expected_packets) == (0, 3, 2, 5)
    with pytest.raises(KeyError):
        bench.engine.stream_stats(stream)


def test_rtcp_gives_the_round_trip_and_reports_are_sent(bench: Bench) -> None:
    rtcp_phone = Phone("127.11.0.1")
    bench.phones.append(rtcp_phone)
    stream, phone = bench.call("127.11.0.1", remote_rtcp_port=rtcp_phone.port)
    phone.say(count=3)
    rtcp_phone.socket.settimeout(20)
    data = rtcp_phone.socket.recv(2000)
    assert data[1] == 201
    assert b"@centrala" in data
    ssrc = struct.unpack("!I", data[4:8])[0]
    now = time.monotonic()
    rtcp_phone.far = (phone.far[0], phone.far[1] + 1)
    rtcp_phone.raw(struct.pack("!BBHIIIIIII", 0x81, 201, 7, 7, ssrc, 0, 0, 0, 0, 0))
    assert time.monotonic() - now < 20
    bench.until(lambda: bench.engine.stream_stats(stream).malformed_packets == 0, "report")


def test_close_is_final_and_may_be_repeated(bench: Bench) -> None:
    stream, _phone = bench.call("127.11.0.1")
    bench.engine.close(stream)
    bench.engine.close(stream)
    bench.engine.close(12345)
    for call in (bench.engine.stop_play, bench.engine.unbridge, bench.engine.worker_of):
        with pytest.raises(KeyError):
            call(stream)
    assert len(bench.wait(E.EV_STREAM_CLOSED)) == 1


def test_close_ends_a_play(bench: Bench) -> None:
    stream, _ = bench.call("127.11.0.1")
    token = bench.engine.play(stream, [bench.engine.add_clip(bytes(320))], repeat=True)
    bench.engine.close(stream)
    bench.wait(E.EV_STREAM_CLOSED, stream)
    assert bench.wait(E.EV_PLAY_ENDED, stream)[0][2:4] == (token, 0)


def test_clip_is_released_after_its_last_play(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    clip = bench.engine.add_clip(bytes(320))
    bench.engine.play(stream, [clip], repeat=True)
    bench.engine.release_clip(clip)
    phone.hear(5)
    with pytest.raises(KeyError):
        bench.engine.play(stream, [clip])
    assert E.EV_CLIP_RELEASED not in [e[0] for e in bench.engine.drain(0)]
    bench.engine.stop_play(stream)
    assert bench.wait(E.EV_CLIP_RELEASED)[0][1:3] == (0, clip)
    for _ in range(50):  # more than there are places: those of released clips are used again once that is told
        clips = {bench.engine.add_clip(bytes(2)) for _ in range(100)}
        for clip in clips:
            bench.engine.release_clip(clip)
        bench.until(
            lambda told=clips: told <= {e[2] for e in bench.events if e[0] == E.EV_CLIP_RELEASED},
            "the release of 100 clips",
        )
        bench.events.clear()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"remote_ip": "::1"}, "IPv4"),
        ({"remote_ip": "nowhere"}, "nowhere"),
        ({"remote_port": 0}, "port 0"),
        ({"codec": 18}, "18"),
        ({"ptime_ms": 200}, "200"),
        ({"payload_type": 128}, "128"),
        ({"latch": 9}, "9"),
        ({"rtp_timeout_ms": -1}, "-1"),
    ],
)
def test_wrong_settings_are_named(bench: Bench, wrong: dict[str, object], word: str) -> None:
    stream, _ = bench.call("127.11.0.1")
    settings = {"remote_ip": "127.11.0.1", "remote_port": 4000, "codec": 0, **wrong}
    with pytest.raises(ValueError, match=word):
        bench.engine.configure(stream, **settings)


def test_wrong_calls_are_named(bench: Bench) -> None:
    stream, _ = bench.call("127.11.0.1")
    clip = bench.engine.add_clip(bytes(2))
    with pytest.raises(ValueError, match="itself"):
        bench.engine.bridge(stream, stream)
    with pytest.raises(ValueError, match=r"1\.\.16"):
        bench.engine.play(stream, [])
    with pytest.raises(ValueError, match=r"1\.\.16"):
        bench.engine.play(stream, [clip] * 17)
    with pytest.raises(KeyError, match="99"):
        bench.engine.play(stream, [99])
    with pytest.raises(ValueError, match="gain"):
        bench.engine.play(stream, [clip], gain_db=50)
    with pytest.raises(ValueError, match="X"):
        bench.engine.send_digits(stream, "1X")
    with pytest.raises(ValueError, match="samples"):
        bench.engine.add_clip(b"odd")
    with pytest.raises(IndexError):
        bench.engine.drain(1)


def test_many_events_are_not_lost(bench: Bench) -> None:
    stream, _ = bench.call("127.11.0.1")
    clip = bench.engine.add_clip(bytes(2))
    tokens = []
    while len(tokens) < 20_000:
        try:
            tokens.append(bench.engine.play(stream, [clip], repeat=True))
        except E.EngineBusy:
            continue
    bench.engine.stop_play(stream)
    bench.until(
        lambda: any(e[0] == E.EV_PLAY_ENDED and e[2] == tokens[-1] for e in bench.events), "the end of the last play"
    )
    ended = [e[2] for e in bench.events if e[0] == E.EV_PLAY_ENDED]
    assert ended == sorted(ended)
    # The ring holds 16,384: what it could not take was counted, and the last end was told again.
    assert len(ended) + bench.engine.worker_stats(0).dropped_events >= 20_000


@pytest.mark.parametrize("nowhere", ["0.0.0.0", "255.255.255.255", "224.0.0.1"])
def test_far_end_that_is_no_host_gets_nothing(bench: Bench, nowhere: str) -> None:
    stream, phone = bench.call("127.11.0.1")
    clip = bench.engine.add_clip(bytes(3200))
    bench.engine.play(stream, [clip], repeat=True)
    phone.hear(1)
    bench.engine.configure(stream, remote_ip=nowhere, remote_port=phone.port, codec=0)
    bench.until(lambda: not phone.hear(1, timeout_s=0.1), "silence")
    phone.say(count=3)
    bench.engine.configure(stream, remote_ip=phone.ip, remote_port=phone.port, codec=0)
    assert phone.hear(2)
