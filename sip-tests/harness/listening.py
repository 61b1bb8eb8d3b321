"""What a phone heard, piece after piece: tones, speech, silence, nothing at all, digits.

`hears` in test.yaml is a list of pieces that must come in this order, each after the one before it:

    - {tone: 440, for_s: 1}              # Hz; in one piece, with no hole over the endpoint's gap_ms
    - {speech: true, for_s: 0.5}         # sound that is no tone; pauses between words count
    - {silence: true, for_s: 0.5}        # packets of silence
    - {sound: true, without: 440, for_s: 0.5}   # music: sound that is not mainly this tone
    - {nothing: true, for_s: 0.5}        # no packet at all
    - {tone: 440, for_s: 1, port: 2}     # at the endpoint's second port (`second_port: true`)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import tones
from harness.codecs import BY_NUMBER, decode

if TYPE_CHECKING:
    from harness.rtp import Packet

STEP = tones.RATE // 50  # samples of one window
HOLE_S = 0.06  # a later packet than this is a hole that can be heard
WORD_PAUSE_MS = 400.0
PAUSE_HEARD_S = 0.12
KINDS = ("tone", "speech", "sound", "silence", "nothing")
BROKEN = ("speech", "sound")  # words and notes have pauses between them


@dataclass(slots=True)
class Timeline:
    """Audio as it would be played: packets laid out by arrival. `present` is False where no packet was."""

    samples: tones.Samples
    present: np.typing.NDArray[np.bool_]
    begin: float  # UTC seconds of the first sample

    def windows(self) -> list[tuple[tones.Samples, bool]]:
        """Pieces of 20 ms, and whether packets filled most of each."""
        last = len(self.samples) - STEP + 1
        return [
            (self.samples[at : at + STEP], bool(self.present[at : at + STEP].mean() > 0.5))
            for at in range(0, last, STEP)
        ]


def lay_out(packets: Sequence[Packet], until: float = 0.0) -> Timeline:
    """The audio packets on a time axis; `until` (UTC seconds) makes the silence after the last of them count."""
    audio = [packet for packet in packets if packet.payload_type in BY_NUMBER and packet.payload]
    if not audio:
        return Timeline(np.zeros(0, dtype=np.int16), np.zeros(0, dtype=np.bool_), until)
    start = audio[0].at
    pieces: list[tones.Samples] = []
    present: list[np.typing.NDArray[np.bool_]] = []
    position = 0

    def hole(upto: int) -> None:
        nonlocal position
        if upto - position > HOLE_S * tones.RATE:
            pieces.append(np.zeros(upto - position, dtype=np.int16))
            present.append(np.zeros(upto - position, dtype=np.bool_))
            position = upto

    for packet, samples in zip(audio, _decoded(audio), strict=True):
        hole(int((packet.at - start) * tones.RATE))
        pieces.append(samples)
        present.append(np.ones(len(samples), dtype=np.bool_))
        position += len(samples)
    hole(int((until - start) * tones.RATE))
    return Timeline(np.concatenate(pieces), np.concatenate(present), start)


def _decoded(audio: Sequence[Packet]) -> list[tones.Samples]:
    """What each packet plays; a codec's memory lasts as long as a stream of it."""
    out: list[tones.Samples] = []
    for (number, _), run in itertools.groupby(audio, key=lambda packet: (packet.payload_type, packet.ssrc)):
        out += decode(BY_NUMBER[number], [packet.payload for packet in run])
    return out


def onset_after_pause(packets: Sequence[Packet], frequency: float, after: float) -> float | None:
    """When the packet arrived with which the tone came back after a pause of 120 ms or more, UTC seconds.

    Only what arrived after `after` counts.
    """
    audio = [packet for packet in packets if packet.payload_type in BY_NUMBER and packet.payload]
    quiet = 0.0
    for packet, samples in zip(audio, _decoded(audio), strict=True):
        sounds = len(samples) > 0 and tones.has_tone(samples, frequency)
        if sounds and quiet >= PAUSE_HEARD_S and packet.at >= after:
            return packet.at
        quiet = 0.0 if sounds else quiet + len(samples) / tones.RATE
    return None


def check_pieces(wanted: Sequence[dict[str, Any]], timelines: dict[int, Timeline], gap_ms: float) -> list[str]:
    """What of `wanted` was not heard in its order; `timelines` by port number, 0 for all ports together."""
    after = 0.0
    for index, piece in enumerate(wanted):
        timeline = timelines[int(piece.get("port", 0))]
        kind = next(name for name in KINDS if name in piece)
        gap = WORD_PAUSE_MS if kind in BROKEN else gap_ms if kind == "tone" else 0.0
        found, longest = _find(timeline, _is(kind, piece), after, float(piece["for_s"]), gap)
        if found is None:
            what = f"{piece['tone']:g} Hz" if kind == "tone" else kind
            order = f" after piece {index} of what it should hear" if index else ""
            return [f"{what} was heard for {longest:.2f} s in one piece{order}, {piece['for_s']:g} s were expected"]
        after = found
    return []


def first_tone(timeline: Timeline, frequency: float) -> float | None:
    """When `frequency` was first heard for 60 ms, UTC seconds."""
    end, _ = _find(timeline, _is("tone", {"tone": frequency}), 0.0, 0.06, 0.0)
    return None if end is None else end - 0.06


def digits_heard(packets: Sequence[Packet], event_type: int) -> tuple[str, str]:
    """Digits that arrived as RFC 4733 events (one a timestamp, ended by a packet with the end bit), and as tones."""
    events: dict[int, tuple[int, bool]] = {}
    for packet in packets:
        if packet.payload_type == event_type and len(packet.payload) >= 4:
            ended = events.get(packet.timestamp, (0, False))[1] or bool(packet.payload[1] & 0x80)
            events[packet.timestamp] = packet.payload[0], ended
    as_events = "".join("0123456789*#ABCD"[code] for code, ended in events.values() if ended)
    run, as_tones = "", ""
    for window, _ in lay_out(packets).windows():
        digit = tones.dtmf_digit(window)
        run = run + digit if digit and run[:1] in ("", digit) else digit
        if len(run) == 2:  # 40 ms
            as_tones += digit
    return as_events, as_tones


def _is(kind: str, piece: dict[str, Any]) -> Callable[[tones.Samples, bool], bool]:
    if kind == "tone":
        return lambda window, present: present and tones.has_tone(window, float(piece["tone"]))
    if kind == "speech":
        return lambda window, present: present and tones.is_loud(window) and not tones.is_pure(window)
    if kind == "sound":
        other = float(piece["without"])
        return lambda window, present: present and tones.is_loud(window) and not tones.has_tone(window, other)
    if kind == "silence":
        return lambda window, present: present and not tones.is_loud(window)
    return lambda _window, present: not present


def _find(
    timeline: Timeline, wanted: Callable[[tones.Samples, bool], bool], after: float, for_s: float, gap_ms: float
) -> tuple[float | None, float]:
    """End (UTC) of the first piece of `for_s` seconds that begins at `after` or later, or None; the longest seen."""
    begin = last = longest = -1.0
    for index, (window, present) in enumerate(timeline.windows()):
        at = timeline.begin + index * 0.02
        if at < after - 0.001 or not wanted(window, present):
            continue
        if begin < 0 or (at - last) * 1000 > gap_ms + 0.1:
            begin = at
        last = at + 0.02
        longest = max(longest, last - begin)
        if last - begin >= for_s - 0.001:
            return last, longest
    return None, max(0.0, longest)
