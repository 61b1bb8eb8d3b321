"""The configuration: one TOML file, environment variables over it, refused with the key and a remedy when wrong."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["pl", "ru", "en"]


class Section(BaseModel):
    """A table of the file; an unknown key is an error, so that a typing mistake cannot pass silently."""

    model_config = ConfigDict(extra="forbid")


class Server(Section):
    name: str = "centrala"
    data_dir: str = "var"
    timezone: str = "UTC"
    language: Language = "en"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Sip(Section):
    listen: list[str] = ["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"]
    domain: str = "centrala.local"
    advertise: str = ""  # address written into Via, Contact and SDP when it differs from the local one
    t1_ms: int = Field(default=500, ge=50, le=5000)
    max_calls: int = Field(default=5000, ge=1)
    max_calls_per_s: float = Field(default=1000.0, gt=0)
    max_expires_s: int = 3600
    min_expires_s: int = 60
    max_contacts: int = Field(default=5, ge=1, le=64)
    # Order of the challenges. MD5 first, because phones and SIPp that know no SHA-256 read the first challenge only.
    digest_algorithms: list[Literal["MD5", "SHA-256"]] = ["MD5", "SHA-256"]
    # Clients that give up when any challenge names an algorithm they do not know: those get the MD5 one alone.
    md5_only_agents: list[str] = ["baresip v0.", "baresip v1."]  # beginnings of User-Agent


class Media(Section):
    listen: str = "0.0.0.0"  # noqa: S104 - calls come from everywhere
    port_min: int = Field(default=20000, ge=1024, le=65534)
    port_max: int = Field(default=29999, ge=1025, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    realtime: bool = True
    codecs: list[Literal["PCMU", "PCMA"]] = ["PCMA", "PCMU"]
    ptime_ms: Literal[10, 20, 30, 40, 60] = 20
    latch: Literal["signalled", "any", "strict"] = "signalled"
    rtp_timeout_s: float = Field(default=30.0, ge=0)  # 0: never
    recordings_dir: str = ""  # empty: <data_dir>/recordings
    music_dir: str = ""  # empty: music made by the project


class Http(Section):
    listen: str = "127.0.0.1:8080"  # "" turns it off


class Store(Section):
    url: str = ""  # empty: sqlite:///<data_dir>/centrala.db
    flush_ms: int = Field(default=200, ge=10, le=1000)


class Speech(Section):
    rate: int = Field(default=150, ge=80, le=400)  # words a minute
    voices: dict[Language, str] = {"pl": "pl", "ru": "ru", "en": "en-gb"}
    cache_dir: str = ""  # empty: <data_dir>/speech


class FeatureCodes(Section):
    available: str = "*50"
    on_break: str = "*51"
    offline: str = "*52"
    echo: str = "*43"


class Extension(Section):
    number: str
    secret: str
    name: str = ""
    ring_timeout_s: float = Field(default=30.0, gt=0)
    max_calls: int = Field(default=2, ge=1)
    outbound: bool = False
    outbound_max_calls: int = Field(default=2, ge=1)  # at the same time
    outbound_minutes_per_day: int = Field(default=60, ge=0)  # 0: no limit; the day is UTC
    international: bool = False  # may use routes that are marked so
    forward_busy: str = ""
    forward_no_answer: str = ""
    forward_unregistered: str = ""
    record: bool = False


class Trunk(Section):
    name: str
    peers: list[str] = []  # addresses or networks that may send calls to us; nothing else is trusted, loopback neither
    host: str = ""  # where outbound calls go: "carrier.example", "10.0.0.1:5070", "10.0.0.1:5070;transport=tcp"
    username: str = ""
    secret: str = ""
    caller_id: str = ""
    max_calls: int = Field(default=30, ge=1)
    application: str = ""  # for a called number that no [[number]] lists


class Route(Section):
    """Outbound: the longest matching prefix wins; `strip` digits go, `prefix` is put in front."""

    match: str
    trunk: str
    strip: int = Field(default=0, ge=0)
    prefix: str = ""
    international: bool = False  # only for extensions that may call abroad


class Number(Section):
    """A number that can be dialled, from a phone or (with `trunks`) from outside, and the application it reaches."""

    number: str
    application: str  # "flow:hotline", "queue:sales", "extension:101", "echo"
    trunks: list[str] = []
    internal: bool = True
    tag: str = ""


class Agent(Section):
    extension: str
    name: str = ""
    initial_state: Literal["available", "offline"] = "offline"


class Queue(Section):
    name: str
    agents: list[str] = []  # extensions
    strategy: Literal["longest-idle", "ring-all"] = "longest-idle"
    ring_timeout_s: float = Field(default=20.0, gt=0)
    wrapup_s: float = Field(default=10.0, ge=0)
    max_wait_s: float = Field(default=0.0, ge=0)  # 0: no limit
    max_length: int = Field(default=0, ge=0)  # 0: no limit
    when_no_agents: Literal["wait", "leave"] = "wait"  # "leave": nobody waits while no agent is signed in
    music: str = "default"
    announce_first_s: float = Field(default=5.0, ge=0)
    announce_every_s: float = Field(default=30.0, ge=0)  # 0: never
    announce_position: bool = True
    announce_wait: bool = True
    missed_offers_until_break: int = Field(default=1, ge=0)  # 0: never taken out
    service_level_s: float = Field(default=20.0, gt=0)
    short_abandon_s: float = Field(default=5.0, ge=0)
    record: bool = True


class Flow(Section):
    name: str
    language: Language | None = None
    start: str = ""
    python: str = ""  # "package.module:coroutine" instead of blocks
    block: dict[str, dict[str, Any]] = {}


class Hours(Section):
    """Opening hours: per weekday a list of "09:00-17:00"; `closed` lists dates (ISO 8601) that are shut whatever the
    day."""

    name: str
    timezone: str = ""  # empty: the server's
    mon: list[str] = []
    tue: list[str] = []
    wed: list[str] = []
    thu: list[str] = []
    fri: list[str] = []
    sat: list[str] = []
    sun: list[str] = []
    closed: list[str] = []


class Config(Section):
    server: Server = Server()
    sip: Sip = Sip()
    media: Media = Media()
    http: Http = Http()
    store: Store = Store()
    speech: Speech = Speech()
    features: FeatureCodes = FeatureCodes()
    extension: list[Extension] = []
    trunk: list[Trunk] = []
    route: list[Route] = []
    number: list[Number] = []
    agent: list[Agent] = []
    queue: list[Queue] = []
    flow: list[Flow] = []
    hours: list[Hours] = []
