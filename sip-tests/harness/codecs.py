"""The codecs of the harness's phones. G.711 and L16 are numpy's, G.722 and Opus FFmpeg's (PyAV): not the PBX's own.

A coder says 20 ms of sound at its own rate; a decoder takes the payloads of one stream in their order, since both have
a memory. What was heard comes out at 8 kHz, where all of the judging is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import tones

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Codec:
    """`number` is what packets of it are known by here: the static payload type, or the one that our SDP gives it."""

    name: str
    number: int
    clock: int  # of RTP timestamps, Hz
    rate: int  # of the sound, Hz
    event_type: int  # of the telephone-event with that clock, in our SDP
    av_name: str = ""

    @property
    def lines(self) -> str:
        """For {{maps}} of the SDP."""
        encoding = {"opus": "opus/48000/2"}.get(self.name, f"{self.name}/{self.clock}")
        return (
            f"a=rtpmap:{self.number} {encoding}\r\na=rtpmap:{self.event_type} telephone-event/{self.clock}\r\n"
            f"a=fmtp:{self.event_type} 0-15"
        )


CODECS = {
    codec.name: codec
    for codec in (
        Codec("PCMU", 0, 8000, 8000, 101),
        Codec("PCMA", 8, 8000, 8000, 101),
        Codec("G722", 9, 8000, 16000, 101, "g722"),
        Codec("opus", 107, 48000, 48000, 110, "libopus"),
        Codec("L16", 109, 16000, 16000, 102),
    )
}
BY_NUMBER = {codec.number: codec for codec in CODECS.values()}


def encoder(codec: Codec) -> Callable[[tones.Samples], bytes]:
    """A coder with its memory: samples at `codec.rate` to a payload."""
    if codec.name in ("PCMU", "PCMA"):
        return lambda samples: tones.encode(samples, codec.number)
    if codec.name == "L16":
        return lambda samples: samples.astype(">i2").tobytes()
    return _AvEncoder(codec)


class _AvEncoder:
    def __init__(self, codec: Codec) -> None:
        import av

        self._coder: Any = av.CodecContext.create(codec.av_name, "w")
        self._coder.sample_rate = codec.rate
        self._coder.layout = "mono"
        self._coder.format = "s16"
        if codec.name == "opus":
            self._coder.bit_rate = 32000
            self._coder.options = {"application": "voip", "frame_duration": "20"}
        self._coder.open()
        self._rate = codec.rate
        self._count = 0

    def __call__(self, samples: tones.Samples) -> bytes:
        import av

        frame = av.AudioFrame.from_ndarray(samples.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self._rate
        frame.pts, self._count = self._count, self._count + len(samples)
        return b"".join(bytes(packet) for packet in self._coder.encode(frame))


def decode(codec: Codec, payloads: Iterable[bytes]) -> list[tones.Samples]:
    """The payloads of one stream in their order, each as what it plays, at 8 kHz."""
    if codec.name in ("PCMU", "PCMA"):
        return [tones.decode(payload, codec.number) for payload in payloads]
    if codec.name == "L16":
        return _narrow([np.frombuffer(payload, ">i2").astype(np.float64) for payload in payloads], codec.rate)
    return _narrow(_av_decoded(codec, payloads), codec.rate)


def _av_decoded(codec: Codec, payloads: Iterable[bytes]) -> list[Floats]:
    import av

    # FFmpeg's own decoder of Opus, which shares no line with libopus.
    decoder: Any = av.CodecContext.create("opus" if codec.name == "opus" else codec.av_name, "r")
    decoder.sample_rate = codec.rate
    decoder.layout = "mono"
    out = []
    for payload in payloads:
        frames = decoder.decode(av.Packet(payload))
        pieces = [_mono(frame) for frame in frames]
        out.append(np.concatenate(pieces) if pieces else np.zeros(0))
    return out


def _mono(frame: Any) -> Floats:
    sound = frame.to_ndarray().astype(np.float64)
    if frame.format.name.startswith("fl"):
        sound *= 32767.0
    return np.asarray(sound[0] if frame.format.is_planar else sound.reshape(-1, frame.layout.nb_channels)[:, 0])


@lru_cache(maxsize=4)
def _filter(factor: int) -> Floats:
    """A low pass at 3.8 kHz for sound of `factor` times 8 kHz."""
    span = np.arange(-24 * factor, 24 * factor + 1)
    taps = np.sinc(span * 0.95 / factor) * np.kaiser(len(span), 8.0)
    return np.asarray(taps / taps.sum())


def _narrow(pieces: list[Floats], rate: int) -> list[tones.Samples]:
    """Each piece at 8 kHz, as long in seconds as before."""
    factor = rate // tones.RATE
    whole = np.concatenate([*pieces, np.zeros(0)])
    taps = _filter(factor)
    if not len(whole):
        return [np.zeros(0, dtype=np.int16) for _ in pieces]
    low = np.convolve(whole, taps, mode="same") if len(whole) > len(taps) else whole
    narrow = np.clip(np.rint(low[::factor]), -32768, 32767).astype(np.int16)
    out, at = [], 0
    for piece in pieces:
        size = len(piece) // factor
        out.append(narrow[at : at + size])
        at += size
    return out
