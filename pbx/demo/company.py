"""The demo company: where it listens, who works there, and its configuration file."""

from __future__ import annotations

import random
import secrets
import socket
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

AGENTS = {"101": "Anna", "102": "Borys", "103": "Celina"}
PHONE = "104"  # for whoever tries it out with a phone
HOTLINE, ECHO = "600", "601"
DIRECT_PREFIX = "+4822555"  # direct dialling in: +4822555 0 101 reaches extension 101
TRUNK = "carrier"
QUEUE = "hotline"
AGENT_HOST, CALLER_HOST = 101, 1  # last octets: agents .101 to .103, callers .1 to .20


class DemoError(Exception):
    """The demo cannot go on; the text says what to do."""


@dataclass(slots=True)
class Company:
    """Everything that is chosen at the start: folder, addresses and passwords."""

    folder: Path
    listen: str
    sip_port: int
    http_port: int
    network: str  # "127.20.7": the phones' addresses are in this /24
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def config_path(self) -> Path:
        return self.folder / "centrala.toml"

    @property
    def reach(self) -> str:
        """The address that phones on this machine use."""
        return "127.0.0.1" if self.listen == "0.0.0.0" else self.listen  # noqa: S104 - compared, not bound

    def agent_address(self, extension: str) -> str:
        return f"{self.network}.{AGENT_HOST + list(AGENTS).index(extension)}"

    def caller_address(self, index: int) -> str:
        return f"{self.network}.{CALLER_HOST + index}"


def found_company(folder: Path, listen: str = "127.0.0.1") -> Company:
    """Chooses free ports and addresses and writes the configuration; passwords of an earlier run are kept."""
    company = Company(
        folder=folder,
        listen=listen,
        sip_port=_free_port(listen, 5060, (socket.SOCK_DGRAM, socket.SOCK_STREAM)),
        http_port=_free_port("127.0.0.1", 8080, (socket.SOCK_STREAM,)),
        network=_free_network(),
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    company.passwords = _passwords(company.config_path)
    company.config_path.touch(mode=0o600)
    company.config_path.write_text(_config(company), encoding="utf-8")
    company.config_path.chmod(0o600)
    return company


def _passwords(path: Path) -> dict[str, str]:
    """A password for every extension: the one in the file of an earlier run, so that a phone stays registered."""
    known: dict[str, str] = {}
    if path.exists():
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8")).get("extension", [])
            known = {entry["number"]: entry["secret"] for entry in entries}
        except (tomllib.TOMLDecodeError, KeyError):
            known = {}  # edited by hand and broken: the demo writes it anew
    return {number: known.get(number) or secrets.token_urlsafe(9) for number in (*AGENTS, PHONE)}


def _config(company: Company) -> str:
    parts = [_HEAD.format(company=company, data=company.data_dir.as_posix(), hotline=HOTLINE, echo=ECHO, trunk=TRUNK)]
    for number, name in (*AGENTS.items(), (PHONE, "Your phone")):
        parts.append(
            f'[[extension]]\nnumber = "{number}"\nname = "{name}"\nsecret = "{company.passwords[number]}"\n\n'
            f'[[number]]\nnumber = "{DIRECT_PREFIX}0{number}"\napplication = "extension:{number}"\n'
            f'trunks = ["{TRUNK}"]\ninternal = false\n'
        )
    for number, name in AGENTS.items():
        parts.append(f'[[agent]]\nextension = "{number}"\nname = "{name}"\ninitial_state = "available"\n')
    agents = ", ".join(f'"{number}"' for number in AGENTS)
    parts.append(_QUEUE_AND_FLOW.format(queue=QUEUE, agents=agents))
    return "\n".join(parts)


_HEAD = """\
# Written by `centrala demo` at every start; copy it elsewhere before changing it.

[server]
name = "demo"
data_dir = "{data}"
language = "en"

[sip]
listen = ["udp:{company.listen}:{company.sip_port}", "tcp:{company.listen}:{company.sip_port}"]
domain = "demo.centrala"
max_expires_s = 86400

[media]
listen = "{company.listen}"
port_min = 20000
port_max = 21999

[http]
listen = "127.0.0.1:{company.http_port}"

[[trunk]]
name = "{trunk}"
peers = ["{company.network}.0/24"]

[[number]]
number = "{hotline}"
application = "flow:hotline"
trunks = ["{trunk}"]

[[number]]
number = "{echo}"
application = "echo"
trunks = ["{trunk}"]
"""

_QUEUE_AND_FLOW = """\
[[queue]]
name = "{queue}"
agents = [{agents}]
ring_timeout_s = 10
wrapup_s = 1
announce_first_s = 3
announce_every_s = 12
service_level_s = 20

[[flow]]
name = "hotline"
start = "greeting"

[flow.block.greeting]
kind = "say"
text = "Welcome to the demo company."
next = "menu"

[flow.block.menu]
kind = "menu"
text = "Press one to speak to an agent."
timeout_s = 5
retries = 2
keys = {{ "1" = "agents" }}

[flow.block.agents]
kind = "queue"
queue = "{queue}"
"""


def _free_port(host: str, first: int, kinds: tuple[int, ...]) -> int:
    """The first port from `first` on that is free on `host` for all socket kinds."""
    for port in range(first, first + 200):
        if all(_is_free(host, port, kind) for kind in kinds):
            return port
    raise DemoError(f"no port from {first} to {first + 199} is free on {host}; stop what holds them")


def _is_free(host: str, port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_network() -> str:
    """A /24 of the loopback network in which nobody uses the SIP port."""
    for _ in range(100):
        network = f"127.{random.randint(20, 60)}.{random.randint(1, 250)}"
        if all(_is_free(f"{network}.{host}", 5060, socket.SOCK_DGRAM) for host in (CALLER_HOST, AGENT_HOST)):
            return network
    raise DemoError("no free loopback addresses were found; is another demo running?")
