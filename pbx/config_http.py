"""Configuration of HTTP: the servers of ours, and the hosts that flows and feeds may ask."""

from __future__ import annotations

from pydantic import Field

from pbx.config_base import Section


class Http(Section):
    listen: str = "127.0.0.1:8080"  # "" turns it off
    listen_tls: str = ""  # the same over TLS, such as "0.0.0.0:8443"; needs tls.certificate
    websocket: bool = True  # SIP over WebSocket at /ws (RFC 7118)
    # Pages that may open it: "https://phone.example", or "*" for all. Those of the same host and port always may.
    websocket_origins: list[str] = []
    api: bool = True  # the HTTP API at /api/v1
    # Networks of reverse proxies in front of us: "10.0.0.5", "10.0.0.0/8". X-Forwarded-For of others is not believed.
    trusted_proxies: list[str] = []
    # Requests that we make
    hosts: list[str] = []  # whom we may ask: "crm.example", "*.example", "10.0.0.5:8080"; nobody else
    networks: list[str] = []  # of our own, where those hosts may be: "10.0.0.0/8"; other private addresses are refused
    ca: str = ""  # PEM file of the CAs that their certificates must be of; "": those of the system
    max_connections: int = Field(default=100, ge=1, le=10_000)
    max_bytes: int = Field(default=262_144, ge=1024, le=16_777_216)  # of a response
    secrets: dict[str, str] = {}  # for headers of requests: {secret.NAME}
