"""One DTLS handshake that yields SRTP keys (RFC 5764 section 4.2): octets in, octets out; no socket, no clock."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from pbx.media.webrtc.certificate import PROFILES, context

MTU = 1200  # octets of a datagram that we send
MAX_RECORD = 16384 + 256
RECORD_HEADER = 13
_SIZES = {1: (16, 14), 7: (16, 12), 8: (32, 12)}  # key and salt of a profile, octets
_STRENGTH = ("sha-512", "sha-384", "sha-256", "sha-224", "sha-1")


class HandshakeFailed(Exception):
    """It cannot succeed any more; the message says why."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Master key and salt in one, of both directions. `profile` as DTLS-SRTP numbers it."""

    profile: int
    key_in: bytes = field(repr=False)
    key_out: bytes = field(repr=False)


class Handshake:
    """Use: `start`, `receive` for each datagram, `datagrams` to be sent after each; `keys` once it is done."""

    def __init__(self, *, client: bool, fingerprints: Sequence[tuple[str, bytes]]) -> None:
        """`fingerprints`: of the far end's certificate, (hash, octets); the strongest that we know has to fit."""
        self.client = client
        self.keys: Keys | None = None
        self._fingerprints = tuple(fingerprints)
        self._connection = SSL.Connection(context(), None)
        self._connection.set_ciphertext_mtu(MTU)
        if client:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def start(self) -> None:
        """Lets a client say hello. Raises HandshakeFailed."""
        self._go_on()

    def receive(self, data: bytes) -> None:
        """Takes one datagram. Raises HandshakeFailed. After the end, what comes is only looked through."""
        self._connection.bio_write(data)
        if self.keys is None:
            self._go_on()
            return
        try:
            self._connection.recv(MTU)
        except (SSL.Error, SSL.ZeroReturnError):  # a repeated last flight is answered by what it put into the buffer
            return

    def timeout_s(self) -> float | None:
        """Until `expired` has to be called; None: nothing waits."""
        seconds: float | None = self._connection.DTLSv1_get_timeout()
        return seconds

    def expired(self) -> None:
        """Repeats the last flight. Raises HandshakeFailed when that was done too often."""
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise HandshakeFailed(f"the far end does not answer: {_words(error)}") from None

    def datagrams(self) -> list[bytes]:
        """What waits to be sent: whole records, packed into datagrams of at most MTU octets where they fit."""
        waiting = b""
        while True:
            try:
                waiting += self._connection.bio_read(MAX_RECORD)
            except SSL.WantReadError:
                break
        out: list[bytes] = []
        while waiting:
            size = RECORD_HEADER + int.from_bytes(waiting[11:13], "big")
            record, waiting = waiting[:size], waiting[size:]
            if out and len(out[-1]) + len(record) <= MTU:
                out[-1] += record
            else:
                out.append(record)
        return out

    def _go_on(self) -> None:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            raise HandshakeFailed(_words(error)) from None
        self._check_certificate()
        self._derive()

    def _check_certificate(self) -> None:
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            raise HandshakeFailed("the far end has no certificate")
        encoded = certificate.public_bytes(Encoding.DER)
        given = dict(reversed(self._fingerprints))
        for name in _STRENGTH:
            if name in given:
                known = [octets for algorithm, octets in self._fingerprints if algorithm == name]
                own = hashlib.new(name.replace("-", ""), encoded).digest()
                if any(hmac.compare_digest(own, octets) for octets in known):
                    return
                raise HandshakeFailed(f"the certificate is not the one whose {name} fingerprint SDP named")
        raise HandshakeFailed("SDP named no fingerprint that can be compared")

    def _derive(self) -> None:
        profile = PROFILES.get(self._connection.get_selected_srtp_profile())
        if profile is None:
            raise HandshakeFailed("no SRTP profile is known to both sides")
        key, salt = _SIZES[profile]
        material = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        client = material[:key] + material[2 * key : 2 * key + salt]
        server = material[key : 2 * key] + material[2 * key + salt :]
        self.keys = Keys(profile, server, client) if self.client else Keys(profile, client, server)


def _words(error: SSL.Error) -> str:
    """OpenSSL's reasons, such as "no shared cipher"."""
    reasons = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(str(reason[-1]) for reason in reasons) or str(error) or type(error).__name__
