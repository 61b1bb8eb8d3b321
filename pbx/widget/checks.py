"""Widgets of sites: their queues, hours, countries and messages exist, and callbacks are on."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config
from pbx.config_web import WebSite
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import must_exist
from pbx.contact.limits import read_limit
from pbx.numbers.masks import mask_of
from pbx.widget.texts import NAMES


def check_widgets(config: Config) -> list[Problem]:
    """The problems of every [site_web.widget]."""
    found: list[Problem] = []
    for index, site in enumerate(config.site_web):
        if site.widget.enabled:
            found += _widget(config, site, ("site_web", index, "widget"))
    return found


def _widget(config: Config, site: WebSite, where: Path) -> Iterator[Problem]:
    widget = site.widget
    if not config.callback.enabled:
        yield Problem((*where, "enabled"), "nobody would call back", "set callback.enabled = true")
    if not widget.departments:
        text = f"the widget of site {site.name!r} has no department"
        yield Problem((*where, "departments"), text, 'write departments = [{queue = "sales"}]')
    queues = [queue.name for queue in config.queue]
    for at, department in enumerate(widget.departments):
        yield from must_exist((*where, "departments", at, "queue"), department.queue, queues, "queue")
        if len(widget.departments) > 1 and not department.title:
            text = f"visitors choose between departments, and {department.queue!r} has no title"
            yield Problem((*where, "departments", at, "title"), text, 'write title = {en = "Sales"}')
    if widget.hours:
        hours = [entry.name for entry in config.hours]
        yield from must_exist((*where, "hours"), widget.hours, hours, "hours")
    for at, code in enumerate(widget.countries):
        if mask_of(code) is None:
            yield Problem((*where, "countries", at), f"{code!r} is no country", 'ISO 3166: "PL", "RU"')
    if not (widget.countries or config.callback.countries or site.country or config.numbering.country):
        text = "the widget does not know the numbers of which country it takes"
        yield Problem((*where, "countries"), text, 'write countries = ["PL"]')
    yield from _limits(config, site, where)
    for language, texts in widget.texts.items():
        for name in texts:
            if name not in NAMES:
                yield Problem(
                    (*where, "texts", language, name),
                    f"there is no text {name!r}",
                    f"one of {', '.join(sorted(NAMES))}",
                )


def _limits(config: Config, site: WebSite, where: Path) -> Iterator[Problem]:
    for key in ("limits_per_visitor", "limits_per_number"):
        for at, text in enumerate(getattr(site.widget, key)):
            try:
                read_limit(text)
            except ValueError as error:
                yield Problem((*where, key, at), str(error), 'for example "3/60m"')
    prices = any(trunk.rates or trunk.rate_per_minute is not None for trunk in config.trunk)
    if site.widget.money_per_day and not prices:
        text = "limits money, and no trunk has a price: it would never be reached"
        yield Problem((*where, "money_per_day"), text, "set rates or rate_per_minute of the trunks")
