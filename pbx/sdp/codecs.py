"""The codecs that descriptions name: their clock, their payload types in our offers, what they say in fmtp."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple


class Codec(NamedTuple):
    """One codec. `number` is what the media core calls it, `payload_type` the number that our offers give it."""

    name: str
    number: int
    payload_type: int
    clock: int  # RTP clock in Hz: G.722 counts 8,000 for 16,000 samples (RFC 3551 section 4.5.2)
    channels: int
    parameters: str  # our fmtp, "" for none

    @property
    def encoding(self) -> str:
        """The value of its rtpmap."""
        return f"{self.name}/{self.clock}" if self.channels == 1 else f"{self.name}/{self.clock}/{self.channels}"


CODECS: Final = {
    codec.name: codec
    for codec in (
        Codec("PCMU", 0, 0, 8000, 1, ""),
        Codec("PCMA", 8, 8, 8000, 1, ""),
        Codec("G722", 9, 9, 8000, 1, ""),
        Codec("opus", 107, 107, 48000, 2, "useinbandfec=1;minptime=10"),
        Codec("L16", 109, 109, 16000, 1, ""),
    )
}
STATIC: Final = {"0": "PCMU", "8": "PCMA", "9": "G722"}  # RFC 3551 table 4
COMFORT_NOISE: Final = 13  # RFC 3389
EVENT: Final = "telephone-event"
EVENT_TYPES: Final = {8000: 101, 16000: 102, 48000: 110}  # by clock, in our offers

# rtpmap in lower case -> (name, clock); the telephone event of each clock and comfort noise beside the codecs.
ENCODINGS: Final[dict[str, tuple[str, int]]] = {
    **{f"{name}/8000{mono}": (codec, 8000) for name, codec in (("pcmu", "PCMU"), ("pcma", "PCMA"), ("g722", "G722"))
       for mono in ("", "/1")},
    **{f"l16/16000{mono}": ("L16", 16000) for mono in ("", "/1")},
    **{f"{EVENT}/{clock}{mono}": (EVENT, clock) for clock in (8000, 16000, 48000) for mono in ("", "/1")},
    "opus/48000/2": ("opus", 48000),
    "cn/8000": ("CN", 8000),
    "cn/8000/1": ("CN", 8000),
}  # fmt: skip


@lru_cache(maxsize=256)
def offered_formats(codecs: Sequence[str], comfort_noise: bool) -> tuple[str, str]:
    """What our offers say of `codecs` (a tuple): the formats of the m= line, and the rtpmap and fmtp lines."""
    chosen = [CODECS[name] for name in codecs]
    numbers = [codec.payload_type for codec in chosen]
    lines = []
    for codec in chosen:
        lines.append(f"a=rtpmap:{codec.payload_type} {codec.encoding}\r\n")
        if codec.parameters:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.parameters}\r\n")
    if comfort_noise and any(codec.clock == 8000 for codec in chosen):
        numbers.append(COMFORT_NOISE)
        lines.append(f"a=rtpmap:{COMFORT_NOISE} CN/8000\r\n")
    for clock in dict.fromkeys(codec.clock for codec in chosen):
        number = EVENT_TYPES[clock]
        numbers.append(number)
        lines.append(f"a=rtpmap:{number} {EVENT}/{clock}\r\na=fmtp:{number} 0-16\r\n")
    return " ".join(map(str, numbers)), "".join(lines)
