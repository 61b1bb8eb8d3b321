"""The handshake against OpenSSL set up differently: another kind of certificate, no SRTP, datagrams that stay small."""

from __future__ import annotations

import contextlib
import datetime
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL

from pbx.media.webrtc.handshake import MTU, Handshake, HandshakeFailed
from tests.support.dtls_peer import own_fingerprint


def far_end(profiles: bytes) -> tuple[SSL.Connection, tuple[str, bytes]]:
    """A server with an RSA certificate, and its fingerprint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "phone")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    if profiles:
        context.set_tlsext_use_srtp(profiles)
    connection = SSL.Connection(context, None)
    connection.set_accept_state()
    connection.set_ciphertext_mtu(MTU)
    encoded = certificate.public_bytes(serialization.Encoding.DER)
    return connection, ("sha-256", hashlib.sha256(encoded).digest())


def shake(ours: Handshake, theirs: SSL.Connection) -> list[bytes]:
    """Carries octets to and fro; what we sent."""
    sent: list[bytes] = []
    ours.start()
    for _ in range(20):
        out = ours.datagrams()
        sent += out
        for data in out:
            theirs.bio_write(data)
        with contextlib.suppress(SSL.WantReadError):
            theirs.do_handshake()
        try:
            while True:
                ours.receive(theirs.bio_read(65536))
        except SSL.WantReadError:
            pass
        if not out:
            return sent
    return sent


@pytest.mark.parametrize(("offered", "profile"), [(b"SRTP_AES128_CM_SHA1_80", 1), (b"SRTP_AEAD_AES_128_GCM", 7)])
def test_a_far_end_with_an_rsa_certificate(offered: bytes, profile: int) -> None:
    theirs, fingerprint = far_end(offered)
    ours = Handshake(client=True, fingerprints=[fingerprint])
    sent = shake(ours, theirs)
    assert ours.keys is not None
    assert ours.keys.profile == profile
    assert all(len(data) <= MTU for data in sent)
    assert "key_in" not in repr(ours.keys)


def test_without_a_common_profile_there_are_no_keys() -> None:
    theirs, fingerprint = far_end(b"")
    ours = Handshake(client=True, fingerprints=[fingerprint])
    with pytest.raises(HandshakeFailed, match="SRTP profile"):
        shake(ours, theirs)


def test_the_certificate_of_another_is_refused() -> None:
    theirs, _ = far_end(b"SRTP_AES128_CM_SHA1_80")
    ours = Handshake(client=True, fingerprints=[own_fingerprint()])
    with pytest.raises(HandshakeFailed, match="fingerprint"):
        shake(ours, theirs)
