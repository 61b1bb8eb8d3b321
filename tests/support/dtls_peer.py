"""A browser's side of a media path, in Python: ICE checks as a controlling agent, DTLS by pyOpenSSL."""

from __future__ import annotations

import hashlib
import os
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pbx.media.webrtc.handshake import Handshake, Keys
from pbx.sdp.security import IceNames
from pbx.stun import message as stun


def own_fingerprint() -> tuple[str, bytes]:
    """Of the certificate that both sides of a test share: there is one in a process."""
    from pbx.media.webrtc.certificate import _certificate

    certificate = _certificate()[0]
    assert certificate.fingerprint(hashes.SHA256()) == hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return "sha-256", certificate.fingerprint(hashes.SHA256())


class BrowserSide:
    """What a full ICE agent and DTLS endpoint would send; `names` are the server's view."""

    def __init__(self, names: IceNames | None, *, client: bool, fingerprint: tuple[str, bytes] | None = None) -> None:
        self.names = names
        self.handshake = Handshake(client=client, fingerprints=[fingerprint or own_fingerprint()])

    @property
    def keys(self) -> Keys | None:
        return self.handshake.keys

    def check(self, *, nominate: bool = True) -> bytes:
        assert self.names is not None
        attributes = [
            (stun.USERNAME, f"{self.names.ufrag}:{self.names.remote_ufrag}".encode()),
            (stun.PRIORITY, (1853824767).to_bytes(4, "big")),
            (stun.ICE_CONTROLLING, secrets.token_bytes(8)),
        ]
        if nominate:
            attributes.append((stun.USE_CANDIDATE, b""))
        return stun.request(os.urandom(12), attributes, self.names.password)

    def answered(self, data: bytes) -> tuple[str, int] | None:
        """The mapped address of a success response to a check."""
        reply = stun.parse(data)
        assert reply is not None
        assert self.names is not None
        if reply.kind != stun.BINDING_SUCCESS or not reply.is_authentic(self.names.password):
            return None
        return stun.mapped_address(reply)
