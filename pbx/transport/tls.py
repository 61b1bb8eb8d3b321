"""The TLS contexts: our certificate for those who come, and what we ask of those we call; read anew when told."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509

from pbx.config import Tls

if TYPE_CHECKING:
    from pbx.sip.address import Destination

log = logging.getLogger("centrala.tls")

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
MODES = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
# Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class CertificateError(Exception):
    """Certificate, key or CA cannot be used; the message says which file and what to do."""


class Certificates:
    """Gives contexts, made when first asked for. `load` reads the files again: connections that are open keep what
    they have, new ones get what is new; files that cannot be used change nothing.
    """

    def __init__(self, config: Tls) -> None:
        self._config = config
        self._server: ssl.SSLContext | None = None
        self._verified: ssl.SSLContext | None = None
        self._unverified: ssl.SSLContext | None = None
        self._seen = self._fingerprint()
        self.expires_at = 0.0  # UTC seconds; 0.0: no certificate
        self.subject = ""
        self.on_failure: Callable[[Destination, Exception], None] = lambda *_: None

    def load(self) -> None:
        """Reads certificate, key and CA files. Raises CertificateError, and then everything stays as it was."""
        config = self._config
        server = _server_context(config) if config.certificate else None
        verified, unverified = _client_context(config, verify=True), _client_context(config, verify=False)
        if server is not None:
            certificate = read_certificate(Path(config.certificate))
            self.expires_at = certificate.not_valid_after_utc.timestamp()
            self.subject = certificate.subject.rfc4514_string()
        self._server, self._verified, self._unverified = server, verified, unverified
        self._seen = self._fingerprint()

    @property
    def changed(self) -> bool:
        """Whether a file is another one than when it was read."""
        return self._fingerprint() != self._seen

    def ignore_change(self) -> None:
        """The files as they are now cannot be used: look again when they change."""
        self._seen = self._fingerprint()

    def server_context(self) -> ssl.SSLContext:
        """For a connection that comes in."""
        if self._server is None:
            raise CertificateError("there is no certificate: set tls.certificate and tls.key")
        return self._server

    def towards(self, destination: Destination) -> tuple[ssl.SSLContext, str]:
        """Context and name to verify for a connection of ours."""
        if self._verified is None or self._unverified is None:
            self.load()
        assert self._verified is not None
        assert self._unverified is not None
        security = destination.security
        name = security.name if security is not None and security.name else destination.host
        context = self._verified if security is None or security.verify else self._unverified
        return context, name.strip("[]")

    def tell_failure(self, destination: Destination, error: Exception) -> None:
        """A connection of ours could not be made: whoever called may retry, but somebody has to know why."""
        if isinstance(error, ssl.SSLError):
            log.warning("TLS to %s:%d failed: %s", destination.host, destination.port, _reason(error))
        self.on_failure(destination, error)

    def _fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        config = self._config
        files = [config.certificate, config.key, config.client_ca, config.ca]
        found = []
        for name in filter(None, files):
            try:
                stat = Path(name).stat()
                found.append((name, stat.st_mtime_ns, stat.st_ino))
            except OSError:
                found.append((name, 0, 0))
        return tuple(found)


def _server_context(config: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _restrict(context, config)
    context.options |= ssl.OP_NO_TICKET  # a resumed session would skip the look at the client's certificate
    _load_own(context, config)
    context.verify_mode = MODES[config.client_certificates]
    if config.client_certificates != "none":
        _load_ca(context, config.client_ca, "tls.client_ca")
    return context


def _client_context(config: Tls, *, verify: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _restrict(context, config)
    if config.certificate:
        _load_own(context, config)  # for carriers that ask for one
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif config.ca:
        _load_ca(context, config.ca, "tls.ca")
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


def _restrict(context: ssl.SSLContext, config: Tls) -> None:
    context.minimum_version = VERSIONS[config.minimum_version]
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


def _load_own(context: ssl.SSLContext, config: Tls) -> None:
    try:
        context.load_cert_chain(config.certificate, config.key or None)
    except FileNotFoundError as error:
        missing = error.filename or f"{config.certificate} or {config.key}"
        raise CertificateError(f"{missing} is not there: see tls.certificate and tls.key") from None
    except OSError as error:
        text = f"{config.certificate} and {config.key} are no certificate and key: {_reason(error)}"
        raise CertificateError(f"{text}; give a PEM chain, ours first, and its key without a password") from None


def _load_ca(context: ssl.SSLContext, path: str, key: str) -> None:
    try:
        context.load_verify_locations(path)
    except OSError as error:
        raise CertificateError(f"{key} {path!r} holds no CA certificates: {_reason(error)}") from None


def read_certificate(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file. Raises CertificateError."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateError(f"{path} is no PEM certificate: {error}") from None


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message or error)
    return str(getattr(error, "reason", "") or error.strerror or error)
