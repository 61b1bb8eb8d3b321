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
    yield from _oidc(config)
    if config.api.public_url:
        url = urlsplit(config.api.public_url)
        if url.scheme not in ("http", "https") or not url.netloc or url.path.strip("/") or url.query:
            text = f"{config.api.public_url!r} is not the address of a server"
            yield Problem(("api", "public_url"), text, 'write "https://pbx.example"')


def _oidc(config: Config) -> Iterator[Problem]:
    settings = config.oidc
    if not settings.issuer:
        if not settings.local_passwords:
            text = "nobody could come in: there is no identity provider"
            yield Problem(("oidc", "local_passwords"), text, "give oidc.issuer, or leave passwords on")
        return
    url = urlsplit(settings.issuer)
    loopback = url.hostname is not None and (url.hostname == "localhost" or url.hostname.startswith("127."))
    if not url.netloc or (url.scheme != "https" and not (url.scheme == "http" and loopback)) or url.query:
        text = f"{settings.issuer!r} is no issuer"
        yield Problem(("oidc", "issuer"), text, 'write its https:// address: "https://id.example/realms/main"')
    if not settings.client_id:
        yield Problem(("oidc", "client_id"), "is empty", "write what the provider knows this PBX by")
    if not settings.roles and not settings.default_role:
        text = "lets nobody in: no value of the claim has a role"
        yield Problem(("oidc", "roles"), text, 'write roles = {"pbx-admins" = "admin"} or a default_role')
