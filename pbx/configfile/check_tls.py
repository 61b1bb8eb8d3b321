"""What TLS needs: a certificate with its key where something listens, and files that are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pbx.config import Config
from pbx.configfile.problem import Problem

MAKE = "`centrala certificate` makes one for the first days"


def check_tls(config: Config) -> Iterator[Problem]:
    """Listeners over TLS have a certificate, and the files that are named can be read."""
    tls = config.tls
    users = [f"sip.listen {text}" for text in config.sip.listen if text.startswith("tls:")]
    if config.http.listen_tls:
        users.append("http.listen_tls")
    if users and not tls.certificate:
        yield Problem(("tls", "certificate"), f"is empty, but {users[0]} needs it", f"name a PEM file; {MAKE}")
    if bool(tls.certificate) != bool(tls.key):
        missing = "key" if tls.certificate else "certificate"
        yield Problem(("tls", missing), "is empty", "certificate and key go together: name both PEM files")
    for key in ("certificate", "key", "client_ca", "ca"):
        name = getattr(tls, key)
        if name and not Path(name).is_file():
            yield Problem(("tls", key), f"{name!r} is no file", f"correct the path; {MAKE}")
    if tls.client_certificates != "none" and not tls.client_ca:
        text = f'is empty, but client_certificates = "{tls.client_certificates}"'
        yield Problem(("tls", "client_ca"), text, "name the PEM file of the CAs whose certificates count")


def check_origins(config: Config) -> Iterator[Problem]:
    """An origin is a scheme and a host, nothing else (RFC 6454)."""
    for index, text in enumerate(config.http.websocket_origins):
        page = urlsplit(text)
        if text != "*" and (page.scheme not in ("http", "https") or not page.netloc or page.path.strip("/")):
            remedy = 'write "https://phone.example", with a port where it is not the usual one, or "*"'
            yield Problem(("http", "websocket_origins", index), f"{text!r} is no origin", remedy)
