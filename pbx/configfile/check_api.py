"""The HTTP API: proxies are networks, addresses that we give out are complete."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from urllib.parse import urlsplit

from pbx.config import Config
from pbx.configfile.problem import Problem


def check_api(config: Config) -> Iterator[Problem]:
    """Proxies are given by address; `api.public_url` is an origin."""
    for index, text in enumerate(config.http.trusted_proxies):
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            remedy = 'write "10.0.0.5" or "10.0.0.0/8"'
            yield Problem(("http", "trusted_proxies", index), f"{text!r} is no address or network", remedy)
        else:
            if network.prefixlen == 0:
                text = f"{text!r} is everybody, who could then claim any address"
                yield Problem(("http", "trusted_proxies", index), text, "name the proxies alone")
    if config.api.public_url:
        url = urlsplit(config.api.public_url)
        if url.scheme not in ("http", "https") or not url.netloc or url.path.strip("/") or url.query:
            text = f"{config.api.public_url!r} is not the address of a server"
            yield Problem(("api", "public_url"), text, 'write "https://pbx.example"')
