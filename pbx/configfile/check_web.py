"""Sites, pools, rules of sources: what they name exists, no number has two owners, and each of them can be called."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pbx.config import Config, NumberPool, SourceRule
from pbx.config_web import MAIN
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import must_exist

MAX_POOL = 100_000
CONDITIONS = ("parameters", "landing", "referrer", "referrer_group", "channel", "always")
ROUTE = 'add a [[number]] with its trunks and an application, such as application = "flow:hotline"'


def check_web(config: Config) -> Iterator[Problem]:
    """Everything that the web side names."""
    yield from _sites(config)
    yield from _rules(config)
    yield from _pools(config)
    for index, masked in enumerate(config.masked_number):
        where = ("masked_number", index)
        yield from _site_of((*where, "site"), masked.site, config)
        yield from _is_number((*where, "number"), masked.number)


def pool_numbers(pool: NumberPool) -> list[str]:
    """The numbers of a pool, a range written out; [] for a range that is none."""
    if pool.numbers or not pool.first:
        return list(pool.numbers)
    sign = "+" if pool.first.startswith("+") else ""
    first, last = pool.first.removeprefix("+"), pool.last.removeprefix("+")
    if not (_digits(first) and _digits(last)) or len(first) != len(last) or not 0 <= int(last) - int(first) < MAX_POOL:
        return []
    return [f"{sign}{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]


def _sites(config: Config) -> Iterator[Problem]:
    keys: dict[str, str] = {}
    for index, site in enumerate(config.site_web):
        where = ("site_web", index)
        if site.key in keys:
            text = f"{site.key!r} is already the key of site {keys[site.key]!r}"
            yield Problem((*where, "key"), text, "give every site its own")
        keys.setdefault(site.key, site.name)
        if not site.origins:
            text = f"pages of site {site.name!r} would not be answered: it has no origin"
            yield Problem((*where, "origins"), text, 'write origins = ["https://shop.example"]')
        for at, origin in enumerate(site.origins):
            page = urlsplit(origin)
            if page.scheme not in ("http", "https") or not page.netloc or page.path or "*" in page.netloc[1:]:
                remedy = 'write "https://shop.example", or "https://*.shop.example" for its subdomains'
                yield Problem((*where, "origins", at), f"{origin!r} is no origin", remedy)
        for line, number in {MAIN: site.number, **site.lines}.items():
            key: Path = (*where, "number") if line == MAIN else (*where, "lines", line)
            if number or line != MAIN:
                yield from _is_number(key, number)


def _rules(config: Config) -> Iterator[Problem]:
    pools = [pool.name for pool in config.number_pool]
    for index, rule in enumerate(config.source_rule):
        where = ("source_rule", index)
        said = [name for name in CONDITIONS if getattr(rule, name)]
        if len(said) != 1:
            text = f"has the conditions {', '.join(said)}" if said else "has no condition"
            yield Problem(where, text, f"give it exactly one of {', '.join(CONDITIONS)}")
        if not (rule.number or rule.pool):
            yield Problem(where, f"rule {rule.name!r} shows nothing", "give it a number, a pool, or both")
        if rule.number:
            yield from _is_number((*where, "number"), rule.number)
        if rule.pool:
            yield from must_exist((*where, "pool"), rule.pool, pools, "number_pool")
        yield from _site_of((*where, "site"), rule.site, config)
        yield from _line_of((*where, "line"), rule, config)


def _pools(config: Config) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    shown = {(pool.site, pool.line): pool.name for pool in reversed(config.number_pool) if pool.site}
    static = {_plain(rule.number): f"source_rule {rule.name!r}" for rule in config.source_rule if rule.number}
    static |= {
        _plain(number): f"site {site.name!r}"
        for site in config.site_web
        for number in (site.number, *site.lines.values())
    }
    known = _Known(config)
    for index, pool in enumerate(config.number_pool):
        where = ("number_pool", index)
        numbers = pool_numbers(pool)
        if not numbers or (pool.numbers and (pool.first or pool.last)):
            remedy = f'write numbers = ["+48..."], or first and last of a range of at most {MAX_POOL} numbers'
            yield Problem(where, f"pool {pool.name!r} has no numbers, or two lists of them", remedy)
        yield from _site_of((*where, "site"), pool.site, config)
        yield from _line_of((*where, "line"), pool, config)
        if pool.site and shown[pool.site, pool.line] != pool.name:
            text = f"pool {shown[pool.site, pool.line]!r} is shown as {pool.line!r} on site {pool.site!r} already"
            yield Problem((*where, "site"), text, "leave site out and name the pool in a [[source_rule]]")
        for at, number in enumerate(numbers):
            key: Path = (*where, "numbers", at) if pool.numbers else (*where, "first")
            plain = _plain(number)
            owner = owners.get(plain) or static.get(plain, "")
            if owner:
                text = f"{number} belongs to {owner} already: its callers could not be told apart"
                yield Problem(key, text, "give every pool numbers of its own")
            owners.setdefault(plain, f"pool {pool.name!r}")
            if not known.leads(plain):
                yield Problem(key, f"{number} of pool {pool.name!r} leads nowhere when it is called", ROUTE)
            elif not _digits(plain):
                yield from _is_number(key, number)


class _Known:
    """Which numbers callers from outside reach."""

    def __init__(self, config: Config) -> None:
        self._all = any(trunk.application for trunk in config.trunk)
        entries = [entry for entry in config.number if entry.trunks]
        self._single = {_plain(entry.number) for entry in entries if not entry.last}
        self._ranges = [
            (len(first), int(first), int(last))
            for first, last in ((_plain(entry.number), _plain(entry.last)) for entry in entries if entry.last)
            if _digits(first) and _digits(last)
        ]
        # How exactly a pattern fits is the dial plan's matter (pbx.call.patterns): its fixed beginning decides here.
        self._patterns = [entry.number[1:].lstrip("+") for entry in entries if entry.number.startswith("_")]

    def leads(self, plain: str) -> bool:
        if self._all or plain in self._single:
            return True
        if not _digits(plain):
            return False
        value = int(plain)
        if any(len(plain) == length and first <= value <= last for length, first, last in self._ranges):
            return True
        return any(plain.startswith(_beginning(pattern)) for pattern in self._patterns)


def _beginning(pattern: str) -> str:
    for at, mark in enumerate(pattern):
        if not mark.isdigit():
            return pattern[:at]
    return pattern


def _site_of(path: Path, site: str, config: Config) -> Iterator[Problem]:
    if site:
        yield from must_exist(path, site, [entry.name for entry in config.site_web], "site_web")


def _line_of(path: Path, entry: SourceRule | NumberPool, config: Config) -> Iterator[Problem]:
    if entry.line == MAIN:
        return
    sites = [site for site in config.site_web if entry.site in ("", site.name)]
    known = sorted({MAIN, *(line for site in sites for line in site.lines)})
    yield from must_exist(path, entry.line, known, "line of a site")


def _is_number(path: Path, number: str) -> Iterator[Problem]:
    plain = number.removeprefix("+")
    if not _digits(plain) or not 3 <= len(plain) <= 18:
        yield Problem(path, f"{number!r} is no number", "write its digits: +48221234567")


def _plain(number: str) -> str:
    return number.removeprefix("+")


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
