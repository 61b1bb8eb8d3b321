"""Which rule decides what a visitor is shown: landing parameter or page, referrer, group of referrers, channel, always.

Within one kind the first that is written wins. Where none fits, the site's own pool is next, and then its number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from pbx.config import Config, SourceRule
from pbx.tracking.addresses import Page
from pbx.tracking.sources import Source


class Touch(NamedTuple):
    """What rules look at."""

    landing: Page
    referrer: Page
    source: Source


class Choice(NamedTuple):
    """What a visitor is to be shown as one logical number."""

    pool: str  # "": none
    number: str  # of the channel, for the time when the pool has none; "": none
    default: str  # that stands in the page
    rule: SourceRule | None


def _by_landing(rule: SourceRule, touch: Touch) -> bool:
    if rule.parameters:
        said = touch.landing.parameters
        return all(
            said.get(name) == value or (value == "*" and name in said) for name, value in rule.parameters.items()
        )
    return any(fnmatchcase(touch.landing.path, path) for path in rule.landing)


def _by_referrer(rule: SourceRule, touch: Touch) -> bool:
    host, path = touch.referrer.host.removeprefix("www."), touch.referrer.path
    return bool(host) and any(_is_referrer(text, host, path) for text in rule.referrer)


def _is_referrer(text: str, host: str, path: str) -> bool:
    wanted, slash, rest = text.partition("/")
    if not fnmatchcase(host, wanted.removeprefix("www.").lower()):
        return False
    return not slash or fnmatchcase(path, f"/{rest}")


ORDER: Sequence[tuple[Callable[[SourceRule], object], Callable[[SourceRule, Touch], bool]]] = (
    (lambda rule: rule.parameters or rule.landing, _by_landing),
    (lambda rule: rule.referrer, _by_referrer),
    (lambda rule: rule.referrer_group, lambda rule, touch: touch.source.group in rule.referrer_group),
    (lambda rule: rule.channel, lambda rule, touch: touch.source.channel in rule.channel),
    (lambda rule: rule.always, lambda _rule, _touch: True),
)


class Rules:
    """All rules of the configuration, by site and logical number, in the order in which they are asked."""

    def __init__(self, config: Config) -> None:
        self._rules: dict[tuple[str, str], list[tuple[SourceRule, Callable[[SourceRule, Touch], bool]]]] = {}
        self._pools: dict[tuple[str, str], str] = {}
        for pool in config.number_pool:
            if pool.site:
                self._pools[pool.site, pool.line] = pool.name
        self._defaults: dict[tuple[str, str], str] = {}
        for site in config.site_web:
            for line, number in {"main": site.number, **site.lines}.items():
                self._defaults[site.name, line] = number
                self._rules[site.name, line] = list(_ordered(config.source_rule, site.name, line))

    def choose(self, site: str, line: str, touch: Touch) -> Choice | None:
        """None for a logical number that the site does not have."""
        default = self._defaults.get((site, line))
        if default is None:
            return None
        for rule, fits in self._rules[site, line]:
            if fits(rule, touch):
                number = rule.number or (self._channel_number(site, line, touch) if rule.pool else "")
                return Choice(rule.pool, number, default, rule)
        return Choice(self._pools.get((site, line), ""), "", default, None)

    def _channel_number(self, site: str, line: str, touch: Touch) -> str:
        """The number of the channel that holds in for a rule's empty pool."""
        fitting = (rule.number for rule, fits in self._rules[site, line] if rule.number and fits(rule, touch))
        return next(fitting, "")


def _ordered(
    rules: Iterable[SourceRule], site: str, line: str
) -> Iterable[tuple[SourceRule, Callable[[SourceRule, Touch], bool]]]:
    mine = [rule for rule in rules if rule.line == line and rule.site in ("", site)]
    for has, fits in ORDER:
        yield from ((rule, fits) for rule in mine if has(rule))
