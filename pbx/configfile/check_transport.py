"""What TLS needs (a certificate with its key where something listens, files that are there), and names and origins."""

from __future__ import annotations

import ipaddress
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


def check_certificate_names(config: Config) -> Iterator[Problem]:
    """A trunk can be known by its certificate only where clients are asked for theirs, and a name means one trunk."""
    owner: dict[str, str] = {}
    for index, trunk in enumerate(config.trunk):
        for position, name in enumerate(trunk.certificate_names):
            path = ("trunk", index, "certificate_names", position)
            if config.tls.client_certificates == "none":
                text = f"{name!r} is never seen: clients are not asked for certificates"
                yield Problem(path, text, 'set tls.client_certificates = "optional" and tls.client_ca')
            elif not name or name.lower() in owner:
                text = f"is also a name of trunk {owner[name.lower()]!r}" if name else "is empty"
                yield Problem(path, text, "give the name that is in the carrier's certificate, once")
            owner.setdefault(name.lower(), trunk.name)


def check_dns(config: Config) -> Iterator[Problem]:
    """DNS servers are given by address."""
    for index, text in enumerate(config.dns.servers):
        host, port = text, "53"
        if text.startswith("["):
            host, closed, rest = text[1:].partition("]")
            port = (rest.removeprefix(":") or port) if closed else ""
        elif text.count(":") == 1:
            host, _, port = text.partition(":")
        try:
            ipaddress.ip_address(host)
            good = port.isascii() and port.isdigit() and 0 < int(port) < 65_536
        except ValueError:
            good = False
        if not good:
            remedy = 'write "192.0.2.1", "192.0.2.1:5353" or "[2001:db8::1]:53"'
            yield Problem(("dns", "servers", index), f"{text!r} is no address of a server", remedy)


def check_service_route(config: Config) -> Iterator[Problem]:
    """A route is a SIP URI in angle brackets; without `lr` phones would rewrite their requests (RFC 3261 16.12)."""
    for index, text in enumerate(config.sip.service_route):
        if not text.lower().startswith(("<sip:", "<sips:")) or not text.endswith(">") or ";lr" not in text.lower():
            remedy = 'write "<sip:proxy.example;lr>"'
            yield Problem(("sip", "service_route", index), f"{text!r} is no loose route", remedy)


def check_origins(config: Config) -> Iterator[Problem]:
    """An origin is a scheme and a host, nothing else (RFC 6454)."""
    for index, text in enumerate(config.http.websocket_origins):
        page = urlsplit(text)
        if text != "*" and (page.scheme not in ("http", "https") or not page.netloc or page.path.strip("/")):
            remedy = 'write "https://phone.example", with a port where it is not the usual one, or "*"'
            yield Problem(("http", "websocket_origins", index), f"{text!r} is no origin", remedy)
