"""What a leg knows of the protection of its media: the policy, our keys and names; and what an exchange agreed on.

SDES keys and ICE names live as long as the leg, so that a re-INVITE repeats them and nothing begins anew.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from pbx.sdp.crypto import OFFERED, SUITES, CryptoLine

Policy = Literal["none", "optional", "sdes", "dtls"]

_ICE_CHARS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(slots=True)
class SrtpKeys:
    """SDES: keys of both directions, master key and salt in one. `profile` as DTLS-SRTP numbers it."""

    suite: str
    profile: int
    key_in: bytes = field(repr=False)
    key_out: bytes = field(repr=False)


@dataclass(slots=True)
class IceNames:
    """User fragments and passwords (RFC 8445 section 5.3). We are lite: the far end's checks are answered, no more."""

    ufrag: str
    password: str = field(repr=False)
    remote_ufrag: str
    remote_password: str = field(repr=False)
    remote_lite: bool = False  # both lite: nobody checks, the address of the description counts


@dataclass(slots=True)
class DtlsKeys:
    """DTLS-SRTP: keys come from a handshake on the media's own path (RFC 5763).

    `fingerprints` are those of the far end as (hash in lower case, octets); one of them has to fit its certificate.
    """

    fingerprints: tuple[tuple[str, bytes], ...]
    client: bool  # we begin the handshake
    ice: IceNames | None = None


Security = SrtpKeys | DtlsKeys


class Provider(Protocol):
    """Who does the cryptography. Both raise OSError when it cannot be done here."""

    def load_srtp(self) -> None: ...
    def fingerprint(self) -> str:
        """The value of our a=fingerprint."""
        ...


@dataclass(slots=True)
class MediaSecurity:
    """A leg's side of it."""

    policy: Policy
    provider: Provider
    browser: bool = False  # the far end came over WebSocket: of what is optional, it can do DTLS alone
    ufrag: str = ""
    password: str = field(default="", repr=False)
    remote_ufrag: str = ""
    client: bool | None = None  # our part in the handshake, once decided
    _keys: dict[str, bytes] = field(default_factory=dict, repr=False)

    def key(self, suite: str) -> bytes:
        """Our key of a suite, made when it is first asked for."""
        key = self._keys.get(suite)
        if key is None:
            key = self._keys[suite] = secrets.token_bytes(SUITES[suite].key_size)
        return key

    def offered_lines(self) -> list[CryptoLine]:
        """The crypto lines of our offer."""
        return [CryptoLine(tag, SUITES[name], self.key(name)) for tag, name in enumerate(OFFERED, 1)]

    def name_ice(self, remote_ufrag: str = "") -> None:
        """Makes our ICE names, and new ones when the far end restarts ICE (RFC 8445 section 9: its fragment is new)."""
        if not self.ufrag or (remote_ufrag and self.remote_ufrag and remote_ufrag != self.remote_ufrag):
            self.ufrag = "".join(secrets.choice(_ICE_CHARS) for _ in range(8))
            self.password = "".join(secrets.choice(_ICE_CHARS) for _ in range(24))
        if remote_ufrag:
            self.remote_ufrag = remote_ufrag

    @property
    def offers_dtls(self) -> bool:
        """Whether our offers ask for DTLS-SRTP rather than SDES."""
        return self.policy == "dtls" or (self.policy == "optional" and self.browser)

    @property
    def required(self) -> bool:
        """Whether media without protection is refused."""
        return self.policy in ("sdes", "dtls")
