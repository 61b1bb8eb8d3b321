"""From where a stream accepts RTP (figure R9), in virtual time."""

from __future__ import annotations

import pytest

probe = pytest.importorskip("tests.core._probe_stream", reason="build with CENTRALA_TEST_EXTENSIONS=1")

FOREIGN, KNOWN, LOCKED = 0, 1, 2
SIGNALLED, ANY, STRICT = 0, 1, 2
SDP, NAT, EVIL = (10, 4000), (20, 5555), (66, 6666)
SIGNALLING_IP = 20


def latch(policy: int = SIGNALLED) -> object:
    made = probe.LatchProbe()
    made.set(SDP, 0, SIGNALLING_IP, policy)
    return made


def feed(
    made: object, source: tuple[int, int], count: int, start_ms: float, step_ms: float = 20, first: int = 1
) -> list[int]:
    return [made.packet(source, first + i, start_ms + step_ms * i) for i in range(count)]


def test_sdp_address_locks_with_its_first_packet() -> None:
    made = latch()
    assert made.packet(SDP, 1, 10) == LOCKED
    assert made.packet(SDP, 2, 30) == KNOWN
    assert feed(made, NAT, 50, 50) == [FOREIGN] * 50


def test_signalling_source_is_validated_then_locked() -> None:
    made = latch()
    assert feed(made, NAT, 10, 0) == [FOREIGN] * 7 + [LOCKED, KNOWN, KNOWN]
    assert made.source == NAT
    assert made.packet(SDP, 1, 300) == FOREIGN


def test_fast_run_does_not_count_before_its_time() -> None:
    made = latch()
    verdicts = feed(made, NAT, 20, 0, step_ms=5)
    assert verdicts == [FOREIGN] * 20
    assert made.packet(NAT, 21, 121) == LOCKED


@pytest.mark.parametrize("policy", [SIGNALLED, STRICT])
def test_stranger_is_never_heard(policy: int) -> None:
    made = latch(policy)
    assert set(feed(made, EVIL, 99, 0)) == {FOREIGN}
    assert made.source is None
    assert made.packet(SDP, 1, 1990) == LOCKED


def test_any_takes_a_stranger_once_validated() -> None:
    assert feed(latch(ANY), EVIL, 9, 0)[-2:] == [LOCKED, KNOWN]


def test_strict_refuses_the_signalling_source() -> None:
    assert set(feed(latch(STRICT), NAT, 50, 0)) == {FOREIGN}


def test_sdp_address_wins_while_a_candidate_is_on_its_way() -> None:
    made = latch(ANY)
    feed(made, EVIL, 6, 0)
    assert made.packet(SDP, 1, 130) == LOCKED
    assert set(feed(made, EVIL, 20, 140, first=7)) == {FOREIGN}


def test_no_switch_after_the_window() -> None:
    made = latch()
    assert set(feed(made, NAT, 50, 2001)) == {FOREIGN}
    assert not made.window_open(2001)
    assert made.packet(SDP, 1, 5000) == LOCKED


@pytest.mark.parametrize("broken", ["repeat", "back", "jump", "ssrc", "pause"])
def test_candidate_must_be_one_running_source(broken: str) -> None:
    made = latch()
    feed(made, NAT, 6, 0)
    sequence = {"repeat": 6, "back": 3, "jump": 500, "ssrc": 7, "pause": 7}[broken]
    when = 1000 if broken == "pause" else 120
    assert made.packet(NAT, sequence, when, 2 if broken == "ssrc" else 1) == FOREIGN
    assert made.packet(NAT, sequence + 1, when + 21, 2 if broken == "ssrc" else 1) == FOREIGN
    assert made.source is None


def test_interleaved_stranger_does_not_disturb_a_candidate() -> None:
    made = latch(ANY)
    verdicts = []
    for i in range(8):
        verdicts.append(made.packet(NAT, 1 + i, 20 * i))
        if i < 7:
            made.packet(EVIL, (i * 7919) % 65536, 20 * i + 1)
    assert verdicts[-1] == LOCKED


def test_same_remote_again_keeps_the_lock() -> None:
    made = latch()
    feed(made, NAT, 8, 0)
    assert made.set(SDP, 5000, SIGNALLING_IP) is False
    assert made.packet(NAT, 9, 5010) == KNOWN
    assert set(feed(made, EVIL, 20, 5020)) == {FOREIGN}


def test_changed_remote_opens_the_lock() -> None:
    made = latch()
    made.packet(SDP, 1, 0)
    moved = (11, 4002)
    assert made.set(moved, 5000, SIGNALLING_IP) is True
    assert made.packet(SDP, 2, 5001) == FOREIGN
    assert made.packet(moved, 1, 5002) == LOCKED


def test_window_stays_shut_when_not_asked_for() -> None:
    made = probe.LatchProbe()
    made.set(SDP, 0, SIGNALLING_IP, SIGNALLED, False)
    assert set(feed(made, NAT, 20, 0)) == {FOREIGN}


def test_timeout_is_said_once_for_each_silence() -> None:
    stream = probe.StreamProbe()
    stream.configure((1, 1000), 0, timeout_ms=30_000)
    assert stream.timeout(29_999) == 0
    assert stream.timeout(30_000) == 30_000
    assert stream.timeout(31_000) == 0
    stream.receive(probe.header(0, False, 1, 160, 7) + bytes(160), (1, 1000), 40_000)
    assert stream.timeout(69_000) == 0
    assert stream.timeout(70_001) == 30_001


def test_no_timeout_while_on_hold() -> None:
    stream = probe.StreamProbe()
    stream.configure((1, 1000), 0, timeout_ms=1000, receive=False)
    assert stream.timeout(5000) == 0
    stream.configure((1, 1000), 6000, timeout_ms=1000)
    assert stream.timeout(6999) == 0
    assert stream.timeout(7000) == 1000
