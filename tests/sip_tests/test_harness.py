"""The black-box harness itself: it must hear what is there and miss nothing that is wrong."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "sip-tests"))

from harness import listening, records, tones  # noqa: E402
from harness.judgement import judge, jumps  # noqa: E402
from harness.model import Audio, BadTest, load_all  # noqa: E402
from harness.rtp import Endpoint, Packet  # noqa: E402


def test_g711_survives_a_round_trip() -> None:
    ramp = np.arange(-32000, 32000, 7, dtype=np.int16)
    for payload_type in (tones.PCMA, tones.PCMU):
        back = tones.decode(tones.encode(ramp, payload_type), payload_type)
        assert np.max(np.abs(back.astype(int) - ramp.astype(int))) <= 1024


def test_tones_are_told_apart() -> None:
    sound = np.concatenate([tones.tone((440.0,), 0, 8000), tones.tone((), 0, 400), tones.tone((440.0,), 0, 4000)])
    assert tones.longest_tone(sound, 440, 60) == pytest.approx(1.54, abs=0.05)
    assert tones.longest_tone(sound, 440, 20) == pytest.approx(1.0, abs=0.05)
    assert tones.longest_tone(sound, 620, 60) == 0.0


def test_endpoints_hear_each_other() -> None:
    one = Endpoint("127.18.250.10", Audio(send=440, hear=620, for_s=0.4))
    other = Endpoint("127.18.250.11", Audio(send=620, hear=440, for_s=0.4))
    one.start(("127.18.250.11", other.ports[0]))
    other.start(("127.18.250.10", one.ports[0]))
    deadline = time.monotonic() + 30
    while min(len(one.packets), len(other.packets)) < 40 and time.monotonic() < deadline:
        time.sleep(0.02)
    one.close()
    other.close()
    both = {"one": one, "other": other}
    assert judge(one, both) == []
    assert judge(other, both) == []


def packets(count: int, *, skip: int = -1, ssrc_after: int = 10**6) -> list[Packet]:
    made, begin = [], time.time() - count * 0.02  # arrivals are on the wall clock
    for index in range(count):
        if index == skip:
            continue
        payload = tones.encode(tones.tone((440.0,), index * 160, 160), tones.PCMA)
        made.append(
            Packet(begin + index * 0.02, tones.PCMA, index, index * 160, 1 if index < ssrc_after else 2, payload)
        )
    return made


@pytest.mark.parametrize(
    ("count", "changes", "problem"),
    [
        (50, {}, ""),
        (50, {"skip": 20}, "sequence number 19 was followed by 21"),
        (50, {"ssrc_after": 25}, "2 SSRCs"),
        (0, {}, "0 RTP packets"),
    ],
)
def test_judgement(count: int, changes: dict[str, int], problem: str) -> None:
    endpoint = Endpoint("127.18.250.12", Audio(hear=440))
    endpoint.packets = packets(count, **changes)
    found = judge(endpoint, {})
    endpoint.close()
    assert (problem in found[0]) if problem else found == []


def test_rows_are_compared_by_the_named_columns() -> None:
    rows = [{"caller": "101", "talk_s": 2.5, "agent": ""}]
    assert records.compare([{"caller": "101", "talk_s": {"min": 2, "max": 3}, "agent": {"any": False}}], rows) == []
    assert "cdr[0].talk_s is 2.5" in records.compare([{"talk_s": {"max": 1}}], rows)[0]
    assert "no column" in records.compare([{"colour": "red"}], rows)[0]
    assert "1 CDR rows, 0 were expected" in records.compare([], rows)[0]


def test_kinds_come_in_order() -> None:
    events = [("a", {}), ("b", {"to": "7"}), ("c", {})]
    assert records.in_order(["a", {"b": {"to": "7"}}, "c"], events) == []
    assert "no a (in this place)" in records.in_order(["c", "a"], events)[0]
    assert records.in_order([{"b": {"to": "8"}}], events) != []


def test_every_behaviour_can_be_read() -> None:
    try:
        behaviours = load_all()
    except BadTest as error:
        pytest.fail(str(error))
    assert len({behaviour.name for behaviour in behaviours}) == len(behaviours)
    for behaviour in behaviours:
        assert behaviour.about, behaviour.name
        for step in behaviour.steps:
            if step.sipp:
                assert behaviour.scenario(step.sipp).is_file()


def heard(*pieces: tuple[tuple[float, ...] | None, float]) -> list[Packet]:
    """Packets of tones one after the other: (frequencies, seconds); None: no packets for so long."""
    made, begin, at, number = [], time.time() - 20, 0.0, 0
    for frequencies, seconds in pieces:
        for _ in range(round(seconds / 0.02)):
            if frequencies is not None:
                payload = tones.encode(tones.tone(frequencies, number * 160, 160), tones.PCMA)
                made.append(Packet(begin + at, tones.PCMA, number, number * 160, 1, payload))
            number += 1
            at += 0.02
    return made


def test_pieces_must_come_in_their_order() -> None:
    line = listening.lay_out(heard(((440.0,), 1), ((), 0.5), ((620.0,), 1), (None, 0.5), ((440.0,), 0.5)))

    def wrong(*pieces: dict[str, object]) -> list[str]:
        return listening.check_pieces(pieces, {0: line}, 60)

    first, quiet, second = {"tone": 440, "for_s": 0.9}, {"silence": True, "for_s": 0.4}, {"tone": 620, "for_s": 0.9}
    assert wrong(first, quiet, second, {"nothing": True, "for_s": 0.4}, {"tone": 440, "for_s": 0.4}) == []
    assert "after piece 1" in wrong(second, first)[0]
    assert "0.50 s in one piece" in wrong({"silence": True, "for_s": 0.7})[0]
    assert "speech was heard for 0.00 s" in wrong({"speech": True, "for_s": 0.1})[0]


def test_speech_is_no_tone() -> None:
    noise = np.random.default_rng(1).integers(-6000, 6000, 160).astype(np.int16)
    assert tones.is_loud(noise)
    assert not tones.is_pure(noise)
    assert tones.is_pure(tones.tone((1400.0,), 0, 160))


def test_digits_are_read_as_events_and_as_tones() -> None:
    packets = heard(((770.0, 1477.0), 0.1), ((440.0,), 0.2), ((697.0, 1336.0), 0.1))
    for ended in (False, True, True):
        packets.append(Packet(time.time(), 101, 99, 5000, 1, bytes([7, 0x80 * ended, 0, 160])))
    assert listening.digits_heard(packets, 101) == ("7", "62")
    assert listening.digits_heard(packets[:-2], 101) == ("", "62")


def test_steps_of_a_journey_may_name_their_data() -> None:
    events = [("digit", {"digit": "1"}), ("queue.answered", {"wait_s": 1.2})]
    assert records.in_order([{"digit": {"digit": "1"}}, {"queue.answered": {"wait_s": {"max": 2}}}], events) == []
    assert "no {'digit'" in records.in_order(["queue.answered", {"digit": {"digit": "1"}}], events)[0]
    assert records.in_order([{"queue.answered": {"wait_s": {"max": 1}}}], events) != []


def test_lateness_is_forgiven_and_a_jump_of_the_clock_is_not() -> None:
    endpoint = Endpoint("127.18.250.12", Audio())
    endpoint.close()
    endpoint.packets = packets(100)
    release = endpoint.packets[40].at + 0.3
    for packet in endpoint.packets[40:55]:  # a standstill, then everything at once
        packet.at = release
    assert jumps(endpoint) == []
    for packet in endpoint.packets[85:]:
        packet.timestamp += 4000
    assert jumps(endpoint) == ["the timestamp moved 500 ms against the arrival"]
