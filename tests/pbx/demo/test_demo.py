"""The demo's parts without SIPp: its configuration is right, its sounds are what they say, its verdict sees."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import pytest

from core.signal.tone import tone_bytes
from pbx.configfile import load
from pbx.demo import phones, sounds, verdict
from pbx.demo.company import AGENTS, PHONE, found_company
from pbx.demo.show import ARRIVALS
from pbx.events import CallEvent, Kind
from pbx.flow.loader import check_flows
from pbx.store.records import Cdr


def test_the_configuration_is_right_and_keeps_its_passwords(tmp_path: Path) -> None:
    first = found_company(tmp_path / "demo")
    loaded = load(first.config_path, {}, (check_flows,))
    assert loaded.warnings == []
    assert [agent.extension for agent in loaded.config.agent] == list(AGENTS)
    assert {entry.number for entry in loaded.config.extension} == {*AGENTS, PHONE}
    second = found_company(tmp_path / "demo")
    assert second.passwords == first.passwords


def test_twenty_callers() -> None:
    assert len(ARRIVALS) == 20
    assert list(ARRIVALS) == sorted(ARRIVALS)


def test_every_phone_has_a_tone_of_its_own() -> None:
    tones = [sounds.caller_tone(index) for index in range(20)] + [sounds.agent_tone(index) for index in range(3)]
    assert len(set(tones)) == 23
    assert min(b - a for a, b in zip(sorted(tones), sorted(tones)[1:], strict=False)) >= 20  # two bins of 100 ms
    assert all(tone == int(tone) for tone in tones)  # whole periods in the second that is repeated


def test_the_key_capture_holds_one_rfc4733_event(tmp_path: Path) -> None:
    path = tmp_path / "key.pcap"
    sounds.write_key_capture(path, "1")
    data, at, packets = path.read_bytes(), 24, []
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        packets.append(data[at + 16 + 42 : at + 16 + length])
        at += 16 + length
    assert [packet[1] & 0x7F for packet in packets] == [101] * 7
    assert [packet[1] >> 7 for packet in packets] == [1, 0, 0, 0, 0, 0, 0]
    assert {packet[12] for packet in packets} == {1}
    assert [packet[13] >> 7 for packet in packets] == [0, 0, 0, 0, 1, 1, 1]
    assert len({packet[4:8] for packet in packets}) == 1  # one timestamp for the whole event


def test_scenarios_have_no_key_left() -> None:
    names = ("user", "secret", "expires", "tone", "ring_ms", "talk_ms_min", "talk_ms_max", "number", "listen_ms")
    keys = dict.fromkeys((*names, "press_key", "event_format", "event_lines"), "1")
    for scenario in ("caller.xml", "agent.xml", "register.xml"):
        assert "{{" not in phones.fill(scenario, name="x", **keys)


def record(path: Path, left: bytes, right: bytes) -> None:
    pairs = b"".join(left[at : at + 2] + right[at : at + 2] for at in range(0, len(left), 2))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(pairs)


def test_a_recording_is_judged_by_its_sound(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    caller, agent = tone_bytes(440.0, 0.0, -9.0, 16000), tone_bytes(1100.0, 0.0, -9.0, 16000)
    record(path, caller, agent)
    assert verdict.judge_recording(path, (440.0, 1100.0)) == []
    assert len(verdict.judge_recording(path, (1100.0, 440.0))) == 2
    record(path, caller, bytes(len(caller)))
    (problem,) = verdict.judge_recording(path, (440.0, 1100.0))
    assert "the agent's 1100 Hz is in 0%" in problem
    (problem,) = verdict.judge_recording(tmp_path / "none.wav", (440.0, 1100.0))
    assert "cannot be read" in problem


def test_a_call_that_nobody_answered_is_a_problem(tmp_path: Path) -> None:
    company = found_company(tmp_path / "demo")
    values = dict.fromkeys(Cdr.__dataclass_fields__, "") | {"talk_s": 0.0, "started_us": 0, "cause": "timeout"}
    journey = [
        CallEvent(Kind.QUEUE_JOINED, "c", "a", 1.0, {}),
        CallEvent(Kind.LEG_ENDED, "c", "a", 2.0, {"rx_packets": 20, "tx_packets": 500}),
    ]
    problems = verdict.judge_call(company, 0, Cdr(**values), journey)
    assert "no agent answered (timeout)" in problems
    assert "digit never happened" in problems


@pytest.mark.parametrize("frequency", [400.0, 780.0, 1400.0])
def test_tone_share(frequency: float) -> None:
    from array import array

    samples = array("h", tone_bytes(frequency, 0.0, -9.0, 8000))
    assert verdict.tone_share(samples, frequency) == 1.0
    assert verdict.tone_share(samples, frequency + 20) == 0.0
