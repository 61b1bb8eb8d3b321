"""What trunks, routes out, numbers and sites may not say: names that are missing, money without prices, forms."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from pbx.config import Config, Trunk
from pbx.configfile.emergency import numbers_of
from pbx.configfile.problem import Path, Problem

TRANSPORTS = ("udp", "tcp", "tls")


def check_trunks(config: Config) -> Iterator[Problem]:
    """Registration needs an account and a place; caps need prices; a number form needs a country."""
    for index, trunk in enumerate(config.trunk):
        path: Path = ("trunk", index)
        if trunk.registration and not (trunk.registrar or trunk.host):
            yield Problem((*path, "registration"), "has nowhere to register", "set host or registrar")
        if trunk.registration and not trunk.username:
            yield Problem((*path, "registration"), "needs a username and secret", "write those of the carrier")
        capped = trunk.money_per_day or trunk.money_per_month
        if capped and not trunk.rates and trunk.rate_per_minute is None:
            key = "money_per_day" if trunk.money_per_day else "money_per_month"
            yield Problem((*path, key), "limits money, but the trunk has no price", "set rates or rate_per_minute")
        form = trunk.number_format
        if form in ("national", "local") and not (trunk.country or config.numbering.country):
            text = f"{form!r} needs to know whose national numbers"
            yield Problem((*path, "number_format"), text, 'set numbering.country, e.g. "PL"')
        if trunk.options_every_s and not trunk.host:
            yield Problem((*path, "options_every_s"), "has no host to ask", "set host, or 0")
        if trunk.number_prefix and not _dialable(trunk.number_prefix):
            yield Problem((*path, "number_prefix"), f"{trunk.number_prefix!r} cannot be dialled", "digits, *, #")
        yield from _check_statuses(path, trunk)


def _check_statuses(path: Path, trunk: Trunk) -> Iterator[Problem]:
    for key, low, high in (("reroute_statuses", 300, 699), ("reroute_causes", 1, 127)):
        for position, code in enumerate(getattr(trunk, key) or ()):
            if not low <= code <= high:
                yield Problem((*path, key, position), f"{code} is none", f"from {low} to {high}")


def check_routes_out(config: Config) -> Iterator[Problem]:
    """A route names one trunk or several, each with a host; "cost" orders by prices that somebody has to know."""
    trunks = {trunk.name: trunk for trunk in config.trunk}
    for index, route in enumerate(config.route):
        path: Path = ("route", index)
        if bool(route.trunk) == bool(route.trunks):
            text = "names both trunk and trunks" if route.trunk else "names no trunk"
            yield Problem((*path, "trunk"), text, 'write trunk = "NAME", or trunks = ["FIRST", "SECOND"]')
        for position, name in enumerate(route.trunks):
            key: Path = (*path, "trunks", position)
            trunk = trunks.get(name)
            if trunk is None:
                yield Problem(key, f"{name!r} is no trunk", f"known: {', '.join(trunks) or 'none'}")
            elif not trunk.host:
                yield Problem(key, f"sends calls to trunk {name!r}, which has no host", "give the trunk a host")
            elif route.order == "cost" and not trunk.rates and trunk.rate_per_minute is None:
                yield Problem(key, f"trunk {name!r} has no price to be compared", "set its rates or rate_per_minute")
        if len(set(route.trunks)) < len(route.trunks):
            yield Problem((*path, "trunks"), "lists a trunk twice", "list every trunk once")


def check_number_ranges(config: Config) -> Iterator[Problem]:
    """A range ends after it begins, with as many digits, and overlaps no other."""
    spans: list[tuple[str, int, int, int]] = []
    for index, number in enumerate(config.number):
        if not number.last:
            continue
        path: Path = ("number", index, "last")
        first, last = _digits(number.number), _digits(number.last)
        if first is None or last is None or len(number.number) != len(number.last) or first > last:
            text = f"{number.last!r} does not end a range that begins with {number.number!r}"
            yield Problem(path, text, "as many digits, both with + or both without, the last one not below the first")
            continue
        plus = number.number[:1] == "+"
        key = f"{plus}{len(number.number)}"
        for other, begin, end, position in spans:
            if other == key and first <= end and begin <= last:
                yield Problem(path, f"overlaps number[{position}]", "a number leads to one place")
        spans.append((key, first, last, index))


def check_emergency(config: Config) -> Iterator[Problem]:
    """Nothing else may be called like an emergency number; its trunks exist and can be called out on."""
    numbers = set(numbers_of(config))
    owners: list[tuple[Path, str]] = [
        (("extension", i, "number"), entry.number) for i, entry in enumerate(config.extension)
    ]
    owners += [(("number", i, "number"), entry.number) for i, entry in enumerate(config.number) if entry.internal]
    owners += [(("features", key), code) for key, code in config.features if code]
    for path, name in owners:
        if name in numbers:
            text = f"{name!r} is an emergency number"
            yield Problem(path, text, "choose another one, or list emergency.numbers without it")
    hosts = {trunk.name: trunk.host for trunk in config.trunk}
    for position, name in enumerate(config.emergency.trunks):
        if not hosts.get(name):
            text = f"{name!r} is no trunk with a host"
            yield Problem(("emergency", "trunks", position), text, "name trunks that calls can go out on")
    sites = [site.name for site in config.site]
    for index, extension in enumerate(config.extension):
        if extension.site and extension.site not in sites:
            text = f"{extension.site!r} is no site"
            yield Problem(("extension", index, "site"), text, f"known: {', '.join(sites) or 'none; add a [[site]]'}")


def check_screening(config: Config) -> Iterator[Problem]:
    """What happens to anonymous callers is an action that exists; addresses that are never banned are addresses."""
    action = config.screening.anonymous
    flows = {flow.name for flow in config.flow}
    if action not in ("accept", "reject", "announce") and action.removeprefix("flow:") not in flows:
        path: Path = ("screening", "anonymous")
        yield Problem(path, f"{action!r} is no action", 'write "accept", "reject", "announce" or "flow:NAME"')
    for position, text in enumerate(config.bans.allow):
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            yield Problem(("bans", "allow", position), str(error), 'write "192.0.2.10" or "192.0.2.0/24"')


def _digits(number: str) -> int | None:
    digits = number.removeprefix("+")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def _dialable(text: str) -> bool:
    return all(mark in "0123456789*#" for mark in text)
