"""What a behaviour's folder says: `test.yaml`, its SIPp scenarios and the PBX configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.codecs import CODECS

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "scenarios"
LIBRARY = ROOT / "library"
CONFIGS = ROOT / "configs"


ACTS = (
    "sipp",
    "browser",
    "shopping",
    "control",
    "wait",
    "until",
    "stranger",
    "phones",
    "cli",
    "pause_s",
    "pbx",
    "drop",
    "sms",
    "rest",
    "live",
    "page",
    "money",
    "examples",
)


class BadTest(Exception):
    """A test.yaml that cannot be run; the text names the file and the key."""


@dataclass(slots=True)
class Audio:
    """What an endpoint sends and must hear. Frequencies in Hz, times in seconds."""

    send: float = 0.0  # tone sent from the answer on; 0: silence is sent
    hear: float = 0.0  # tone that must be found; 0: not looked for
    for_s: float = 0.5  # for at least this long in one piece
    gap_ms: float = 60.0  # a piece may have no hole longer than this
    not_hear: float = 0.0  # tone that must not be found (100 ms or more of it)
    mixes: list[float] = field(default_factory=list)  # tones that must be heard at once, half a second in all
    never_hears: list[float] = field(default_factory=list)  # tones of which not even a trace may be found in a mix
    noise: dict[str, Any] = field(default_factory=dict)  # {min:, max:}: packets of comfort noise (payload type 13)
    packets: int = 1  # fewer received packets than this fail
    streams: int = 1  # how many synchronisation sources (RFC 3550) may be seen; 0: any
    continuous: bool = True  # sequence and timestamp without a jump
    digits: str = ""  # sent `digits_after_s` seconds after the start
    digits_after_s: float = 1.0
    digits_method: str = "rfc4733"  # or "inband"
    codec: str = "PCMA"  # or PCMU, G722, opus, L16: harness/codecs.py; also gives the keys payloads and maps of our SDP
    event_type: int = 0  # payload type of RFC 4733 events, sent and received; 0: the codec's in our SDP
    mark_after_s: float = 0.0  # the tone pauses for 200 ms then: where it goes on, others measure the delay
    delay: dict[str, Any] = field(default_factory=dict)  # {of: who, ms: n}: its mark is heard within n ms, one way
    hears: list[dict[str, Any]] = field(default_factory=list)  # in this order: harness/listening.py
    prompts: list[dict[str, Any]] = field(default_factory=list)  # heard in this order: harness/prompts.py
    hear_digits: str = ""  # digits that must arrive as RFC 4733 events
    hear_tones: str = ""  # digits that must arrive as sound
    follows: dict[str, Any] = field(default_factory=dict)  # {of: who, ms: n}: `hear` within n ms of its first packet
    second_port: bool = False  # for a re-INVITE that moves the audio: keys rtp_port_2, {{start_rtp_2}}
    ptime_ms: int = 20  # of what is sent: 10, 20, 30, 60
    srtp: str = ""  # crypto suite (RFC 4568): what is sent and received is protected; gives the key {{crypto}}
    srtp_offered: str = ""  # the same, but plain RTP once the far end has answered without a=crypto (RFC 8643)
    ipv6: bool = False  # at ::1 instead of the phone's own address
    payload_type: int = -1  # of what is sent and received; -1: the codec's static one


@dataclass(slots=True)
class Step:
    """One line of `steps`; exactly one of ACTS is set."""

    sipp: str = ""
    who: str = ""  # an extension of the configuration (its password is used), another phone of it ("101-desk"), or any
    host: int = 0  # last octet of its address; 0: the next that is free from 10 up. The first step of `who` decides
    browser: dict[str, Any] = field(default_factory=dict)  # harness/browser.py
    shopping: dict[str, Any] = field(default_factory=dict)  # harness/shopping.py
    background: bool = False  # go on with the next step as soon as it listens; joined at the end or by `wait`
    wait: str = ""  # until the background step of this identity has ended
    control: dict[str, Any] = field(default_factory=dict)  # {method, path, body} for the control socket
    until: dict[str, Any] = field(default_factory=dict)  # {path, has}: poll the control socket until it says so
    stranger: dict[str, Any] = field(default_factory=dict)  # harness/stranger.py
    phones: dict[str, str] = field(default_factory=dict)  # extension: state of the agent, "" for none; registers them
    cli: list[str] = field(default_factory=list)  # `centrala ...`
    prints: str = ""  # what `cli` must print
    pause_s: float = 0.0  # nothing happens; for what only time shows
    pbx: str = ""  # "kill" (SIGKILL) or "start" again; only with a pbx.toml of its own
    sms: dict[str, Any] = field(default_factory=dict)  # harness/messages.py
    live: dict[str, Any] = field(default_factory=dict)  # harness/live.py
    page: dict[str, Any] = field(default_factory=dict)  # harness/pages.py
    rest: dict[str, Any] = field(default_factory=dict)  # harness/rest.py
    money: dict[str, Any] = field(default_factory=dict)  # harness/money.py
    examples: dict[str, Any] = field(default_factory=dict)  # harness/examples.py
    drop: str = ""  # whose connection (tls, ws, wss) breaks
    keys: dict[str, Any] = field(default_factory=dict)  # {{name}} in the scenario
    replaces_of: str = ""  # whose dialog {{replaces}} names, as a URI's header (RFC 3891): a background step's
    args: list[str] = field(default_factory=list)
    transport: str = "udp"  # or tcp, udp6, tcp6 (from ::1), tls, ws, wss (harness/edge.py)
    port: int = 5060
    calls: int = 1
    rate: float = 10.0
    timeout_s: float = 30.0
    exit: int = 0
    received: dict[str, Any] = field(default_factory=dict)  # pattern of messages (MULTILINE) -> how many: 2, {min: 3}
    audio: Audio | None = None


@dataclass(slots=True)
class Behaviour:
    """One folder under scenarios/: `name` is `<area>/<behaviour>`."""

    name: str
    folder: Path
    about: str
    config: str  # template text; {{net}} is the three first octets of this PBX's addresses
    steps: list[Step]
    cdr: list[dict[str, Any]] | None  # rows in order of start; only the named columns are compared
    journey: list[Any]  # kinds, or {kind: {name: value}}, that must come in this order, others between them
    journey_without: list[str]  # kinds that may not come
    environment: dict[str, str]
    journey_counts: dict[str, int] = field(default_factory=dict)  # how often a kind comes
    agent_log: list[dict[str, Any]] = field(default_factory=list)  # each must match some period of an agent's state
    zone: str = ""  # DNS records of the PBX's own server, one a line: "name TTL TYPE data"
    recordings: list[dict[str, Any]] | None = None  # {left: Hz, right: Hz, for_s}, in the order of the calls

    def scenario(self, name: str) -> Path:
        """The SIPp file: beside test.yaml, else in the library."""
        for folder in (self.folder, LIBRARY):
            if (folder / name).is_file():
                return folder / name
        raise BadTest(f"{self.name}: there is no {name} beside test.yaml or in {LIBRARY.name}/")


def load_all(pattern: str = "") -> list[Behaviour]:
    """Every behaviour whose name contains `pattern`, in order of name. Raises BadTest."""
    found = [load(path.parent) for path in sorted(SCENARIOS.glob("*/*/test.yaml"))]
    return [behaviour for behaviour in found if pattern in behaviour.name]


def load(folder: Path) -> Behaviour:
    """Reads one folder. Raises BadTest."""
    name = f"{folder.parent.name}/{folder.name}"
    raw = yaml.safe_load((folder / "test.yaml").read_text(encoding="utf-8"))
    known = {
        "about",
        "config",
        "steps",
        "cdr",
        "journey",
        "journey_without",
        "environment",
        "recordings",
        "journey_counts",
        "agent_log",
    }
    _refuse_unknown(name, raw, known)
    own = folder / "pbx.toml"
    shared = CONFIGS / f"{raw.get('config', 'basic')}.toml"
    path = own if own.is_file() else shared
    if not path.is_file():
        raise BadTest(f"{name}: there is no configuration {path}")
    zone = path.with_suffix(".zone")
    return Behaviour(
        zone=zone.read_text(encoding="utf-8") if zone.is_file() else "",
        name=name,
        folder=folder,
        about=raw.get("about", ""),
        config=path.read_text(encoding="utf-8"),
        steps=[_step(f"{name}: steps[{index}]", item) for index, item in enumerate(raw["steps"])],
        cdr=raw.get("cdr"),
        journey=raw.get("journey", []),
        journey_without=raw.get("journey_without", []),
        environment={key: str(value) for key, value in raw.get("environment", {}).items()},
        recordings=raw.get("recordings"),
        agent_log=raw.get("agent_log", []),
        journey_counts=raw.get("journey_counts", {}),
    )


def _step(place: str, raw: dict[str, Any]) -> Step:
    raw = dict(raw)
    if "as" in raw:
        raw["who"] = str(raw.pop("as"))
    if "wait" in raw:
        raw["wait"] = str(raw["wait"])
    audio = raw.pop("audio", None)
    _refuse_unknown(place, raw, set(Step.__dataclass_fields__))
    if audio is not None:
        _refuse_unknown(f"{place}.audio", audio, set(Audio.__dataclass_fields__))
        for name in ("digits", "hear_digits", "hear_tones"):
            if name in audio:
                audio[name] = str(audio[name])
    if audio is not None and audio.get("codec", "PCMA") not in CODECS:
        raise BadTest(f"{place}.audio: codec {audio['codec']!r} is none of {', '.join(CODECS)}")
    step = Step(**raw, audio=Audio(**audio) if audio is not None else None)
    if sum(bool(getattr(step, act)) for act in ACTS) != 1:
        raise BadTest(f"{place}: give one of {', '.join(ACTS)}")
    if (step.sipp or step.browser or step.shopping) and not step.who:
        raise BadTest(f'{place}: say who it is: as: "101"')
    return step


def _refuse_unknown(place: str, raw: dict[str, Any], known: set[str]) -> None:
    unknown = set(raw) - known
    if unknown:
        raise BadTest(f"{place}: unknown key {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
