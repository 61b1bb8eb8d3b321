"""Offer and answer for one audio stream (RFC 3264): G.711, telephone-event (RFC 4733), ptime, hold and resume.

Of an offer with several media the first usable audio is taken, everything else is refused in its place with port 0.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pbx.sdp.description import MediaDescription, SdpError, SessionDescription, is_ipv4

STATIC_TYPES: Final = {"PCMU": 0, "PCMA": 8}  # RFC 3551 table 4
EVENT_TYPE: Final = 101  # payload type that our offers give to telephone-event
MIN_PTIME_MS: Final = 10
MAX_PTIME_MS: Final = 60
MAX_REMEMBERED: Final = 4096  # bytes of a description whose attributes are worth remembering
PROTOCOLS: Final = frozenset({"RTP/AVP", "RTP/AVPF"})

_ENCODINGS: Final = {
    "pcmu/8000": "PCMU",
    "pcmu/8000/1": "PCMU",
    "pcma/8000": "PCMA",
    "pcma/8000/1": "PCMA",
    "telephone-event/8000": "telephone-event",
    "telephone-event/8000/1": "telephone-event",
}
_STATIC: Final = {"0": "PCMU", "8": "PCMA"}
_PAYLOAD_TYPES: Final = frozenset(map(str, range(128)))
# What the answerer may say (RFC 3264 section 6.1), by the offered direction and by what we want ourselves.
_ANSWERS: Final = {
    (offered, wanted): (("sendrecv" if receive else "sendonly") if send else ("recvonly" if receive else "inactive"))
    for offered in ("sendrecv", "sendonly", "recvonly", "inactive")
    for wanted in ("sendrecv", "sendonly", "recvonly", "inactive")
    for send in (offered in ("sendrecv", "recvonly") and wanted in ("sendrecv", "sendonly"),)
    for receive in (offered in ("sendrecv", "sendonly") and wanted in ("sendrecv", "recvonly"),)
}


class NotAcceptable(SdpError):
    """488: nothing in the description that we can take part in."""

    def __init__(self, reason: str, warning: int = 305) -> None:
        super().__init__(488, reason, warning)


@dataclass(slots=True)
class MediaSettings:
    """What an answered exchange means for our RTP stream.

    `remote_ip` "" and `remote_port` 0: there is nowhere to send to. `payload_type` and `event_payload_type` are the
    numbers to send with (-1: the far end takes no telephone-event). `send`, `receive`: our view of the direction.
    """

    remote_ip: str
    remote_port: int
    remote_rtcp_port: int
    rtcp_mux: bool
    codec: int  # 0 PCMU, 8 PCMA
    payload_type: int
    event_payload_type: int
    ptime_ms: int
    send: bool
    receive: bool
    codec_name: str

    @property
    def held(self) -> bool:
        """Whether the far end does not want to hear us (hold, RFC 3264 section 8.4)."""
        return not self.send


@dataclass(slots=True)
class _Choice:
    """What we take from one audio section, and what its attributes say about it. Shared by the cache: never changed."""

    codec_name: str
    payload_type: int
    event_payload_type: int
    events: str  # the events that both sides take, for fmtp
    ptime_ms: int
    rtcp_mux: bool
    rtcp_port: int  # 0: the one after the RTP port


_Chooser = Callable[[tuple[str, ...], tuple[str, ...], tuple[str, ...], int], _Choice | None]


def make_offer(
    ip: str,
    port: int,
    *,
    codecs: Sequence[str] = ("PCMA", "PCMU"),
    ptime_ms: int = 20,
    direction: str = "sendrecv",
    session_id: int,
    version: int,
    rtcp_mux: bool = False,
) -> bytes:
    """An offer of one audio stream at `ip`:`port`, codecs in the order of preference.

    `session_id` stays for the life of the session; `version` grows by one with each changed description.
    """
    numbers = " ".join(str(STATIC_TYPES[name]) for name in codecs)
    maps = "".join(f"a=rtpmap:{STATIC_TYPES[name]} {name}/8000\r\n" for name in codecs)
    family = "IP6" if ":" in ip else "IP4"
    return (
        f"v=0\r\no=- {session_id} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {numbers} {EVENT_TYPE}\r\n{maps}"
        f"a=rtpmap:{EVENT_TYPE} telephone-event/8000\r\na=fmtp:{EVENT_TYPE} 0-16\r\n"
        f"a=ptime:{ptime_ms}\r\n{_MUX if rtcp_mux else ''}a={direction}\r\n"
    ).encode()


_MUX = "a=rtcp-mux\r\n"


def answer(
    offer: bytes,
    ip: str,
    port: int,
    *,
    codecs: Sequence[str] = ("PCMA", "PCMU"),
    ptime_ms: int = 20,
    session_id: int,
    version: int,
    direction: str = "sendrecv",
) -> tuple[bytes, MediaSettings]:
    """Answers `offer` with our stream at `ip`:`port`. Raises SdpError (400, 413) or NotAcceptable (488).

    The codec is the offerer's first one that is in `codecs`. `direction` is what we want; the answer never says more
    than the offer allows. `ptime_ms` is ours when the offer has none.
    """
    session = SessionDescription.parse(offer)
    taken, choice = _first_usable(session, _chooser(offer), tuple(codecs), ptime_ms)
    remote = _reachable(session.address_of(taken))
    said = _ANSWERS[_direction(session, taken, remote), direction]
    settings = _settings(remote, taken.port, choice, said)
    lines = [_accepted(m, choice, port, settings, said) if m is taken else _refused(m) for m in session.media]
    family = "IP6" if ":" in ip else "IP4"
    head = f"v=0\r\no=- {session_id} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n"
    return (head + "".join(lines)).encode(), settings


def read_answer(
    answered: bytes, *, codecs: Sequence[str] = ("PCMA", "PCMU"), ptime_ms: int = 20, direction: str = "sendrecv"
) -> MediaSettings:
    """What the far end's answer to our offer means. Arguments as they were given to `make_offer`.

    Raises SdpError when it is broken, NotAcceptable when it refuses our stream or takes what we did not offer.
    """
    session = SessionDescription.parse(answered)
    if not session.media:
        raise NotAcceptable("The answer has no media", 304)
    taken = session.media[0]
    if taken.port == 0:
        raise NotAcceptable("The answer refuses the audio stream", 304)
    choice = _choose(taken, _chooser(answered), tuple(codecs), ptime_ms)
    if choice is None:
        raise NotAcceptable("The answer takes nothing that was offered")
    remote = _reachable(session.address_of(taken))
    return _settings(remote, taken.port, choice, _ANSWERS[_direction(session, taken, remote), direction])


def _direction(session: SessionDescription, media: MediaDescription, remote: str) -> str:
    """The far end's direction; without an address to send to (`remote` "") it cannot mean to hear us."""
    said = session.direction_of(media)
    if remote:
        return said
    return "sendonly" if said in ("sendrecv", "sendonly") else "inactive"


def _first_usable(
    session: SessionDescription, chooser: _Chooser, codecs: tuple[str, ...], ptime_ms: int
) -> tuple[MediaDescription, _Choice]:
    """The first audio section that we can answer, and what we take from it."""
    fault = NotAcceptable("No audio is offered", 304)
    for media in session.media:
        if media.kind != "audio":
            continue
        if media.port == 0:
            fault = NotAcceptable("The offered audio is switched off", 304)
            continue
        if media.proto not in PROTOCOLS:
            fault = NotAcceptable(f"The transport {media.proto[:32]!a} is not supported", 302)
            continue
        choice = _choose(media, chooser, codecs, ptime_ms)
        if choice is None:
            fault = NotAcceptable("No offered codec is supported")
            continue
        return media, choice
    raise fault


def _choose(
    media: MediaDescription, chooser: _Chooser, codecs: tuple[str, ...], default_ptime_ms: int
) -> _Choice | None:
    """The first codec of the list that is one of ours, and telephone-event when it is there."""
    if media.kind != "audio" or media.proto not in PROTOCOLS:
        return None
    return chooser(tuple(media.formats), tuple(media.attributes), codecs, default_ptime_ms)


def _choose_uncached(
    formats: tuple[str, ...], attributes: tuple[str, ...], codecs: tuple[str, ...], default_ptime_ms: int
) -> _Choice | None:
    said = _Attributes(attributes)
    codec = events = ""
    number = event = -1
    for text in formats:
        encoding = said.maps.get(text, "")
        name = _ENCODINGS.get(encoding, "") if encoding else _STATIC.get(text, "")
        if not name or text not in _PAYLOAD_TYPES:
            continue
        if name == "telephone-event":
            if event < 0:
                event = int(text)
                events = "0-16" if "16" in said.parameters.get(text, "") else "0-15"
        elif not codec and name in codecs:
            codec, number = name, int(text)
    if not codec:
        return None
    ptime = max(MIN_PTIME_MS, min(said.ptime_ms or default_ptime_ms, said.maxptime_ms or MAX_PTIME_MS, MAX_PTIME_MS))
    return _Choice(codec, number, event, events, ptime - ptime % 10, said.rtcp_mux, said.rtcp_port)


# Phones send the same attributes with every call: what they mean is remembered, unless it would fill the memory.
_choose_remembered = lru_cache(maxsize=256)(_choose_uncached)


def _chooser(description: bytes) -> _Chooser:
    return _choose_remembered if len(description) <= MAX_REMEMBERED else _choose_uncached


class _Attributes:
    """The attributes of an audio section that matter here; numbers that are absent or malformed are 0."""

    __slots__ = ("maps", "maxptime_ms", "parameters", "ptime_ms", "rtcp_mux", "rtcp_port")

    def __init__(self, attributes: Sequence[str]) -> None:
        self.maps: dict[str, str] = {}  # payload type -> encoding in lower case; of several the first one counts
        self.parameters: dict[str, str] = {}  # payload type -> fmtp
        self.ptime_ms = self.maxptime_ms = self.rtcp_port = 0
        self.rtcp_mux = False
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


@lru_cache(maxsize=1024)
def _reachable(address: str) -> str:
    """The IPv4 address to send to, "" for 0.0.0.0 (hold as RFC 2543 did it, RFC 3264 section 8.4).

    Media goes to one unicast address, and to nothing that would have to be looked up or that many hear.
    """
    if ":" in address:
        mapped = ipaddress.IPv6Address(address).ipv4_mapped
        if mapped is None:
            raise NotAcceptable("Media over IPv6 is not supported", 300)
        address = str(mapped)
    if not address:
        raise SdpError(400, "The session description has no connection address")
    if not is_ipv4(address):
        raise NotAcceptable("The connection address has to be an IP address", 301)
    first = int(address.partition(".")[0])
    if first >= 224 or (first == 0 and address != "0.0.0.0"):  # noqa: S104
        raise NotAcceptable("The connection address is not a unicast address", 301)
    return "" if first == 0 else address


def _settings(remote: str, port: int, choice: _Choice, said: str) -> MediaSettings:
    rtcp = port if choice.rtcp_mux else choice.rtcp_port or port + 1
    return MediaSettings(
        remote,
        port if remote else 0,
        rtcp if remote and rtcp <= 65535 else 0,
        choice.rtcp_mux,
        STATIC_TYPES[choice.codec_name],
        choice.payload_type,
        choice.event_payload_type,
        choice.ptime_ms,
        said in ("sendrecv", "sendonly"),
        said in ("sendrecv", "recvonly"),
        choice.codec_name,
    )


def _accepted(media: MediaDescription, choice: _Choice, port: int, settings: MediaSettings, said: str) -> str:
    number, event = choice.payload_type, choice.event_payload_type
    mux = _MUX if settings.rtcp_mux else ""
    if event < 0:
        return (
            f"m=audio {port} {media.proto} {number}\r\na=rtpmap:{number} {choice.codec_name}/8000\r\n"
            f"a=ptime:{settings.ptime_ms}\r\n{mux}a={said}\r\n"
        )
    return (
        f"m=audio {port} {media.proto} {number} {event}\r\na=rtpmap:{number} {choice.codec_name}/8000\r\n"
        f"a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} {choice.events}\r\n"
        f"a=ptime:{settings.ptime_ms}\r\n{mux}a={said}\r\n"
    )


def _refused(media: MediaDescription) -> str:
    """The same medium with port 0 and one of its formats (RFC 3264 section 6)."""
    return f"m={media.kind} 0 {media.proto} {media.formats[0]}\r\n"
