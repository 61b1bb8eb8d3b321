"""Our certificate for DTLS-SRTP: one for all calls of the process, vouched for by its fingerprint in SDP."""

from __future__ import annotations

import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

VALID_DAYS = 365
# In the order of our preference: OpenSSL's names, and the numbers of the protection profiles (RFC 5764, RFC 7714).
PROFILES = {
    b"SRTP_AEAD_AES_256_GCM": 8,
    b"SRTP_AEAD_AES_128_GCM": 7,
    b"SRTP_AES128_CM_SHA1_80": 1,
}
# Ours is an ECDSA certificate; the far end may have an RSA one and let us begin.
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"
)


@lru_cache(maxsize=1)
def _certificate() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "centrala")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
    return builder.sign(key, hashes.SHA256()), key


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """The value of a=fingerprint (RFC 8122)."""
    return f"sha-256 {_certificate()[0].fingerprint(hashes.SHA256()).hex(':').upper()}"


@lru_cache(maxsize=1)
def context() -> SSL.Context:
    """The DTLS side of every handshake. Any certificate is let through: the fingerprint in SDP says whose it is."""
    made = SSL.Context(SSL.DTLS_METHOD)
    certificate, key = _certificate()
    made.use_certificate(certificate)
    made.use_privatekey(key)
    made.check_privatekey()
    made.set_cipher_list(_CIPHERS)
    made.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET)
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _let_through)
    made.set_tlsext_use_srtp(b":".join(PROFILES))
    return made


def _let_through(*_args: object) -> bool:
    return True
