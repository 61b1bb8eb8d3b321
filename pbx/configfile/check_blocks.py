"""Lists of PINs, calendars, rotas, dealers, and whom flows may ask over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from ipaddress import ip_network
from pathlib import Path as FilePath
from urllib.parse import urlsplit

from pbx.config import Config
from pbx.configfile.check_time import check_zone, is_span
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import must_exist

_HASH = re.compile(r"scrypt\$[A-Za-z0-9+/=]{8,64}\$[A-Za-z0-9+/=]{16,64}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?")
NUMBER = re.compile(r"\+?[0-9*#]{2,20}|[A-Za-z0-9._-]{1,32}")


def check_blocks(config: Config) -> Iterator[Problem]:
    """All of it."""
    yield from _http(config)
    yield from _pins(config)
    yield from _calendars(config)
    yield from _rotas(config)
    yield from _dealers(config)
    yield from _partners(config)
    yield from _named_hours(config)


def _http(config: Config) -> Iterator[Problem]:
    for position, entry in enumerate(config.http.hosts):
        port = entry.rpartition(":")[2]
        bad = _HOST.fullmatch(entry) is None or (port.isdigit() and ":" in entry and int(port) > 65535)
        if bad or entry.startswith("*:"):
            text = f"{entry!r} is no host"
            yield Problem(("http", "hosts", position), text, 'write "crm.example", "*.example" or "10.0.0.5:8080"')
    for position, entry in enumerate(config.http.networks):
        try:
            ip_network(entry, strict=False)
        except ValueError:
            yield Problem(("http", "networks", position), f"{entry!r} is no network", 'write "10.0.0.0/8"')
    if config.http.ca and not FilePath(config.http.ca).is_file():
        yield Problem(("http", "ca"), f"{config.http.ca} is no file", "name a PEM file of certificates")
    for name, value in config.http.secrets.items():
        if not re.fullmatch(r"[A-Za-z0-9_]+", name) or not value.isprintable():
            text = "a secret has a name of letters, digits and _, and a value of one line"
            yield Problem(("http", "secrets", name), text, "correct it")


def _pins(config: Config) -> Iterator[Problem]:
    for index, entry in enumerate(config.pin_list):
        for name, hashed in entry.pins.items():
            if not _HASH.fullmatch(hashed):
                text = f"the PIN of {name!r} is not hashed"
                yield Problem(("pin_list", index, "pins", name), text, "put here what `centrala pin hash` prints")


def _source(path: Path, source: str, config: Config) -> Iterator[Problem]:
    """A file, or an address of a host that may be asked."""
    if not source.startswith(("http://", "https://")):
        if not source:
            yield Problem(path, "is empty", "name a file or an https:// address")
        return
    host = urlsplit(source).hostname or ""
    names = [entry.partition(":")[0].lower() for entry in config.http.hosts]
    if not any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in names):
        yield Problem(path, f"{host} may not be asked", f"add {host!r} to hosts of [http]")


def _calendars(config: Config) -> Iterator[Problem]:
    for index, entry in enumerate(config.calendar):
        yield from _source(("calendar", index, "source"), entry.source, config)
        if not re.fullmatch(r"[\w.-]{1,64}", entry.name):
            yield Problem(("calendar", index, "name"), f"{entry.name!r} cannot name a file", "use letters and digits")
        if entry.timezone:
            yield from check_zone(("calendar", index, "timezone"), entry.timezone)
    names = [entry.name for entry in config.calendar]
    for index, hours in enumerate(config.hours):
        for position, name in enumerate(hours.calendars):
            yield from must_exist(("hours", index, "calendars", position), name, names, "calendar")


def _rotas(config: Config) -> Iterator[Problem]:
    calendars = [entry.name for entry in config.calendar]
    extensions = [entry.number for entry in config.extension]
    for index, rota in enumerate(config.rota):
        path: Path = ("rota", index)
        people = [person.name for person in rota.person]
        listed = [("turns", rota.turns), ("fallback", rota.fallback)]
        listed += [("shifts", shift.people) for shift in rota.shifts]
        for key, names in listed:
            for name in names:
                yield from must_exist((*path, key), name, people, "person")
        if rota.timezone:
            yield from check_zone((*path, "timezone"), rota.timezone)
        if rota.calendar:
            yield from must_exist((*path, "calendar"), rota.calendar, calendars, "calendar")
        if rota.account:
            yield from must_exist((*path, "account"), rota.account, extensions, "extension")
        for position, shift in enumerate(rota.shifts):
            for key in ("start", "end"):
                if not _CLOCK.fullmatch(getattr(shift, key)):
                    text = f"{getattr(shift, key)!r} is no time of day"
                    yield Problem((*path, "shifts", position, key), text, 'write "18:00"')
        yield from _turns(path, rota.turns, rota.turns_from)
        outside = [t for person in rota.person for t in person.targets if t not in extensions]
        if outside and not rota.account:
            text = f"{outside[0]!r} is outside, and nobody's right to call there is used"
            yield Problem((*path, "account"), text, 'name an extension with outbound = true: account = "101"')
        if not (rota.calendar or rota.shifts or rota.turns or rota.fallback):
            yield Problem(path, f"rota {rota.name!r} has nobody on duty", "write shifts, turns, fallback or calendar")


def _turns(path: Path, turns: list[str], first: str) -> Iterator[Problem]:
    if not turns:
        return
    try:
        date.fromisoformat(first)
    except ValueError:
        text = "says not when the first one's turn begins"
        yield Problem((*path, "turns_from"), text, 'write a date, "2026-01-05"')


def _dealers(config: Config) -> Iterator[Problem]:
    hours = [entry.name for entry in config.hours]
    for index, dealer in enumerate(config.dealer):
        if dealer.hours:
            yield from must_exist(("dealer", index, "hours"), dealer.hours, hours, "hours")
        if not NUMBER.fullmatch(dealer.number):
            yield Problem(("dealer", index, "number"), f"{dealer.number!r} is no number", "write digits")
    if config.dealers.stock:
        yield from _source(("dealers", "stock"), config.dealers.stock, config)


def _partners(config: Config) -> Iterator[Problem]:
    hours = [entry.name for entry in config.hours]
    extensions = {entry.number: entry for entry in config.extension}
    for index, partner in enumerate(config.partner):
        path: Path = ("partner", index)
        if not NUMBER.fullmatch(partner.target):
            yield Problem((*path, "target"), f"{partner.target!r} is no number", "write digits")
        if partner.hours:
            yield from must_exist((*path, "hours"), partner.hours, hours, "hours")
        if partner.account:
            yield from must_exist((*path, "account"), partner.account, list(extensions), "extension")
        payer = extensions.get(partner.account)
        if partner.target not in extensions and (payer is None or not payer.outbound):
            text = f"{partner.target!r} is outside, and nobody's right to call there is used"
            yield Problem((*path, "account"), text, 'name an extension with outbound = true: account = "101"')


def _named_hours(config: Config) -> Iterator[Problem]:
    for index, hours in enumerate(config.hours):
        for name, texts in hours.named.items():
            for position, text in enumerate(texts):
                day, _, span = text.partition(" ")
                try:
                    date.fromisoformat(day)
                    good = not span or is_span(span)
                except ValueError:
                    good = False
                if not good:
                    remedy = 'write "2026-12-31" or "2026-12-31 08:00-12:00"'
                    yield Problem(("hours", index, "named", name, position), f"{text!r} is no exception", remedy)
