"""Offer and answer for one audio stream (RFC 3264): codecs, telephone-event (RFC 4733), ptime, hold, protection.

Of an offer with several media the first usable audio is taken, everything else is refused in its place with port 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pbx.sdp.choice import Choice, Chooser, chooser_for
from pbx.sdp.codecs import CODECS, EVENT, EVENT_TYPES, L16_NUMBERS, offered_formats
from pbx.sdp.description import MediaDescription, SessionDescription
from pbx.sdp.protection import (
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

# What the answerer may say (RFC 3264 section 6.1), by the offered direction and by what we want ourselves.
_ANSWERS: Final = {
    (offered, wanted): (("sendrecv" if receive else "sendonly") if send else ("recvonly" if receive else "inactive"))
    for offered in ("sendrecv", "sendonly", "recvonly", "inactive")
    for wanted in ("sendrecv", "sendonly", "recvonly", "inactive")
    for send in (offered in ("sendrecv", "recvonly") and wanted in ("sendrecv", "sendonly"),)
    for receive in (offered in ("sendrecv", "sendonly") and wanted in ("sendrecv", "recvonly"),)
}
_MUX = "a=rtcp-mux\r\n"


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
        f"v=0\r\no=- {session_id} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n{above}"
        f"m=audio {port} {proto} {numbers}\r\n{maps}"
        f"a=ptime:{ptime_ms}\r\n{_MUX if mux else ''}{below}a={direction}\r\n"
    ).encode()


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
    security: MediaSecurity | None = None,
) -> tuple[bytes, MediaSettings]:
    """Answers `offer` with our stream at `ip`:`port`. Raises SdpError (400, 413) or NotAcceptable (488).

    The codec is the offerer's first one that is in `codecs`. `direction` is what we want; the answer never says more
    than the offer allows. `ptime_ms` is ours when the offer has none.
    """
    session = SessionDescription.parse(offer)
    taken, choice, protection = _first_usable(
        session, chooser_for(offer), tuple(codecs), ptime_ms, (security, ip, port)
    )
    secured = protection.security if protection is not None else None
    if choice.cn_payload_type >= 0 and not comfort_noise:
        choice = replace(choice, cn_payload_type=-1)
    remote = _remote(session, taken, ip, secured)
    said = _ANSWERS[_direction(session, taken, remote, secured), direction]
    settings = _settings(remote, taken.port, choice, said, secured)
    lines = [_accepted(m, choice, port, said, protection) if m is taken else _refused(m) for m in session.media]
    family = "IP6" if ":" in ip else "IP4"
    head = f"v=0\r\no=- {session_id} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n"
    if session.attributes or protection is not None:
        head += _bundle(session, taken) + (protection.session_lines if protection is not None else "")
    return (head + "".join(lines)).encode(), settings


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
    session = SessionDescription.parse(answered)
    if not session.media:
        raise NotAcceptable("The answer has no media", 304)
    taken = session.media[0]
    if taken.port == 0:
        raise NotAcceptable("The answer refuses the audio stream", 304)
    choice = None
    if taken.kind == "audio" and taken.proto in PROTOCOLS:
        choice = chooser_for(answered)(tuple(taken.formats), tuple(taken.attributes), tuple(codecs), ptime_ms)
    if choice is None:
        raise NotAcceptable("The answer takes nothing that was offered")
    secured = read_protection(session, taken, security)
    remote = _remote(session, taken, "::" if ipv6 else "", secured)
    said = _ANSWERS[_direction(session, taken, remote, secured), direction]
    settings = _settings(remote, taken.port, choice, said, secured)
    # What it sends carries the numbers of our offer, whatever it named for itself (RFC 3264 section 5.1).
    if settings.payload_type != CODECS[choice.codec_name].payload_type:
        settings.heard_payload_type = CODECS[choice.codec_name].payload_type
    if settings.event_payload_type not in (-1, EVENT_TYPES[choice.clock]):
        settings.heard_event_type = EVENT_TYPES[choice.clock]
    return settings


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
    codecs: tuple[str, ...],
    ptime_ms: int,
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
        choice = chooser(tuple(media.formats), tuple(media.attributes), codecs, ptime_ms)
        if choice is None and media.proto in PROTOCOLS:
            fault = NotAcceptable("No offered codec is supported")
            continue
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
        L16_NUMBERS[choice.clock] if choice.codec_name == "L16" else CODECS[choice.codec_name].number,
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


def _accepted(media: MediaDescription, choice: Choice, port: int, said: str, protection: Protection | None) -> str:
    number, event, noise = choice.payload_type, choice.event_payload_type, choice.cn_payload_type
    formats, maps = str(number), f"a=rtpmap:{number} {choice.encoding}\r\n"
    own = CODECS[choice.codec_name].parameters
    if own:
        maps += f"a=fmtp:{number} {own}\r\n"
    if noise >= 0:
        formats += f" {noise}"
        maps += f"a=rtpmap:{noise} CN/{choice.clock}\r\n"
    if event >= 0:
        formats += f" {event}"
        maps += f"a=rtpmap:{event} {EVENT}/{choice.clock}\r\na=fmtp:{event} {choice.events}\r\n"
    mid = media.attribute("mid")
    lines = f"a=mid:{mid}\r\n" if mid else ""
    if protection is not None:
        lines += protection.media_lines
    return (
        f"m=audio {port} {media.proto} {formats}\r\n{maps}"
        f"a=ptime:{choice.ptime_ms}\r\n{_MUX if choice.rtcp_mux else ''}{lines}a={said}\r\n"
    )


def _refused(media: MediaDescription) -> str:
    """The same medium with port 0 and one of its formats (RFC 3264 section 6)."""
    mid = media.attribute("mid")
    return f"m={media.kind} 0 {media.proto} {media.formats[0]}\r\n" + (f"a=mid:{mid}\r\n" if mid else "")


def _bundle(session: SessionDescription, taken: MediaDescription) -> str:
    """The group of what we take, when the offer bundles it (RFC 9143): one medium, on its own port."""
    mid = taken.attribute("mid")
    if not mid:
        return ""
    for line in session.attributes:
        if line.startswith("group:BUNDLE ") and mid in line.split(" ")[1:]:
            return f"a=group:BUNDLE {mid}\r\n"
    return ""
