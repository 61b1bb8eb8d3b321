"""Whether a caller heard the prompts that he should: what arrived is correlated with the speech in the PBX's cache.

A prompt of `audio: {prompts: [...]}`, in the order in which they must be heard:

    - {text: "Press one.", language: en, for_s: 0.8}     # its first 0.8 s, by normalised cross-correlation
    - {text: "Press one.", language: en, stops_ms: 60}   # and it is silent so soon after the end of the key, for one
                                                           # caller of the behaviour; three times as much for all

The figures are of RTP packets: when the one arrived with which the prompt had stopped, against the moment when the
endpoint sent the end of its digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import tones
from harness.codecs import BY_NUMBER
from harness.listening import _decoded
from pbx.config import Config
from pbx.media.sound_cache import SoundCache
from pbx.media.speakers import NAMES
from pbx.media.voices import Voices

if TYPE_CHECKING:
    from pathlib import Path

    from harness.rtp import Endpoint, Packet

ALIKE = 0.9  # correlation of a prompt with what arrived; G.711 leaves more than 0.98 of speech
STILL = 0.6  # of a piece of 20 ms that still is the prompt
STEP = tones.RATE // 50
HOLE_S = 0.05
BUSY = 3.0  # of several callers who press keys the quickest tells what the PBX needs, the others what the machine does
GONE = 3  # pieces in a row that are not the prompt: it has stopped


@dataclass(slots=True)
class Sound:
    """What arrived, one sample after the other, and when the packet of each piece did (UTC seconds)."""

    samples: np.typing.NDArray[np.float64]
    packets: list[Packet]
    ends: np.typing.NDArray[np.int64]  # the sample after each packet

    def at(self, sample: int) -> float:
        """When the packet with this sample arrived."""
        return self.packets[min(int(np.searchsorted(self.ends, sample, side="right")), len(self.packets) - 1)].at


def sound_of(packets: Sequence[Packet]) -> Sound:
    """The audio packets laid end to end: silence between them is no part of it."""
    audio = [packet for packet in packets if packet.payload_type in BY_NUMBER and packet.payload]
    pieces = _decoded(audio)
    ends = np.cumsum([len(piece) for piece in pieces]) if pieces else np.zeros(0, dtype=np.int64)
    samples = np.concatenate(pieces).astype(np.float64) if pieces else np.zeros(0)
    return Sound(samples, audio, ends)


def speech(cache: Path, config: Config, text: str, language: str) -> tones.Samples:
    """The prompt as the PBX keeps it. FileNotFoundError when it never made it."""
    folder = SoundCache(cache)
    voice = Voices(config.speech).choose(language, "")
    made = {"engine": NAMES.get(voice.engine, voice.engine), "version": folder.recall("engine-version")}
    path = folder.path("say", **made, voice=voice.voice, rate=voice.rate, text=text)
    pcm = folder.read(path)
    if pcm is None:
        raise FileNotFoundError(f"the cache has no {language!r} prompt {text!r}")
    return np.frombuffer(pcm, dtype="<i2")


def slow(stopped_ms: Sequence[tuple[float, float]], late_ms: float) -> list[str]:
    """What is wrong when not one of a behaviour's callers (measured, allowed; ms) was obeyed in time."""
    if not stopped_ms or any(took <= allowed + late_ms for took, allowed in stopped_ms):
        return []
    took, allowed = min(stopped_ms)
    return [f"the prompts stopped {took:.0f} ms after the keys at best, {allowed:g} are allowed"]


def check(endpoint: Endpoint, cache: Path, config: Config, late_ms: float) -> tuple[list[str], list[str]]:
    """(what of the prompts is wrong, what was measured) at an endpoint."""
    problems: list[str] = []
    notes: list[str] = []
    sound, begin = sound_of(list(endpoint.packets)), 0
    for wanted in endpoint.audio.prompts:
        text, language = str(wanted["text"]), str(wanted["language"])
        try:
            clip = speech(cache, config, text, language)
        except FileNotFoundError as error:
            return [*problems, str(error)], notes
        found = _find(sound, clip, begin, float(wanted.get("for_s", 0.8)))
        if found.alike < ALIKE:
            shown = f"{language} prompt {text!r}"
            return [*problems, f"the {shown} was not heard: correlation {found.alike:.2f}, {ALIKE} at least"], notes
        notes.append(f"{language} {text[:24]!r}: correlation {found.alike:.3f}")
        begin = found.sample
        if "stops_ms" in wanted:
            begin = _check_stop(endpoint, sound, clip, wanted, found.sample, late_ms, problems, notes)
    return problems, notes


@dataclass(frozen=True, slots=True)
class _Found:
    sample: int
    alike: float


def _find(sound: Sound, clip: tones.Samples, begin: int, for_s: float) -> _Found:
    """Where the first `for_s` seconds of `clip` fit best from sample `begin` on, and how well (1: the same)."""
    wanted = clip[: int(for_s * tones.RATE)].astype(np.float64)
    heard = sound.samples[begin:]
    if len(heard) < len(wanted) or not np.any(wanted):
        return _Found(begin, 0.0)
    size = 1 << (len(heard) + len(wanted)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    product = product[: len(heard) - len(wanted) + 1]
    summed = np.concatenate(([0.0], np.cumsum(heard**2)))
    energy = np.sqrt(np.maximum(summed[len(wanted) :] - summed[: -len(wanted)], 1.0) * float(wanted @ wanted))
    alike = product / energy
    best = int(np.argmax(alike))
    return _Found(begin + best, float(alike[best]))


def _check_stop(
    endpoint: Endpoint,
    sound: Sound,
    clip: tones.Samples,
    wanted: dict[str, Any],
    begin: int,
    late_ms: float,
    problems: list[str],
    notes: list[str],
) -> int:
    """The prompt that begins at sample `begin` stops soon after the key; returns from where on the next one may be."""
    end = _stopped(sound, clip, begin)
    if not endpoint.key_ended_at:
        problems.append("no key was sent that could stop the prompt")
    elif end >= begin + len(clip) - STEP * GONE:
        problems.append(f"the {wanted['language']} prompt {wanted['text']!r} was played to its end in spite of the key")
    else:
        stopped_at = min(sound.at(end), sound.at(end - 1) + 0.02)  # nothing at all may come after it
        took_ms = (stopped_at - endpoint.key_ended_at) * 1000
        notes.append(f"the prompt stopped {took_ms:.0f} ms after the key")
        endpoint.stopped_ms.append((took_ms, float(wanted["stops_ms"])))
        if took_ms > BUSY * float(wanted["stops_ms"]) + late_ms:
            problems.append(f"the prompt stopped {took_ms:.0f} ms after the key, {wanted['stops_ms']} are allowed")
    return max(begin, end - GONE * STEP)  # the next one may begin within the piece in which this one stopped


def _stopped(sound: Sound, clip: tones.Samples, begin: int) -> int:
    """The first sample that is no part of the clip any more: from there on three pieces in a row differ from it.

    A pause of the clip tells nothing; when no packets came from within it on, they stopped there.
    """
    other, last = 0, begin
    for at in range(0, len(clip) - STEP + 1, STEP):
        heard = sound.samples[begin + at : begin + at + STEP]
        if len(heard) < STEP:
            return _hole(sound, last, begin + at)
        wanted = clip[at : at + STEP]
        if not tones.is_loud(wanted) and not tones.is_loud(heard):
            continue
        piece = wanted.astype(np.float64)
        length = float(np.sqrt(max(1.0, float(piece @ piece)) * max(1.0, float(heard @ heard))))
        if float(piece @ heard) / length >= STILL:
            other, last = 0, begin + at + STEP
        else:
            other += 1
            if other == GONE:
                return _hole(sound, last, begin + at - (GONE - 1) * STEP)
    return begin + len(clip)


def _hole(sound: Sound, first: int, last: int) -> int:
    """The sample from `first` to `last` before which no packet came for a while; `last` when they all came in time."""
    for sample in range(first, last, STEP):
        if sound.at(sample) - sound.at(sample - 1) > HOLE_S:
            return sample
    return last
