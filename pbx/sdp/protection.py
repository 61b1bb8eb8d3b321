"""How one medium of a description is protected: by SDES, by DTLS-SRTP, or not at all, and the lines that say so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pbx.sdp.crypto import CryptoLine, usable_lines
from pbx.sdp.description import MediaDescription, SdpError, SessionDescription
from pbx.sdp.security import DtlsKeys, IceNames, MediaSecurity, Security, SrtpKeys

PLAIN: Final = frozenset({"RTP/AVP", "RTP/AVPF"})
SAVP: Final = frozenset({"RTP/SAVP", "RTP/SAVPF"})
TLS: Final = frozenset({"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"})
PROTOCOLS: Final = PLAIN | SAVP | TLS
MAX_FINGERPRINTS: Final = 8
_HASHES: Final = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}
_ICE_NAME = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)
HOST_PRIORITY: Final = 2130706431  # of a host candidate, RFC 8445 section 5.1.2.1


class NotAcceptable(SdpError):
    """488: nothing in the description that we can take part in."""

    def __init__(self, reason: str, warning: int = 305) -> None:
        super().__init__(488, reason, warning)


@dataclass(slots=True)
class Protection:
    """What was agreed for a medium, and what our description says about it."""

    security: Security
    session_lines: str
    media_lines: str


def protocol_of(security: MediaSecurity | None) -> str:
    """The protocol of our offers. Optional protection goes with RTP/AVP (OSRTP, RFC 8643)."""
    if security is None or security.policy == "none":
        return "RTP/AVP"
    if security.offers_dtls:
        return "UDP/TLS/RTP/SAVPF"
    return "RTP/SAVP" if security.policy == "sdes" else "RTP/AVP"


def offer_lines(security: MediaSecurity, ip: str, port: int) -> tuple[str, str]:
    """What our offer says about protection at session and at media level. Raises NotAcceptable without DTLS."""
    if not security.offers_dtls:
        _load_srtp(security)
        return "", "".join(map(str, security.offered_lines()))
    security.name_ice()
    session, media = _dtls_lines(security, "actpass", True, ip, port)
    return f"{session}a=group:BUNDLE 0\r\n", f"{media}a=mid:0\r\n"


def answer_offer(
    session: SessionDescription, media: MediaDescription, security: MediaSecurity | None, ip: str, port: int
) -> Protection | None:
    """How we answer an offered medium; None for plain RTP. Raises NotAcceptable when the policy forbids it as it is."""
    if media.proto not in PROTOCOLS:
        raise NotAcceptable(f"The transport {media.proto[:32]!a} is not supported", 302)
    if security is None or security.policy == "none":
        if media.proto not in PLAIN:
            raise NotAcceptable("Encrypted media is not enabled for this account", 302)
        return None
    if security.policy in ("dtls", "optional") and _value(session, media, "fingerprint"):
        return _answer_dtls(session, media, security, ip, port)
    if security.policy in ("sdes", "optional") and media.proto not in TLS:
        lines = usable_lines(media.attributes)
        if lines:
            return _answer_sdes(lines[0], security)
    if security.policy == "optional" and media.proto in PLAIN:
        return None
    wanted = {"sdes": "SRTP with keys in SDP (SDES)", "dtls": "DTLS-SRTP"}.get(security.policy, "a known kind of SRTP")
    raise NotAcceptable(f"The media has to be encrypted by {wanted}", 302)


def read_answer(
    session: SessionDescription, media: MediaDescription, security: MediaSecurity | None
) -> Security | None:
    """What the far end's answer made of our offer; None for plain RTP. NotAcceptable when that is not allowed."""
    if security is None or security.policy == "none":
        return None
    # By what it says, not by what we offered last: phones that ring together may have got offers of both kinds.
    if security.policy != "sdes" and _value(session, media, "fingerprint"):
        said = _value(session, media, "setup") or "active"
        return _dtls_keys(session, media, security, client=said == "passive")
    if security.policy != "dtls" and media.proto not in TLS:
        for line in usable_lines(media.attributes):
            offered = [own for own in security.offered_lines() if own.tag == line.tag and own.suite == line.suite]
            if offered:
                return SrtpKeys(line.suite.name, line.suite.profile, line.key, offered[0].key)
    if security.required or media.proto not in PLAIN:
        raise NotAcceptable("The answer does not encrypt the media", 302)
    return None


def _answer_sdes(line: CryptoLine, security: MediaSecurity) -> Protection:
    _load_srtp(security)
    own = CryptoLine(line.tag, line.suite, security.key(line.suite.name))
    return Protection(SrtpKeys(line.suite.name, line.suite.profile, line.key, own.key), "", str(own))


def _load_srtp(security: MediaSecurity) -> None:
    try:
        security.provider.load_srtp()
    except OSError as error:
        raise NotAcceptable("SRTP is not available here", 302) from error


def _answer_dtls(
    session: SessionDescription, media: MediaDescription, security: MediaSecurity, ip: str, port: int
) -> Protection:
    """We wait for the far end's ClientHello unless it wants to wait for ours (RFC 5763 section 5)."""
    said = _value(session, media, "setup") or "active"
    if said not in ("active", "passive", "actpass"):
        raise NotAcceptable("The offer does not say who begins the DTLS handshake")
    client = said == "passive" if said != "actpass" or security.client is None else security.client
    keys = _dtls_keys(session, media, security, client=client)
    lines = _dtls_lines(security, "active" if client else "passive", keys.ice is not None, ip, port)
    return Protection(keys, *lines)


def _dtls_keys(
    session: SessionDescription, media: MediaDescription, security: MediaSecurity, *, client: bool
) -> DtlsKeys:
    fingerprints = tuple(_fingerprints(session, media))
    if not fingerprints:
        raise NotAcceptable("No fingerprint of the far end's certificate can be used")
    security.client = client
    return DtlsKeys(fingerprints, client, _ice(session, media, security))


def _ice(session: SessionDescription, media: MediaDescription, security: MediaSecurity) -> IceNames | None:
    ufrag, password = _value(session, media, "ice-ufrag"), _value(session, media, "ice-pwd")
    if not ufrag and not password:
        return None
    if not _ICE_NAME.fullmatch(ufrag) or not _ICE_NAME.fullmatch(password) or len(password) < 22:
        raise NotAcceptable("The ICE names in the session description are not usable")
    security.name_ice(ufrag)
    return IceNames(security.ufrag, security.password, ufrag, password, "ice-lite" in session.attributes)


def _dtls_lines(security: MediaSecurity, setup: str, ice: bool, ip: str, port: int) -> tuple[str, str]:
    try:
        fingerprint = security.provider.fingerprint()
    except OSError as error:
        raise NotAcceptable("DTLS-SRTP is not available here", 302) from error
    lines = f"a=fingerprint:{fingerprint}\r\na=setup:{setup}\r\n"
    if not ice:
        return "", lines
    return "a=ice-lite\r\n", (
        f"{lines}a=ice-ufrag:{security.ufrag}\r\na=ice-pwd:{security.password}\r\n"
        f"a=candidate:1 1 UDP {HOST_PRIORITY} {ip} {port} typ host\r\na=end-of-candidates\r\n"
    )


def _value(session: SessionDescription, media: MediaDescription, name: str) -> str:
    """An attribute of the medium, or else of the session; "" when there is none."""
    said = media.attribute(name)
    if said is not None:
        return said
    for line in session.attributes:
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    return ""


def _fingerprints(session: SessionDescription, media: MediaDescription) -> list[tuple[str, bytes]]:
    """Those of the medium, or else of the session; what cannot be compared is left out (RFC 8122 section 5)."""
    prefix = "fingerprint:"
    lines = [line for line in media.attributes if line.startswith(prefix)]
    lines = lines or [line for line in session.attributes if line.startswith(prefix)]
    found = []
    for line in lines[:MAX_FINGERPRINTS]:
        algorithm, _, text = line[len(prefix) :].strip().partition(" ")
        try:
            octets = bytes.fromhex(text.strip().replace(":", ""))
        except ValueError:
            continue
        if _HASHES.get(algorithm.lower()) == len(octets):
            found.append((algorithm.lower(), octets))
    return found
