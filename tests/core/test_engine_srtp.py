"""SRTP in the media worker, with pylibsrtp as the far end: suites, replay, forgery, latching, change of keys, RTCP."""

from __future__ import annotations

import gc
import itertools
import wave
from pathlib import Path

import pytest

from tests.support.corpus import entries
from tests.support.rtp_phone import Bench, Phone
from tests.support.srtp_phone import SecurePhone, keys

E = pytest.importorskip("core.engine.engine", reason="build the core first")
PROFILES = [1, 2, 7, 8]


def secure_call(bench: Bench, ip: str, profile: int = 1, **settings: object) -> tuple[int, SecurePhone]:
    """A stream with keys and the phone that has them too."""
    ours, theirs = keys(profile)
    phone = SecurePhone(ip, profile, ours, theirs)
    bench.phones.append(phone)
    stream, port = bench.engine.open(bench.local_ip)
    phone.far = (bench.local_ip, port)
    bench.engine.protect(stream, profile, theirs, ours)
    options = {"codec": 0, "event_payload_type": 101, "remote_ip": phone.ip, "remote_port": phone.port, **settings}
    bench.engine.configure(stream, secure=True, **options)
    return stream, phone


def received(bench: Bench, stream: int, count: int) -> None:
    bench.until(lambda: bench.engine.stream_stats(stream).rx_packets >= count, f"{count} packets")


@pytest.mark.parametrize("profile", PROFILES)
def test_echo_under_every_suite(bench: Bench, profile: int) -> None:
    stream, phone = secure_call(bench, "127.11.0.1", profile)
    bench.engine.echo(stream, True)
    phone.say(b"\x42" * 160, count=5)
    assert [p.payload for p in phone.hear(5)] == [b"\x42" * 160] * 5


def test_a_clip_goes_out_encrypted(bench: Bench) -> None:
    stream, phone = secure_call(bench, "127.11.0.1")
    bench.engine.play(stream, [bench.engine.add_clip(bytes(1600))])
    raw = phone.socket.recv(4096)
    assert len(raw) == 12 + 160 + 10
    assert raw[12:172] != b"\xff" * 160
    assert phone.inbound.unprotect(raw)[12:] == b"\xff" * 160
    assert len(phone.hear(4)) == 4


@pytest.mark.parametrize("profile", PROFILES)
def test_relay_between_srtp_and_rtp_and_between_two_suites(bench: Bench, profile: int) -> None:
    a, alice = secure_call(bench, "127.11.0.1", profile)
    b, bob = bench.call("127.11.0.2")
    c, carol = secure_call(bench, "127.11.0.3", 1)
    bench.engine.bridge(a, b)
    alice.say(b"\x11" * 160, count=3)
    assert [p.payload for p in bob.hear(3)] == [b"\x11" * 160] * 3
    bob.say(b"\x22" * 160, count=3)
    heard = alice.hear(3)
    bench.engine.bridge(a, c)
    carol.say(b"\x33" * 160, count=3)
    heard += alice.hear(3)
    assert [p.payload[:1] for p in heard] == [b"\x22"] * 3 + [b"\x33"] * 3
    assert all((y.sequence - x.sequence) & 0xFFFF == 1 for x, y in itertools.pairwise(heard))
    assert len({p.ssrc for p in heard}) == 1


def test_forged_and_plain_packets_are_counted_and_end_nothing(bench: Bench) -> None:
    stream, phone = secure_call(bench, "127.11.0.1")
    bench.engine.echo(stream, True)
    for at in (1, 4, 20, -1):
        packet = bytearray(phone.sealed())
        packet[at] ^= 0x40
        phone.raw(bytes(packet))
    Phone.say(phone, count=3)  # unprotected
    phone.raw(b"\x80")
    phone.say(b"\x66" * 160, count=2)
    assert [p.payload[:1] for p in phone.hear(2)] == [b"\x66"] * 2
    stats = bench.engine.stream_stats(stream)
    assert stats.forged_packets >= 7
    assert stats.rx_packets == 2


def test_a_replayed_packet_is_dropped(bench: Bench) -> None:
    stream, phone = secure_call(bench, "127.11.0.1")
    bench.engine.echo(stream, True)
    first = phone.sealed(b"\x01" * 160)
    phone.raw(first)
    phone.say(b"\x02" * 160)
    for _ in range(3):
        phone.raw(first)
    phone.say(b"\x03" * 160)
    assert [p.payload[:1] for p in phone.hear(3)] == [b"\x01", b"\x02", b"\x03"]
    assert bench.engine.stream_stats(stream).replayed_packets == 3


def test_only_an_authentic_packet_latches(bench: Bench) -> None:
    """A stranger who guesses the signalled address, sequence and payload type changes nothing without the key."""
    stream, phone = secure_call(bench, "127.11.0.1", latch=E.LATCH_ANY, remote_ip="127.11.0.99", remote_port=9999)
    bench.engine.echo(stream, True)
    stranger = Phone("127.11.0.5")
    bench.phones.append(stranger)
    stranger.far = phone.far
    moved = 0
    while not any(e[0] == E.EV_LATCHED for e in bench.events) and moved < 400:
        stranger.say()
        phone.say()
        stranger.hear(1, timeout_s=0.005)
        bench.events += bench.engine.drain(0)
        moved += 1
    assert bench.wait(E.EV_LATCHED, stream)[0][4] == phone.port
    assert bench.engine.stream_stats(stream).forged_packets > 0
    assert stranger.hear(1, timeout_s=0.05) == []


def test_nothing_goes_or_comes_before_the_keys(bench: Bench) -> None:
    ours, theirs = keys(1)
    phone = SecurePhone("127.11.0.1", 1, ours, theirs)
    bench.phones.append(phone)
    stream, port = bench.engine.open(bench.local_ip)
    phone.far = (bench.local_ip, port)
    bench.engine.configure(stream, secure=True, codec=0, remote_ip=phone.ip, remote_port=phone.port)
    bench.engine.echo(stream, True)
    Phone.say(phone, count=3)
    phone.say(count=1)
    bench.engine.play(stream, [bench.engine.add_clip(bytes(640))])
    bench.wait(E.EV_PLAY_ENDED, stream)
    assert bench.engine.stream_stats(stream).rx_packets == 0
    assert bench.engine.stream_stats(stream).tx_packets == 0
    bench.engine.protect(stream, 1, theirs, ours)
    phone.say(b"\x09" * 160, count=2)
    assert [p.payload[:1] for p in phone.hear(2)] == [b"\x09"] * 2


def test_the_same_key_goes_on_and_a_new_one_takes_over(bench: Bench) -> None:
    stream, phone = secure_call(bench, "127.11.0.1")
    bench.engine.echo(stream, True)
    first = phone.sealed(b"\x01" * 160)
    phone.raw(first)
    phone.hear(1)
    # The same crypto line in a re-INVITE: had the context begun anew, the replay would be taken.
    for _ in range(3):
        bench.engine.protect(stream, 1, phone.key_out, phone.key_in)
    phone.raw(first)
    phone.say(b"\x02" * 160)
    assert phone.hear(1)[0].payload[:1] == b"\x02"
    assert bench.engine.stream_stats(stream).replayed_packets == 1
    # Now new keys for both directions, again and again: contexts of old ones are freed.
    for number in range(50):
        ours, theirs = keys(1)
        bench.engine.protect(stream, 1, theirs, ours)
        phone.rekey(1, ours, theirs)
        phone.say(bytes([number]) * 160)
        assert phone.hear(1)[0].payload[:1] == bytes([number])


def test_sequence_wraps_and_the_rollover_counter_follows(bench: Bench) -> None:
    stream, phone = secure_call(bench, "127.11.0.1")
    bench.engine.echo(stream, True)
    phone.sequence = 65530
    for _ in range(12):
        phone.sequence &= 0xFFFF
        phone.say()
        assert len(phone.hear(1)) == 1
    received(bench, stream, 12)


def test_digits_and_recordings_work_on_protected_streams(bench: Bench, tmp_path: Path) -> None:
    stream, phone = secure_call(bench, "127.11.0.1")
    path = tmp_path / "call.wav"
    recording = bench.engine.record(str(path), stream)
    phone.say(b"\x00" * 160, count=50)
    event = b"\x05\x0a\x03\x20"
    phone.say(event, pt=101)
    phone.timestamp -= len(event)
    phone.say(b"\x05\x8a\x06\x40", pt=101)
    assert chr(bench.wait(E.EV_DIGIT, stream)[0][2]) == "5"
    bench.engine.stop_record(recording)
    bench.wait(E.EV_RECORDING_ENDED)
    with wave.open(str(path)) as file:
        frames = file.readframes(8000)
    assert frames.count(b"\x84\x82") >= 1  # the loudest sample of mu-law, in the clear


def test_rtcp_is_protected_both_ways(bench: Bench) -> None:
    stream, phone = secure_call(bench, "127.11.0.1", rtcp_mux=True)
    phone.say(count=2)
    received(bench, stream, 2)
    deadline_reports = 0
    while not deadline_reports:
        data = phone.socket.recv(4096)
        if 192 <= data[1] <= 223:
            report = phone.inbound.unprotect_rtcp(data)
            assert report[1] in (200, 201)
            assert int.from_bytes(report[8:12], "big") == 7
            deadline_reports += 1
    before = bench.engine.stream_stats(stream).forged_packets
    phone.raw(phone.outbound.protect_rtcp(bytes.fromhex("80c90001") + (7).to_bytes(4, "big")))
    phone.raw(bytes.fromhex("80c90001") + (7).to_bytes(4, "big") + bytes(14))
    bench.until(lambda: bench.engine.stream_stats(stream).forged_packets == before + 1, "the forged report")


def test_contexts_are_freed_with_their_streams(bench: Bench) -> None:
    for _ in range(3):
        streams = [secure_call(bench, "127.11.0.1")[0] for _ in range(100)]
        for stream in streams:
            bench.engine.close(stream)
            bench.wait(E.EV_STREAM_CLOSED, stream)
    gc.collect()
    from pylibsrtp import Session

    alive = sum(isinstance(thing, Session) for thing in gc.get_objects())
    assert alive <= 2 * len(bench.phones)


@pytest.mark.parametrize(("profile", "size"), [(1, 29), (7, 30), (8, 28), (3, 30), (0, 0)])
def test_wrong_keys_are_refused(bench: Bench, profile: int, size: int) -> None:
    stream, _ = bench.engine.open(bench.local_ip)
    with pytest.raises(ValueError, match="SRTP profile"):
        bench.engine.protect(stream, profile, bytes(size), bytes(size))


def test_stun_and_dtls_go_to_python_and_back(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1", demux=True, latch=E.LATCH_TOLD)
    for data in (b"\x00\x01" + bytes(30), b"\x16\xfe\xff" + bytes(40)):
        phone.raw(data)
        bench.wait(E.EV_DATAGRAM, stream)
    got = []
    bench.until(lambda: got.extend(bench.engine.datagrams(0)) or len(got) == 2, "two datagrams")
    assert got[0] == (stream, phone.ip, phone.port, b"\x00\x01" + bytes(30))
    assert bench.engine.send_datagram(stream, b"answer", phone.ip, phone.port)
    assert phone.socket.recv(100) == b"answer"
    bench.engine.echo(stream, True)
    phone.say()
    bench.until(lambda: bench.engine.stream_stats(stream).foreign_packets == 1, "the packet nobody vouched for")
    bench.engine.latch_to(stream, phone.ip, phone.port)
    phone.say(b"\x07" * 160, count=2)
    assert phone.hear(1)[0].payload[:1] == b"\x07"
    bench.engine.close(stream)
    with pytest.raises(KeyError):
        bench.engine.send_datagram(stream, b"x", phone.ip, phone.port)


def test_with_ice_the_keys_say_whose_a_packet_is(bench: Bench) -> None:
    """A browser that changes its path sends from there before its check has said so: it is heard at once."""
    stream, phone = secure_call(bench, "127.11.0.1", latch=E.LATCH_TOLD, demux=True)
    bench.engine.latch_to(stream, phone.ip, phone.port)
    bench.engine.echo(stream, True)
    phone.say(b"\x01" * 160)
    assert phone.hear(1)[0].payload[:1] == b"\x01"
    elsewhere = Phone("127.11.0.2")
    bench.phones.append(elsewhere)
    elsewhere.far = phone.far
    elsewhere.sequence = 5000
    Phone.say(elsewhere)  # without the key
    elsewhere.raw(phone.sealed(b"\x02" * 160))
    assert phone.hear(1)[0].payload[:1] == b"\x02"
    bench.engine.latch_to(stream, elsewhere.ip, elsewhere.port)
    elsewhere.raw(phone.sealed(b"\x03" * 160))
    assert phone.inbound.unprotect(elsewhere.socket.recv(4096))[12:13] == b"\x03"
    assert bench.engine.stream_stats(stream).forged_packets == 1


def test_a_flood_of_stun_is_bounded(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1", demux=True, latch=E.LATCH_TOLD)
    for _ in range(2000):
        phone.raw(b"\x00\x01" + bytes(30))
    bench.until(lambda: bench.engine.worker_stats(0).dropped_datagrams > 0, "datagrams to be dropped")
    assert len(bench.engine.datagrams(0)) <= 256
    assert bench.engine.worker_stats(0).streams == 1
    assert stream


@pytest.mark.parametrize("secure", [False, True])
def test_corpus_at_the_door(bench: Bench, secure: bool) -> None:
    """STUN, DTLS, RTP and RTCP, well-formed and not, at a stream that tells them apart: the call goes on."""
    if not entries("stun"):
        pytest.skip("the corpus is not here")
    if secure:
        stream, phone = secure_call(bench, "127.11.0.1", demux=True, rtcp_mux=True)
    else:
        stream, phone = bench.call("127.11.0.1", demux=True, rtcp_mux=True)
    bench.engine.echo(stream, True)
    for entry in entries("stun", "dtls", "rtp", "rtcp"):
        for cut in (len(entry.data), len(entry.data) // 2, 1):
            phone.raw(entry.data[:cut][:65000])
        bench.engine.datagrams(0)
    bench.until(lambda: not bench.engine.datagrams(0), "the ring to be empty")
    answered = False
    phone.sequence += 1000
    while not answered:
        phone.say(b"\x5a" * 160)
        phone.socket.settimeout(0.2)
        try:
            data = phone.socket.recv(65536)
        except TimeoutError:
            continue
        if 192 <= data[1] <= 223:
            continue
        clear = phone.inbound.unprotect(data) if isinstance(phone, SecurePhone) else data
        answered = clear[12:] == b"\x5a" * 160
