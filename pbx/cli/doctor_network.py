"""What `centrala doctor` finds out about the network: certificates, and names that DNS has to know."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from pbx.cli.finding import Finding
from pbx.config import Config
from pbx.sip.address import is_ip_literal
from pbx.transport.resolver import ResolveError, Resolver, parse_target
from pbx.transport.tls import CertificateError, Certificates, read_certificate

DAY_S = 86_400.0
OURS_ONLY = 0o077  # mode bits that a key file must not have


def certificates(config: Config) -> Iterator[Finding]:
    """Whether certificate, key and CA files can be used, for how long, and whether they name us."""
    tls = config.tls
    if not tls.certificate:
        return
    try:
        Certificates(tls).load()
        certificate = read_certificate(Path(tls.certificate))
    except CertificateError as error:
        yield Finding("tls", "bad", str(error), "`centrala certificate` makes one for the first days")
        return
    left_days = (certificate.not_valid_after_utc.timestamp() - time.time()) / DAY_S
    until = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
    if left_days <= 0:
        yield Finding("tls", "bad", f"the certificate ended on {until}", "replace it: nobody who looks will connect")
    elif left_days < tls.expiry_alarm_days:
        yield Finding("tls", "look", f"the certificate ends on {until}", "replace it; it is read without a restart")
    else:
        yield Finding("tls", "good", f"the certificate is valid until {until}, for {', '.join(_names(certificate))}")
    if config.sip.domain not in _names(certificate):
        text = f"the certificate is not for sip.domain {config.sip.domain!r}"
        yield Finding("tls", "look", text, "phones that verify it have to use one of the names that it is for")
    mode = Path(tls.key).stat().st_mode
    if mode & OURS_ONLY:
        yield Finding("tls", "look", f"{tls.key} may be read by others", f"chmod 600 {tls.key}")


def names(config: Config) -> Iterator[Finding]:
    """Whether the trunks that are given by name can be found, and where."""
    wanted = {host for trunk in config.trunk for host in (trunk.host, trunk.registrar) if host}
    named = sorted(host for host in wanted if not is_ip_literal(_host(host)))
    if named:
        yield from asyncio.run(_look_up(config, named))


async def _look_up(config: Config, wanted: list[str]) -> list[Finding]:
    hosts = [text.partition(":")[2].rpartition(":")[0] for text in config.sip.listen]
    families = any("[" not in host for host in hosts), any("[" in host for host in hosts)
    resolver = Resolver(config.dns, families=lambda: families)
    findings = []
    for host in wanted:
        try:
            found = await resolver.resolve(parse_target(host))
        except ResolveError as error:
            findings.append(Finding("dns", "bad", str(error), "see dns.servers, /etc/resolv.conf and the name itself"))
        else:
            places = ", ".join(f"{hop.transport} {hop.host}:{hop.port}" for hop in found[:4])
            findings.append(Finding("dns", "good", f"{host} is {places}"))
    return findings


def _host(text: str) -> str:
    try:
        return parse_target(text).host
    except ResolveError:
        return ""


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [
        *found.get_values_for_type(x509.DNSName),
        *(str(address) for address in found.get_values_for_type(x509.IPAddress)),
    ]
