"""RFC 4733 digits: once each, whatever the network does to their packets."""

from __future__ import annotations

import random

import pytest

probe = pytest.importorskip("tests.core._probe_stream", reason="build with CENTRALA_TEST_EXTENSIONS=1")

DIGITS = "0123456789*#ABCD"


def packets(digit: str, timestamp: int, start_ms: float, length_ms: int = 100) -> list[tuple[float, bytes, int]]:
    """(instant, payload, timestamp) of a digit as phones send it: every 20 ms, the end three times."""
    event = DIGITS.index(digit)
    steps = range(20, length_ms + 1, 20)
    out = [(start_ms + d - 20, probe.event_payload(event, d == length_ms, d * 8), timestamp) for d in steps]
    end = probe.event_payload(event, True, length_ms * 8)
    return out + [(start_ms + length_ms - 20 + i, end, timestamp) for i in (1, 2)]


def heard(sent: list[tuple[float, bytes, int]]) -> list[tuple[str, int]]:
    events = probe.Events()
    out = []
    now = 0.0
    for now, payload, timestamp in sent:
        out += events.packet(payload, timestamp, now)[1]
    return out + events.poll(now + 1000)


def test_every_digit_with_its_duration() -> None:
    sent = [p for i, d in enumerate(DIGITS) for p in packets(d, 1000 + 8000 * i, 1000 * i, 140)]
    assert heard(sent) == [(d, 140) for d in DIGITS]


def test_start_is_told_once() -> None:
    events = probe.Events()
    starts = [events.packet(p, t, now)[0] for now, p, t in packets("7", 5, 0)]
    assert starts == ["7"] + [""] * (len(starts) - 1)


def test_all_ends_lost() -> None:
    lost = [p for p in packets("5", 1000, 0) if not p[1][1] & 0x80]
    assert heard(lost) == [("5", 80)]


def test_next_digit_ends_one_whose_ends_were_lost() -> None:
    first = packets("5", 1000, 0)[:2]
    assert heard(first + packets("5", 3000, 250)) == [("5", 40), ("5", 100)]


def test_only_one_end_packet_came() -> None:
    assert heard(packets("9", 1000, 0)[-1:]) == [("9", 100)]


def test_late_packets_of_an_old_digit_are_no_news() -> None:
    one, two = packets("1", 1000, 0), packets("2", 3000, 250)
    assert heard(one + two[:3] + one[1:4] + two[3:] + one) == [("1", 100), ("2", 100)]


def test_long_event_in_segments() -> None:
    sent = [(i * 20.0, probe.event_payload(3, False, min(160 * (i + 1), 0xFFFF)), 1000) for i in range(410)]
    sent += [(8200.0, probe.event_payload(3, False, 160), 1000 + 0xFFFF)]
    sent += [(8220.0, probe.event_payload(3, False, 0xFFFF), 1000)]
    sent += [(8240.0, probe.event_payload(3, True, 480), 1000 + 0xFFFF)] * 3
    assert heard(sent) == [("3", (0xFFFF + 480) // 8)]


@pytest.mark.parametrize("payload", [b"", b"\x05", b"\x05\x0a\x00", b"\x10\x8a\x03\x20", b"\xff\x8a\x03\x20"])
def test_no_digit(payload: bytes) -> None:
    assert heard([(0, payload, 1), (20, payload, 1)]) == []


@pytest.mark.parametrize("seed", range(200))
def test_exactly_once_under_loss_duplicates_and_reordering(seed: int) -> None:
    dice = random.Random(seed)
    digits = [dice.choice(DIGITS) for _ in range(12)]
    arrived = []
    for i, digit in enumerate(digits):
        sent = packets(digit, 1000 + 1600 * i, 200 * i)
        kept = [p for p in sent if dice.random() > 0.3] or [dice.choice(sent)]
        # Up to 90 ms late: less than the pause, so digits keep their order, but their packets do not.
        arrived += [(p[0] + dice.uniform(0, 90), p[1], p[2]) for p in kept]
        arrived += [(p[0] + dice.uniform(0, 400), p[1], p[2]) for p in kept if dice.random() < 0.3]
    arrived.sort(key=lambda p: p[0])
    got = heard(arrived)
    assert [d for d, _ in got] == digits
