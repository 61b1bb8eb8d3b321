"""Which sections are business, and so may be changed while the PBX runs, and which belong to the machine, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, RootModel

from pbx.config import Config
from pbx.configfile.explain import SECRET_KEYS

MAX_KEY = 128  # characters
ONLY = ""  # the key of a section that is one table

Key = tuple[str, str]  # section, key of the entry


class SpeedDials(RootModel[dict[str, str]]):
    """[speed_dials], the one section that is a plain table."""


@dataclass(frozen=True, slots=True)
class Area:
    """One business section. `names` are the fields that make the key of an entry; none: the section is one table.

    `secrets` are fields whose values nobody is shown; `without` are fields that are sections of their own.
    """

    name: str  # "queue", "sms.gateway"
    model: type[BaseModel]
    names: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        return bool(self.names)

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(self.name.split("."))

    def key_of(self, entry: BaseModel) -> str:
        """What names the entry among the others of its section: `name`, `number`, or several joined by a space."""
        return " ".join(str(getattr(entry, name)) for name in self.names).strip()

    def entries(self, config: Config) -> list[BaseModel]:
        """As they stand in `config`; the one table of a section that is no list."""
        found: Any = config
        for part in self.path:
            found = getattr(found, part)
        if self.is_list:
            return list(found)
        if self.model is SpeedDials:
            return [SpeedDials(found)]
        return [found.model_copy(update={name: [] for name in self.without})] if self.without else [found]

    def put(self, config: Config, entries: list[BaseModel]) -> Config:
        """`config` with these entries instead."""
        head, *rest = self.path
        if rest:
            outer = getattr(config, head)
            return config.model_copy(update={head: outer.model_copy(update={rest[0]: entries})})
        if self.is_list:
            return config.model_copy(update={head: entries})
        table: Any = entries[0]
        if self.model is SpeedDials:
            return config.model_copy(update={head: table.root})
        if self.without:
            present = getattr(config, head)
            table = table.model_copy(update={name: getattr(present, name) for name in self.without})
        return config.model_copy(update={head: table})


LISTS: dict[str, tuple[str, ...]] = {
    "site": ("name",),
    "hours": ("name",),
    "calendar": ("name",),
    "extension": ("number",),
    "trunk": ("name",),
    "route": ("match", "hours"),
    "caller_id": ("tag",),
    "number": ("number",),
    "agent": ("extension",),
    "team": ("name",),
    "queue": ("name",),
    "break_reason": ("name",),
    "shift": ("name",),
    "caller_list": ("name",),
    "rota": ("name",),
    "pin_list": ("name",),
    "dealer": ("name",),
    "parking": ("name",),
    "room": ("name",),
    "group": ("name",),
    "page": ("name",),
    "voicemail": ("name",),
    "announcement": ("name",),
    "selftest": ("name",),
    "partner": ("name",),
    "site_web": ("name",),
    "number_pool": ("name",),
    "source_rule": ("name",),
    "masked_number": ("name",),
    "ga4": ("measurement_id", "site"),
    "crm": ("name",),
    "report_schedule": ("name",),
    "screen_pop": ("name",),
    "sms.gateway": ("name",),
    "sms.template": ("name",),
}
TABLES = (
    *("features", "incall", "transfer", "ring", "supervision", "directory", "speed_dials", "dealers", "emergency"),
    *("screening", "contacts", "callback", "sms", "tracking", "ledger", "numbering", "smtp"),
)
# What is the machine's: a change takes effect with the next start.
TECHNICAL: dict[str, str] = {
    "server": "name, folder, clock and language of the process are read once, and stand in what it has written",
    "sip": "sockets, timers and the realm of every phone's password are made at the start",
    "tls": "sockets are made at the start; new certificates are read with `centrala reload-certificates`",
    "dns": "the resolver is made at the start",
    "media": "ports, codecs and workers of the media threads are made at the start",
    "http": "the servers, and whom we may ask, guard the process itself",
    "store": "the settings are kept in this very database",
    "speech": "engines and voices are processes that are started once",
    "subscriptions": "limits that guard the process against phones",
    "messages": "limits that guard the process against phones",
    "bans": "limits that guard the process against attackers",
    "api": "limits that guard the process, made with its servers",
    "accounts": "rules of passwords and sessions guard the settings themselves",
    "oidc": "who may log in guards the settings themselves",
    "outbox": "the queue of deliveries is made at the start",
    "live": "limits that guard the process, made with its servers",
    "webhooks": "limits of deliveries; the webhooks themselves are in the database already",
    "flow": "flows have versions of their own: `centrala flow`",
}


def _areas() -> dict[str, Area]:
    found: dict[str, Area] = {}
    for name, names in LISTS.items():
        found[name] = Area(name, model := _model(name), names, _secrets(model))
    for name in TABLES:
        prefix = f"{name}."
        without = tuple(other.removeprefix(prefix) for other in LISTS if other.startswith(prefix))
        model = SpeedDials if name == "speed_dials" else _model(name)
        found[name] = Area(name, model, secrets=_secrets(model), without=without)
    return found


def _secrets(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name in model.model_fields if name in SECRET_KEYS)


def _model(name: str) -> type[BaseModel]:
    model: type[BaseModel] = Config
    for part in name.split("."):
        annotation = model.model_fields[part].annotation
        model = next(iter(get_args(annotation)), annotation)  # type: ignore[assignment]
    return model


AREAS: dict[str, Area] = _areas()


def entry_keys(area: Area, entries: list[BaseModel]) -> dict[str, BaseModel]:
    """Entries by key, in their order."""
    return {area.key_of(entry): entry for entry in entries} if area.is_list else {ONLY: entries[0]}


def all_entries(config: Config, wanted: Callable[[Area], bool] = lambda _area: True) -> dict[Key, BaseModel]:
    """Every business entry of a configuration."""
    return {
        (area.name, key): entry
        for area in AREAS.values()
        if wanted(area)
        for key, entry in entry_keys(area, area.entries(config)).items()
    }
