"""Addresses and ports: what is listened on, what is trusted, and that SIP, RTP and HTTP do not collide."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from pbx.config import Config
from pbx.configfile.problem import Path, Problem

TRANSPORTS = ("udp", "tcp", "tls")
DATABASES = ("sqlite:///", "postgresql+psycopg://")  # beginnings of URLs


def split_host_port(text: str) -> tuple[str, int]:
    """`"127.0.0.1:8080"` as ("127.0.0.1", 8080), `"[::1]:8080"` as ("::1", 8080). Raises ValueError for what is not
    address and port.
    """
    host, _, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        ipaddress.IPv6Address(host)
    elif ":" in host:
        raise ValueError(f"write the IPv6 address in brackets: [{host}]:{port}")
    else:
        ipaddress.IPv4Address(host)
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{port!r} is no port")
    return host, int(port)


def split_listen(text: str) -> tuple[str, str, int]:
    """`"udp:0.0.0.0:5060"` as ("udp", "0.0.0.0", 5060). Raises ValueError."""
    transport, _, rest = text.partition(":")
    if transport not in TRANSPORTS:
        raise ValueError(f"{transport!r} is no transport")
    return transport, *split_host_port(rest)


def check_ports(config: Config) -> Iterator[Problem]:
    """The RTP range is a range, and neither SIP nor HTTP listens inside it."""
    media = config.media
    if media.port_max - media.port_min < 1:
        text = f"must be above port_min ({media.port_min})"
        yield Problem(("media", "port_max"), text, "a stream takes two ports, e.g. 20000 to 29999")
        return
    for path, host, port in _listeners(config, udp_only=True):
        if media.port_min <= port <= media.port_max and _overlap(host, media.listen):
            text = f"port {port} lies inside the RTP range {media.port_min}-{media.port_max}"
            yield Problem(path, text, "move it out of the range")


def check_addresses(config: Config) -> Iterator[Problem]:
    """Everything that is listened on or advertised is an IP address; no two listeners take one place."""
    if not config.sip.listen:
        yield Problem(("sip", "listen"), "is empty", 'no call could come in: write ["udp:0.0.0.0:5060"]')
    seen: dict[tuple[str, str, int], str] = {}
    for index, text in enumerate(config.sip.listen):
        try:
            listen = split_listen(text)
        except ValueError as error:
            yield Problem(
                ("sip", "listen", index),
                f"{text!r}: {error}",
                'write "udp:ADDRESS:PORT", or tcp or tls; IPv6 as "udp:[::]:5060"',
            )
            continue
        if listen in seen and listen[2]:
            yield Problem(("sip", "listen", index), f"{text!r} is listed twice", "list every address once")
        seen[listen] = text
    for key, text in (("listen", config.http.listen), ("listen_tls", config.http.listen_tls)):
        if text:
            try:
                split_host_port(text)
            except ValueError as error:
                yield Problem(("http", key), f"{text!r}: {error}", 'write "ADDRESS:PORT", or "" to turn it off')
    for path, text in ((("sip", "advertise"), config.sip.advertise), (("media", "listen"), config.media.listen)):
        if text and not _is_address(text):
            yield Problem(path, f"{text!r} is no IP address", "write the address itself, not a name")
    if config.sip.min_expires_s > config.sip.max_expires_s:
        text = f"is above max_expires_s ({config.sip.max_expires_s})"
        yield Problem(("sip", "min_expires_s"), text, "no phone could register: lower it")
    if config.sip.min_se_s > config.sip.session_expires_s:
        text = f"is above session_expires_s ({config.sip.session_expires_s})"
        yield Problem(("sip", "min_se_s"), text, "our own calls would be refused: lower it")
    intervals = [(("extension", at), one.session_expires_s) for at, one in enumerate(config.extension)]
    intervals += [(("trunk", at), one.session_expires_s) for at, one in enumerate(config.trunk)]
    for account, expires_s in intervals:
        if expires_s is not None and expires_s < config.sip.min_se_s:
            text = f"{expires_s} is below sip.min_se_s ({config.sip.min_se_s})"
            yield Problem((*account, "session_expires_s"), text, "raise it, or lower sip.min_se_s")


def check_peers(config: Config) -> Iterator[Problem]:
    """A trunk's peers are addresses or networks, and an address belongs to one trunk only."""
    known: list[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    for index, trunk in enumerate(config.trunk):
        if not trunk.peers and not trunk.host:
            text = f"trunk {trunk.name!r} has neither peers nor a host: no call could come or go"
            yield Problem(("trunk", index), text, 'add peers = ["ADDRESS"] for inbound or host = "..." for outbound')
        if bool(trunk.username) != bool(trunk.secret):
            missing = "secret" if trunk.username else "username"
            yield Problem(("trunk", index, missing), "is missing", "username and secret go together")
        for position, text in enumerate(trunk.peers):
            path: Path = ("trunk", index, "peers", position)
            try:
                network = ipaddress.ip_network(text)
            except ValueError as error:
                yield Problem(path, str(error), 'write an address or a network: "192.0.2.10", "192.0.2.0/24"')
                continue
            for other, theirs in known:
                if other != trunk.name and network.version == theirs.version and network.overlaps(theirs):
                    yield Problem(path, f"{text} is also a peer of trunk {other!r}", "an address identifies one trunk")
            known.append((trunk.name, network))


def check_speech_and_store(config: Config) -> Iterator[Problem]:
    """Lists that may not be empty, and the databases that are supported."""
    if not config.media.codecs:
        yield Problem(("media", "codecs"), "is empty", 'write ["PCMA", "PCMU"]')
    url = config.store.url
    if url and not url.startswith(DATABASES):
        text = f"{url.partition(':')[0]!r} is no supported database"
        remedy = (
            'write "sqlite:///PATH" or "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE", or leave it empty for '
            "<data_dir>/centrala.db"
        )
        yield Problem(("store", "url"), text, remedy)


def _listeners(config: Config, *, udp_only: bool) -> Iterator[tuple[Path, str, int]]:
    for index, text in enumerate(config.sip.listen):
        try:
            transport, host, port = split_listen(text)
        except ValueError:
            continue  # check_addresses reports it
        if transport == "udp" or not udp_only:
            yield ("sip", "listen", index), host, port


def _overlap(first: str, second: str) -> bool:
    return first == second or "0.0.0.0" in (first, second)  # noqa: S104 - compared, not bound


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
