"""Whether a phone heard what it should: tones, pieces in order, digits, and one continuous stream."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from harness import listening, rtp, tones
from harness.records import matches

if TYPE_CHECKING:
    from harness.model import Audio
    from harness.rtp import Endpoint, Packet

COMFORT_NOISE = 13
CLIPPED = 32000  # a sample at the limit of either law of G.711
TRACE = 0.05  # share of the energy
SPLASHES = 2  # pieces in which something begins or ends have a bit of every tone
TOGETHER = 5  # pieces of 100 ms
SETTLED = 25  # packets in which one comes without delay
JUMP_S = 0.25


def judge(endpoint: Endpoint, others: Mapping[str, Endpoint]) -> list[str]:
    """What is wrong with the audio that arrived at `endpoint`; `others` are the behaviour's endpoints by name.

    The longest pause of any sender is forgiven, and so is this endpoint's own lateness: the test machine may be busy.
    """
    audio, packets = endpoint.audio, list(endpoint.packets)
    if len(packets) < audio.packets:
        return [f"{len(packets)} RTP packets arrived ({endpoint.sent} went out), {audio.packets} or more were expected"]
    problems = endpoint.shield.problems(audio) if endpoint.shield is not None else []
    streams = {packet.ssrc for packet in packets}
    if audio.streams and len(streams) > audio.streams:
        problems.append(f"{len(streams)} SSRCs were seen, {audio.streams} may be")
    late_ms = max((max(0.0, other.max_send_gap_ms - 20) for other in (endpoint, *others.values())), default=0.0)
    allowed_ms = audio.gap_ms + late_ms
    if audio.continuous:
        problems += jumps(endpoint)
    now = rtp.wall()
    timelines = {
        port: listening.lay_out([packet for packet in packets if port in (0, packet.port)], now) for port in (0, 1, 2)
    }
    samples = timelines[0].samples
    if audio.hear and not audio.hears:
        heard = tones.longest_tone(samples, audio.hear, allowed_ms)
        if heard < audio.for_s:
            text = f"{audio.hear:g} Hz was heard for {heard:.2f} s in one piece, {audio.for_s:g} s were expected"
            problems.append(text)
    problems += listening.check_pieces(audio.hears, timelines, allowed_ms)
    if audio.not_hear and tones.longest_tone(samples, audio.not_hear, 0) >= 0.1:
        problems.append(f"{audio.not_hear:g} Hz was heard and should not be")
    problems += _mixed(audio, samples)
    described = sum(packet.payload_type == COMFORT_NOISE for packet in packets)
    if audio.noise and not matches(audio.noise, described):
        problems.append(f"{described} packets of comfort noise came, {audio.noise} were expected")
    if audio.follows:
        problems += _follows(endpoint, others[str(audio.follows["of"])], timelines[0], late_ms)
    if audio.hear and len(samples) and float(np.mean(np.abs(samples.astype(np.int32)) >= CLIPPED)) > 0.001:
        problems.append("what was heard is clipped")
    if audio.delay:
        problems += _delay(endpoint, others[str(audio.delay["of"])], late_ms)
    return problems + _digits(endpoint)


def _mixed(audio: Audio, samples: tones.Samples) -> list[str]:
    """What is heard at once, and what must not be a part of it, in pieces of 100 ms."""
    step = tones.RATE // 10
    pieces = [samples[at : at + step] for at in range(0, len(samples) - step + 1, step)]
    problems = []
    # Where a companion is known only what sounds with it counts: words have traces of any tone.
    companions = audio.mixes or ([audio.hear] if audio.hear else [])
    mixed = [p for p in pieces if not companions or any(tones.trace(p, tone) > TRACE for tone in companions)]
    for frequency in audio.never_hears:
        traces = sum(tones.trace(piece, frequency) > TRACE for piece in mixed)
        if traces > SPLASHES:
            problems.append(f"{frequency:g} Hz is a part of what was heard for {traces / 10:.1f} s and should never be")
    if audio.mixes:
        together = sum(all(tones.trace(piece, tone) > TRACE for tone in audio.mixes) for piece in pieces)
        if together < TOGETHER:
            problems.append(
                f"{audio.mixes} Hz were heard at once for {together / 10:.1f} s, {TOGETHER / 10} s expected"
            )
    return problems


def _delay(endpoint: Endpoint, other: Endpoint, late_ms: float) -> list[str]:
    """How long the tone of the other took, from its packet to ours; it is kept for the report."""
    heard = listening.onset_after_pause(endpoint.packets, endpoint.audio.hear, other.marked_at)
    if not other.marked_at or heard is None:
        return ["the mark in the tone, which tells the delay, was not heard"]
    endpoint.delay_ms = (heard - other.marked_at) * 1000
    if endpoint.delay_ms > float(endpoint.audio.delay["ms"]) + late_ms:
        return [f"the tone took {endpoint.delay_ms:.0f} ms one way, {endpoint.audio.delay['ms']} are allowed"]
    return []


def jumps(endpoint: Endpoint) -> list[str]:
    """Sequence numbers skipped or seen twice, timestamps that do not follow the arrival (RFC 3550 section 5.1)."""
    problems = []
    packets = endpoint.packets
    for before, after in itertools.pairwise(packets):
        if before.ssrc == after.ssrc and (after.sequence - before.sequence) & 0xFFFF != 1:
            problems.append(f"sequence number {before.sequence} was followed by {after.sequence}")
    clock = endpoint.codec.clock
    audio = [packet for packet in packets if packet.payload_type != endpoint.audio.event_type]
    for index in range(1, len(audio)):
        if audio[index - 1].ssrc != audio[index].ssrc:
            continue
        # A late packet is the busy machine's; what is early, or late from now on, is a jump of the clock.
        moved = _earliest(audio[index : index + SETTLED], clock) - _earliest(
            audio[max(0, index - SETTLED) : index], clock
        )
        if abs(moved) > JUMP_S and abs(_step(audio[index - 1], audio[index], clock)) > JUMP_S:
            problems.append(f"the timestamp moved {-moved * 1000:.0f} ms against the arrival")
    return problems[:3]


def _step(before: Packet, after: Packet, clock: int) -> float:
    """Seconds by which `after` came later than its timestamp says."""
    ticks = ((after.timestamp - before.timestamp + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
    return after.at - before.at - ticks / clock


def _earliest(packets: list[Packet], clock: int) -> float:
    """Arrival against timestamp of the packet with the least delay, seconds; only differences mean something."""
    delays = [packet.at - ((packet.timestamp - packets[0].timestamp) & 0xFFFF_FFFF) / clock for packet in packets]
    return min(delays) - packets[0].timestamp / clock


def _follows(endpoint: Endpoint, other: Endpoint, timeline: listening.Timeline, late_ms: float) -> list[str]:
    """`hear` must be heard within so many milliseconds of the other's first packet."""
    first = listening.first_tone(timeline, endpoint.audio.hear)
    if first is None or not other.first_sent_at:
        return [f"{endpoint.audio.hear:g} Hz was never heard"]
    took_ms = (first - other.first_sent_at) * 1000
    if took_ms > float(endpoint.audio.follows["ms"]) + late_ms:
        return [f"{endpoint.audio.hear:g} Hz was heard {took_ms:.0f} ms after {endpoint.audio.follows['of']} sent it"]
    return []


def _digits(endpoint: Endpoint) -> list[str]:
    audio = endpoint.audio
    as_events, as_tones = listening.digits_heard(endpoint.packets, audio.event_type)
    wanted = (("events", audio.hear_digits, as_events), ("tones", audio.hear_tones, as_tones))
    any_wanted = audio.hear_digits or audio.hear_tones
    return [
        f"the digits {heard!r} came as {name}, {want!r} were expected"
        for name, want, heard in wanted
        if any_wanted and heard != want
    ]
