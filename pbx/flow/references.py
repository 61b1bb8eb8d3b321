"""What blocks may name: each kind of reference, and the names that exist. A new kind is registered here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice

from pbx.config import Config
from pbx.config_queue import members_of
from pbx.configfile.problem import Problem
from pbx.flow.block import Reference
from pbx.flow.graph import Instant, callings
from pbx.flow.model import Flow
from pbx.web.hosts import Hosts

SAID_AS = {
    "target": "extension or number",
    "sms_template": "template of messages",
    "http_host": "entry of http.hosts for",
    "http_secret": "entry of http.secrets",
    "pin_list": "list of PINs",
    "partner": "[[partner]]",
    "dealers": "[[dealer]] of the configuration; found",
    "recognizer": "[speech.recognizer] with a url; found",
}
LIKE_BY = 4  # characters by which a name that was meant may be longer or shorter
MAX_ALIKE = 300  # names that are compared with a wrong one: each costs some microseconds
Names = Callable[[Config], Collection[str]]


def _queues(config: Config) -> Collection[str]:
    return [entry.name for entry in config.queue]


def _skills(config: Config) -> Collection[str]:
    return sorted({name for entry in config.agent for name in entry.skills})


def _agents(config: Config) -> Collection[str]:
    members = [name for entry in config.queue for name in members_of(entry, config.team)]
    return dict.fromkeys([*(entry.extension for entry in config.agent), *members])


def _targets(config: Config) -> Collection[str]:
    internal = [entry.number for entry in config.number if entry.internal]
    return [*(entry.number for entry in config.extension), *internal]


KNOWN: dict[str, Names] = {
    "queue": _queues,
    "hours": lambda config: [entry.name for entry in config.hours],
    "skill": _skills,
    "agent": _agents,
    "target": _targets,
    "extension": lambda config: [entry.number for entry in config.extension],
    "voicemail": lambda config: [entry.name for entry in config.voicemail],
    "pin_list": lambda config: [entry.name for entry in config.pin_list],
    "partner": lambda config: [entry.name for entry in config.partner],
    "rota": lambda config: [entry.name for entry in config.rota],
    "http_secret": lambda config: list(config.http.secrets),
    "recognizer": lambda config: [""] if config.speech.recognizer.url else [],
    "dealers": lambda config: [""] if config.dealer else [],
    "announcement": lambda config: [entry.name for entry in config.announcement],
    "sms_template": lambda config: [entry.name for entry in config.sms.template],
}


@dataclass(slots=True)
class House:
    """What the flows of one configuration may name. `sounds` are the names that "play" may use, None when they are not
    known yet; `flows` all flows by name."""

    config: Config
    sounds: Collection[str] | None = None
    flows: Mapping[str, Flow] = field(default_factory=dict)
    _names: dict[str, Collection[str]] = field(default_factory=dict)
    _into: dict[str, dict[str, bool]] | None = None
    _instant: Instant | None = None

    @property
    def into(self) -> dict[str, dict[str, bool]]:
        """Flow to the flows that it leads into, True for those that come back to it."""
        if self._into is None:
            self._into = callings(self.flows)
        return self._into

    @property
    def instant(self) -> Instant:
        """The part of the flows in which nothing is waited for."""
        if self._instant is None:
            self._instant = Instant(self.flows)
        return self._instant

    def holding(self, flow: Flow) -> House:
        """This house with `flow` in it."""
        if self.flows.get(flow.name) is flow:
            return self
        return House(self.config, self.sounds, {**self.flows, flow.name: flow})

    def names(self, what: str) -> Collection[str] | None:
        """The names of a kind of thing; None when they are not known."""
        if what == "sound":
            return self.sounds
        if what == "flow":
            return self.flows
        if what not in self._names:
            self._names[what] = KNOWN[what](self.config)
        return self._names[what]

    def has(self, reference: Reference) -> bool:
        """Whether what is named exists, as far as that is known."""
        if reference.what == "http_host":
            return is_listed(reference.name, self.config)
        names = self.names(reference.what)
        if names is None or reference.name in names:
            return True
        routes = self.config.route if reference.what == "target" else []
        return any(reference.name.startswith(route.match) for route in routes)


def check_references(flow: Flow, house: House) -> Iterator[Problem]:
    """Every name in a flow that nothing has."""
    for block_name, block in flow.blocks.items():
        for reference in block.references():
            if not house.has(reference):
                what = SAID_AS.get(reference.what, reference.what)
                text = f"flow {flow.name!r}, block {block_name!r}: there is no {what} {reference.name!r}"
                remedy = _remedy(reference, house)
                yield Problem(flow.at(block_name, reference.key), text, remedy)


def is_listed(place: str, config: Config) -> bool:
    """Whether http.hosts has "SCHEME HOST PORT"; entries that are none are told elsewhere."""
    scheme, host, port = place.split(" ")
    try:
        return bool(Hosts(config.http.hosts).entry(scheme, host, int(port)))
    except ValueError:
        return True


def _remedy(reference: Reference, house: House) -> str:
    if reference.what == "http_host":
        return f"add {reference.name.split(' ')[1]!r} to hosts of [http]: nobody else is asked"
    if reference.what == "dealers":
        return "add a [[dealer]]"
    return one_of(reference.name, house.names(reference.what) or ())


def one_of(wrong: str, known: Collection[str]) -> str:
    """The remedy for a name that is none of `known`."""
    alike = islice((name for name in known if abs(len(name) - len(wrong)) < LIKE_BY), MAX_ALIKE)
    close = get_close_matches(wrong, list(alike), 1)
    if close:
        return f"did you mean {close[0]!r}?"
    names = sorted(known)
    return f"name one of: {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}" if known else "there is none yet"
