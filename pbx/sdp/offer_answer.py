"""Offer and answer for one audio stream (RFC 3264): codecs, telephone-event (RFC 4733), ptime, hold, protection.

Of an offer with several media the first usable audio is taken, everything else is refused in its place with port 0.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.sdpport import split_port
from pbx.sdp.choice import MUX, Choice, Chooser, Wanted, chooser_for
from pbx.sdp.codecs import CODECS, EVENT_TYPES, offered_formats
from pbx.sdp.description import MediaDescription, SdpError, SessionDescription
from pbx.sdp.protection import (
    PLAIN,
    PROTOCOLS,
    NotAcceptable,
    Protection,
    answer_offer,
    offer_lines,
    protocol_of,
)
from pbx.sdp.protection import read_answer as read_protection
from pbx.sdp.reachable import reachable
from pbx.sdp.security import DtlsKeys, MediaSecurity, Security

__all__ = ["MediaSettings", "NotAcceptable", "answer", "make_offer", "read_answer"]

MAX_UNDERSTOOD: Final = 512  # descriptions whose meaning is remembered, of 4 kB at most

# What the answerer may say (RFC 3264 section 6.1), by the offered direction and by what we want ourselves.
_ANSWERS: Final = {
    (offered, wanted): (("sendrecv" if receive else "sendonly") if send else ("recvonly" if receive else "inactive"))
    for offered in ("sendrecv", "sendonly", "recvonly", "inactive")
    for wanted in ("sendrecv", "sendonly", "recvonly", "inactive")
    for send in (offered in ("sendrecv", "recvonly") and wanted in ("sendrecv", "sendonly"),)
    for receive in (offered in ("sendrecv", "sendonly") and wanted in ("sendrecv", "recvonly"),)
}


@dataclass(slots=True)
class MediaSettings:
    """What an answered exchange means for our RTP stream.

    `remote_ip` "" and `remote_port` 0: there is nowhere to send to, or ICE will say. `payload_type` and
    `event_payload_type` are the numbers to send with (-1: the far end takes no telephone-event), those with `heard_`
    what the far end sends with (-1: the same). `send`, `receive`: our view of the direction.
    """

    remote_ip: str
    remote_port: int
    remote_rtcp_port: int
    rtcp_mux: bool
    codec: int  # its number in `pbx.sdp.codecs`
    payload_type: int
    event_payload_type: int
    ptime_ms: int
    send: bool
    receive: bool
    codec_name: str
    clock: int = 8000  # RTP clock in Hz
    heard_payload_type: int = -1
    heard_event_type: int = -1
    cn_payload_type: int = -1  # comfort noise (RFC 3389), -1: not agreed on
    parameters: str = ""  # the far end's fmtp of the codec
    security: Security | None = None  # None: plain RTP

    @property
    def held(self) -> bool:
        """Whether the far end does not want to hear us (hold, RFC 3264 section 8.4)."""
        return not self.send


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
    comfort_noise: bool = False,
    security: MediaSecurity | None = None,
) -> bytes:
    """An offer of one audio stream at `ip`:`port`, codecs in the order of preference.

    `session_id` stays for the life of the session; `version` grows by one with each changed description. Raises
    NotAcceptable when DTLS is asked for and not to be had.
    """
    numbers, maps = offered_formats(tuple(codecs), comfort_noise)
    family = "IP6" if ":" in ip else "IP4"
    proto, above, below, mux = "RTP/AVP", "", "", rtcp_mux
    if security is not None and security.policy != "none":
        proto = protocol_of(security)
        above, below = offer_lines(security, ip, port)
        mux = mux or security.offers_dtls
    return (
        f"{_head(family, ip, session_id, version)}{above}m=audio {port} {proto} {numbers}\r\n{maps}"
        f"a=ptime:{ptime_ms}\r\n{MUX if mux else ''}{below}a={direction}\r\n"
    ).encode()


def _head(family: str, ip: str, session_id: int, version: int) -> str:
    """What stands above every m= line of ours."""
    return f"v=0\r\no=- {session_id} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n"


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
    comfort_noise: bool = False,
    ours_first: bool = False,
    security: MediaSecurity | None = None,
) -> tuple[bytes, MediaSettings]:
    """Answers `offer` with our stream at `ip`:`port`. Raises SdpError (400, 413) or NotAcceptable (488).

    The codec is the offerer's first one that is in `codecs`, or with `ours_first` our first one that it offers.
    `direction` is what we want; the answer never says more than the offer allows. `ptime_ms` is ours when the offer has
    none.
    """
    wanted = Wanted(tuple(codecs), ptime_ms, ours_first, comfort_noise)
    family = "IP6" if ":" in ip else "IP4"
    if security is None and (varied := split_port(offer)) is not None:
        with contextlib.suppress(SdpError):  # it is refused below, with its true port in the reason
            remote, proto, choice, said, above = _understood(varied[0], family, wanted, direction)
            own = f"m=audio {port} {proto} {choice.formats}\r\n{choice.lines}a={said}\r\n"
            body = f"{_head(family, ip, session_id, version)}{above}{own}"
            return body.encode(), _settings(remote, varied[1], choice, said, None)
    session = SessionDescription.parse(offer)
    taken, choice, protection = _first_usable(session, chooser_for(offer), wanted, (security, ip, port))
    secured, above, below = None, "", ""
    if protection is not None:
        secured, above, below = protection.security, protection.session_lines, protection.media_lines
    remote = _remote(session, taken, ip, secured)
    said = _ANSWERS[_direction(session, taken, remote, secured), direction]
    if choice.mid and session.attributes:
        above = _bundle(session, choice.mid) + above
    own = f"m=audio {port} {taken.proto} {choice.formats}\r\n{choice.lines}{below}a={said}\r\n"
    lines = own if len(session.media) == 1 else "".join(own if m is taken else _refused(m) for m in session.media)
    body = f"{_head(family, ip, session_id, version)}{above}{lines}"
    return body.encode(), _settings(remote, taken.port, choice, said, secured)


def read_answer(
    answered: bytes,
    *,
    codecs: Sequence[str] = ("PCMA", "PCMU"),
    ptime_ms: int = 20,
    direction: str = "sendrecv",
    ipv6: bool = False,
    security: MediaSecurity | None = None,
) -> MediaSettings:
    """What the far end's answer to our offer means. Arguments as they were given to `make_offer`; `ipv6` is the family
    of our address there.

    Raises SdpError when it is broken, NotAcceptable when it refuses our stream or takes what we did not offer.
    """
    wanted = Wanted(tuple(codecs), ptime_ms, comfort_noise=True)
    if security is None and (varied := split_port(answered)) is not None:
        with contextlib.suppress(SdpError):
            remote, choice, said = _accepted(varied[0], ipv6, wanted, direction)
            return _heard_by_offer(_settings(remote, varied[1], choice, said, None))
    session = SessionDescription.parse(answered)
    if not session.media:
        raise NotAcceptable("The answer has no media", 304)
    taken = session.media[0]
    if taken.port == 0:
        raise NotAcceptable("The answer refuses the audio stream", 304)
    choice = _choice_of_answer(taken, chooser_for(answered), wanted)
    secured = read_protection(session, taken, security)
    remote = _remote(session, taken, "::" if ipv6 else "", secured)
    said = _ANSWERS[_direction(session, taken, remote, secured), direction]
    return _heard_by_offer(_settings(remote, taken.port, choice, said, secured))


def _choice_of_answer(taken: MediaDescription, chooser: Chooser, wanted: Wanted) -> Choice:
    choice = None
    if taken.kind == "audio" and taken.proto in PROTOCOLS:
        choice = chooser(tuple(taken.formats), tuple(taken.attributes), wanted)
    if choice is None:
        raise NotAcceptable("The answer takes nothing that was offered")
    return choice


def _heard_by_offer(settings: MediaSettings) -> MediaSettings:
    """What the far end sends carries the numbers of our offer, whatever it named for itself (RFC 3264 section 5.1)."""
    own = CODECS[settings.codec_name].payload_type
    if settings.payload_type != own:
        settings.heard_payload_type = own
    event = EVENT_TYPES[settings.clock]
    if settings.event_payload_type not in (-1, event):
        settings.heard_event_type = event
    return settings


# A phone describes every call alike but for o= and the port: what the rest means is worked out once. What is refused
# is not remembered.


@lru_cache(maxsize=MAX_UNDERSTOOD)
def _understood(offer: bytes, family: str, wanted: Wanted, direction: str) -> tuple[str, str, Choice, str, str]:
    """Of a plain offer of one audio stream: the far end's address, the transport, what we take, our direction, and what
    stands above the m= line of our answer.
    """
    session = SessionDescription.parse(offer)
    ip = "::" if family == "IP6" else ""
    taken, choice, _ = _first_usable(session, chooser_for(offer), wanted, (None, ip, 0))
    remote = _remote(session, taken, ip, None)
    said = _ANSWERS[_direction(session, taken, remote, None), direction]
    above = _bundle(session, choice.mid) if choice.mid and session.attributes else ""
    return remote, taken.proto, choice, said, above


@lru_cache(maxsize=MAX_UNDERSTOOD)
def _accepted(answered: bytes, ipv6: bool, wanted: Wanted, direction: str) -> tuple[str, Choice, str]:
    """Of a plain answer of one audio stream: the far end's address, what it takes, and our direction."""
    session = SessionDescription.parse(answered)
    taken = session.media[0]
    choice = _choice_of_answer(taken, chooser_for(answered), wanted)
    read_protection(session, taken, None)
    remote = _remote(session, taken, "::" if ipv6 else "", None)
    return remote, choice, _ANSWERS[_direction(session, taken, remote, None), direction]


def _remote(session: SessionDescription, media: MediaDescription, ip: str, security: Security | None) -> str:
    """Where to send to; "" for nowhere, and as long as ICE has to find it."""
    if isinstance(security, DtlsKeys) and security.ice is not None and not security.ice.remote_lite:
        return ""
    return reachable(session.address_of(media), ":" in ip)


def _direction(session: SessionDescription, media: MediaDescription, remote: str, security: Security | None) -> str:
    """The far end's direction; without an address to send to (`remote` "") it cannot mean to hear us."""
    said = session.direction_of(media)
    if remote or (isinstance(security, DtlsKeys) and security.ice is not None):
        return said
    return "sendonly" if said in ("sendrecv", "sendonly") else "inactive"


def _first_usable(
    session: SessionDescription,
    chooser: Chooser,
    wanted: Wanted,
    own: tuple[MediaSecurity | None, str, int],
) -> tuple[MediaDescription, Choice, Protection | None]:
    """The first audio section that we can answer, what we take from it and how it is protected."""
    fault = NotAcceptable("No audio is offered", 304)
    for media in session.media:
        if media.kind != "audio":
            continue
        if media.port == 0:
            fault = NotAcceptable("The offered audio is switched off", 304)
            continue
        choice = chooser(tuple(media.formats), tuple(media.attributes), wanted)
        if choice is None and media.proto in PROTOCOLS:
            fault = NotAcceptable("No offered codec is supported")
            continue
        if choice is not None and own[0] is None and media.proto in PLAIN:
            return media, choice, None
        try:
            protection = answer_offer(session, media, *own)
        except NotAcceptable as refused:
            fault = refused
            continue
        if choice is not None:
            return media, choice, protection
    raise fault


def _settings(remote: str, port: int, choice: Choice, said: str, security: Security | None) -> MediaSettings:
    rtcp = port if choice.rtcp_mux else choice.rtcp_port or port + 1
    return MediaSettings(
        remote,
        port if remote else 0,
        rtcp if remote and rtcp <= 65535 else 0,
        choice.rtcp_mux,
        CODECS[choice.codec_name].number,
        choice.payload_type,
        choice.event_payload_type,
        choice.ptime_ms,
        said in ("sendrecv", "sendonly"),
        said in ("sendrecv", "recvonly"),
        choice.codec_name,
        choice.clock,
        -1,
        -1,
        choice.cn_payload_type,
        choice.parameters,
        security,
    )


def _refused(media: MediaDescription) -> str:
    """The same medium with port 0 and one of its formats (RFC 3264 section 6)."""
    mid = media.attribute("mid")
    return f"m={media.kind} 0 {media.proto} {media.formats[0]}\r\n" + (f"a=mid:{mid}\r\n" if mid else "")


def _bundle(session: SessionDescription, mid: str) -> str:
    """The group of what we take, when the offer bundles it (RFC 9143): one medium, on its own port."""
    for line in session.attributes:
        if line.startswith("group:BUNDLE ") and mid in line.split(" ")[1:]:
            return f"a=group:BUNDLE {mid}\r\n"
    return ""
