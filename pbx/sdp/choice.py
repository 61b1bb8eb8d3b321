"""What is taken from one audio section: the codec, its telephone event, comfort noise, packet time, RTCP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from pbx.sdp.codecs import CODECS, COMFORT_NOISE, ENCODINGS, EVENT, STATIC

MIN_PTIME_MS: Final = 10
MAX_PTIME_MS: Final = 60
MAX_REMEMBERED: Final = 4096  # bytes of a description whose attributes are worth remembering
MAX_MID: Final = 64  # characters
MUX: Final = "a=rtcp-mux\r\n"
MAX_PARAMETERS: Final = 256  # characters of an fmtp that are kept

_PAYLOAD_TYPES: Final = frozenset(map(str, range(128)))


@dataclass(slots=True)
class Choice:
    """What we take from one audio section, and what its attributes say about it. Shared by the cache: never changed."""

    codec_name: str
    clock: int
    payload_type: int
    event_payload_type: int
    cn_payload_type: int
    parameters: str  # the far end's fmtp of the codec
    events: str  # the events that both sides take, for fmtp
    ptime_ms: int
    rtcp_mux: bool
    rtcp_port: int  # 0: the one after the RTP port
    mid: str  # RFC 9143, "" for none
    formats: str  # of the m= line of our answer
    lines: str  # below it, but for protection and direction


class Wanted(NamedTuple):
    """What we want of an offer: `codecs` in our order, which decides with `ours_first`."""

    codecs: tuple[str, ...]
    ptime_ms: int  # where the far end says none
    ours_first: bool = False
    comfort_noise: bool = False


Chooser = Callable[[tuple[str, ...], tuple[str, ...], Wanted], Choice | None]


def choose(
    formats: tuple[str, ...],
    attributes: tuple[str, ...],
    wanted: Wanted,
) -> Choice | None:
    """The codec that is taken, with the telephone event of its clock; None when there is none."""
    said = _Attributes(attributes)
    known: list[tuple[str, str, int]] = []  # payload type, name, clock
    for text in formats:
        encoding = said.maps.get(text, "")
        name, clock = ENCODINGS.get(encoding, ("", 0)) if encoding else (STATIC.get(text, ""), 8000)
        if not encoding and text == str(COMFORT_NOISE):
            name = "CN"
        if name and text in _PAYLOAD_TYPES:
            known.append((text, name, clock))
    if wanted.ours_first:
        taken = next((entry for codec in wanted.codecs for entry in known if entry[1] == codec), None)
    else:
        taken = next((entry for entry in known if entry[1] in wanted.codecs), None)
    if taken is None:
        return None
    number, name, clock = taken
    # An event counts time as the audio does, for they share one RTP stream (RFC 4733 section 2.1).
    event = next((text for text, other, rate in known if other == EVENT and rate == clock), "")
    noise = next((text for text, other, rate in known if other == "CN" and rate == clock), "")
    if not wanted.comfort_noise:
        noise = ""
    events = ("0-16" if "16" in said.parameters.get(event, "") else "0-15") if event else ""
    ptime = max(MIN_PTIME_MS, min(said.ptime_ms or wanted.ptime_ms, said.maxptime_ms or MAX_PTIME_MS, MAX_PTIME_MS))
    ptime -= ptime % 10
    mid = f"a=mid:{said.mid}\r\n" if said.mid else ""
    lines = _lines(name, clock, number, noise, event, events)
    return Choice(
        name,
        clock,
        int(number),
        int(event or -1),
        int(noise or -1),
        said.parameters.get(number, "")[:MAX_PARAMETERS],
        events,
        ptime,
        said.rtcp_mux,
        said.rtcp_port,
        said.mid,
        " ".join(filter(None, (number, noise, event))),
        f"{lines}a=ptime:{ptime}\r\n{MUX if said.rtcp_mux else ''}{mid}",
    )


def _lines(name: str, clock: int, number: str, noise: str, event: str, events: str) -> str:
    """rtpmap and fmtp of what is taken."""
    codec = CODECS[name]
    encoding = f"{name}/{clock}" if codec.channels == 1 else f"{name}/{clock}/{codec.channels}"
    lines = f"a=rtpmap:{number} {encoding}\r\n"
    if codec.parameters:
        lines += f"a=fmtp:{number} {codec.parameters}\r\n"
    if noise:
        lines += f"a=rtpmap:{noise} CN/{clock}\r\n"
    if event:
        lines += f"a=rtpmap:{event} {EVENT}/{clock}\r\na=fmtp:{event} {events}\r\n"
    return lines


# Phones send the same attributes with every call: what they mean is remembered, unless it would fill the memory.
_choose_remembered = lru_cache(maxsize=256)(choose)


def chooser_for(description: bytes) -> Chooser:
    """`choose`, remembered unless the description is long or has keys in it, which are new every time."""
    if len(description) > MAX_REMEMBERED or b"\na=crypto" in description or b"\na=fingerprint" in description:
        return choose
    return _choose_remembered


class _Attributes:
    """The attributes of an audio section that matter here; numbers that are absent or malformed are 0."""

    __slots__ = ("maps", "maxptime_ms", "mid", "parameters", "ptime_ms", "rtcp_mux", "rtcp_port")

    def __init__(self, attributes: Sequence[str]) -> None:
        self.maps: dict[str, str] = {}  # payload type -> encoding in lower case; of several the first one counts
        self.parameters: dict[str, str] = {}  # payload type -> fmtp
        self.ptime_ms = self.maxptime_ms = self.rtcp_port = 0
        self.rtcp_mux = False
        self.mid = ""
        for line in attributes:
            name, _, value = line.partition(":")
            if name == "rtpmap":
                number, _, encoding = value.strip().partition(" ")
                self.maps.setdefault(number, encoding.strip().lower())
            elif name == "fmtp":
                number, _, parameters = value.strip().partition(" ")
                self.parameters.setdefault(number, parameters)
            elif name == "ptime":
                self.ptime_ms = _number(value, 10_000)
            elif name == "maxptime":
                self.maxptime_ms = _number(value, 10_000)
            elif name == "mid":
                self.mid = value.strip()[:MAX_MID]
            elif name == "rtcp-mux":
                self.rtcp_mux = True
            elif name == "rtcp":  # RFC 3605; an address other than the RTP's is ignored
                self.rtcp_port = _number(value.strip().partition(" ")[0], 65535)


def _number(text: str, highest: int) -> int:
    """1*DIGIT, at most `highest`; 0 for anything else, surrounding white space aside."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return 0
    return min(int(text), highest)
