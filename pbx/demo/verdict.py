"""Whether every call went as it should: SIPp's own verdict, the records, the RTP counters and the recordings' sound."""

from __future__ import annotations

import math
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path

from pbx.demo import sounds
from pbx.demo.company import AGENTS, Company
from pbx.demo.phones import Phone, caller_number
from pbx.events import CallEvent, Kind
from pbx.reporting.reporter import Reporter
from pbx.store.records import Cdr

MIN_TALK_S = 2.5
MIN_PACKETS = 100  # two seconds of 20 ms packets, in each direction of each leg
SHARE = 0.5  # of a recording's energy that must lie at the tone that was sent
WINDOW = 800  # samples, 100 ms


def judge(company: Company, callers: Sequence[Phone], reporter: Reporter, since: float) -> list[str]:
    """What was wrong with the calls that began after `since` (UTC seconds), a line each; empty when all were right."""
    problems = [phone.explain() for phone in callers if phone.status != 0]
    records = {record.caller: record for record in reporter.cdrs(limit=1000) if record.started_us >= since * 1e6}
    for index in range(len(callers)):
        number = caller_number(index)
        record = records.get(number)
        if record is None:
            problems.append(f"{number}: the call has no record")
            continue
        problems += [f"{number}: {text}" for text in judge_call(company, index, record, reporter.journey(record.id))]
    return problems


def judge_call(company: Company, index: int, record: Cdr, journey: Sequence[CallEvent]) -> list[str]:
    """What was wrong with one call of caller `index`."""
    problems = []
    kinds = {event.kind for event in journey}
    for kind in (Kind.QUEUE_JOINED, Kind.DIGIT, Kind.QUEUE_ANSWERED, Kind.BRIDGE_STARTED, Kind.RECORDING_ENDED):
        if kind not in kinds:
            problems.append(f"{kind.value} never happened")
    if record.agent not in AGENTS:
        return [*problems, f"no agent answered ({record.cause})"]
    if record.talk_s < MIN_TALK_S:
        problems.append(f"talk lasted {record.talk_s:.1f} s only")
    for event in journey:
        if event.kind is Kind.LEG_ENDED:
            problems += _judge_leg(event)
    if not record.recording:
        problems.append("there is no recording")
    else:
        agent = list(AGENTS).index(record.agent)
        expected = (sounds.caller_tone(index), sounds.agent_tone(agent))
        problems += judge_recording(company.data_dir / "recordings" / record.recording, expected)
    return problems


def _judge_leg(event: CallEvent) -> list[str]:
    counts = {name: int(event.data.get(name, 0)) for name in ("rx_packets", "tx_packets")}
    return [
        f"leg {event.leg}: {count} RTP packets ({name}), {MIN_PACKETS} or more were expected"
        for name, count in counts.items()
        if count < MIN_PACKETS
    ]


def judge_recording(path: Path, tones: tuple[float, float]) -> list[str]:
    """The left channel must carry the caller's tone, the right one the agent's, in most of the recording."""
    try:
        with wave.open(str(path), "rb") as recording:
            channels, rate = recording.getnchannels(), recording.getframerate()
            samples = array("h", recording.readframes(recording.getnframes()))
    except (OSError, wave.Error, EOFError) as error:
        return [f"the recording {path} cannot be read: {error}"]
    if channels != 2 or rate != sounds.RATE:
        return [f"the recording {path} has {channels} channels at {rate} Hz"]
    problems = []
    for channel, (who, tone) in enumerate(zip(("caller", "agent"), tones, strict=True)):
        found = tone_share(samples[channel::2], tone)
        if found < SHARE:
            problems.append(f"the {who}'s {tone:g} Hz is in {found:.0%} of the recording {path.name} only")
    return problems


def tone_share(samples: array[int], frequency: float) -> float:
    """The share of 100 ms windows in which most of the energy lies at `frequency` (Goertzel; 8 kHz)."""
    windows = range(0, len(samples) - WINDOW + 1, WINDOW)
    hits = sum(_has_tone(samples[start : start + WINDOW], frequency) for start in windows)
    return hits / len(windows) if windows else 0.0


def _has_tone(window: array[int], frequency: float) -> bool:
    coefficient = 2 * math.cos(2 * math.pi * frequency / sounds.RATE)
    before = last = 0.0
    energy = 0.0
    for sample in window:
        before, last = last, sample + coefficient * last - before
        energy += sample * sample
    at = (before * before + last * last - coefficient * before * last) * 2 / len(window)
    return energy > len(window) * 100.0**2 and at > 0.5 * energy
