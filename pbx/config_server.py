"""Configuration of the process itself: what it is called, where signalling listens, names, the database."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.config_base import Language, Section
from pbx.places import DATA_DIR


class Server(Section):
    name: str = "centrala"
    data_dir: str = DATA_DIR
    timezone: str = "UTC"
    language: Language = "en"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Sip(Section):
    listen: list[str] = ["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"]
    domain: str = "centrala.local"
    advertise: str = ""  # address written into Via, Contact and SDP when it differs from the local one
    t1_ms: int = Field(default=500, ge=50, le=5000)
    # Signalling goes before other programs of the machine (SCHED_RR, below the media threads), where that is allowed
    realtime: bool = False
    max_calls: int = Field(default=5000, ge=1)
    max_calls_per_s: float = Field(default=1000.0, gt=0)
    max_expires_s: int = 3600
    min_expires_s: int = 60
    max_contacts: int = Field(default=5, ge=1, le=64)
    # Reliable provisional responses (RFC 3262): "never" unless the far end requires them, with who can, or "required".
    prack: Literal["never", "supported", "required"] = "never"
    # Session timers (RFC 4028): "never" unless required, with who can do them, or "always" by refreshing every call.
    session_timers: Literal["never", "supported", "always"] = "supported"
    session_expires_s: int = Field(default=1800, ge=90, le=86_400)
    min_se_s: int = Field(default=90, ge=90, le=86_400)
    # Order of the challenges. MD5 first, because phones and SIPp that know no SHA-256 read the first challenge only.
    digest_algorithms: list[Literal["MD5", "SHA-256"]] = ["MD5", "SHA-256"]
    # Clients that give up when any challenge names an algorithm they do not know: those get the MD5 one alone.
    md5_only_agents: list[str] = ["baresip v0.", "baresip v1.", "JsSIP "]  # beginnings of User-Agent

    flow_timer_s: int = Field(default=120, ge=20)  # phones that use outbound (RFC 5626) ping at least this often
    service_route: list[str] = []  # "<sip:edge.example;lr>": by which phones are to send their calls (RFC 3608)
    max_connections: int = Field(default=4096, ge=1)  # TCP, TLS and WebSocket together
    max_connections_per_source: int = Field(default=64, ge=1)  # of one IPv4 address, of one IPv6 /64


class Tls(Section):
    certificate: str = ""  # PEM file: our certificate, then those between it and the CA; "": no TLS comes in
    key: str = ""  # PEM file of its key, without a password
    client_certificates: Literal["none", "optional", "required"] = "none"
    client_ca: str = ""  # PEM file of the CAs whose client certificates count
    ca: str = ""  # PEM file of the CAs that servers we call must be certified by; "": those of the system
    minimum_version: Literal["1.2", "1.3"] = "1.2"
    expiry_alarm_days: int = Field(default=14, ge=0)  # before the certificate's end


class Dns(Section):
    servers: list[str] = []  # "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53"; empty: those of the system
    timeout_s: float = Field(default=3.0, gt=0, le=30)  # of one question
    max_ttl_s: float = Field(default=3600.0, ge=5)  # records are asked for again after this at the latest
    prefer: Literal["ipv4", "ipv6"] = "ipv4"  # where a name has addresses of both
    failover_s: float = Field(default=2.0, gt=0, le=32)  # one of several servers may be silent for this long
    quarantine_s: float = Field(default=60.0, ge=0)  # a server that failed is tried last for this long


class Store(Section):
    url: str = ""  # empty: sqlite:///<data_dir>/centrala.db
    flush_ms: int = Field(default=200, ge=10, le=1000)
