"""What only this layer can check of a configuration: destinations, limits, hours and who confirms what."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pbx.call.identity import clean_number
from pbx.config import Config
from pbx.configfile.problem import Path, Problem
from pbx.contact.limits import read_limit
from pbx.contact.windows import CallingHours
from pbx.numbers.plan import is_country, mobile_example

ACCOUNT = "callback"  # the name of the account that pays, beside the extensions
SOME_DAY = 1_792_000_000.0  # UTC seconds in October 2026: hours repeat every week
COSTLY = ("premium", "shared_cost", "personal", "uan")


def check_callbacks(config: Config) -> list[Problem]:
    """The problems of [callback] and of [queue.callback]."""
    problems = [*_limits(config), *_destinations(config), *_hours(config), *_queues(config)]
    if config.callback.enabled:
        problems += _needs(config)
        if not problems:
            problems += _zones(config)
    return problems


def _needs(config: Config) -> Iterator[Problem]:
    """Calls have to have a way out, and an account of their own."""
    settings = config.callback
    if not (settings.countries or config.numbering.country):
        text = "callbacks are enabled, and no country's numbers may be called"
        yield Problem(("callback", "countries"), text, 'set numbering.country, or countries = ["PL"]')
    if not config.queue:
        yield Problem(("callback", "enabled"), "callbacks need a queue whose agents call", "add a [[queue]]")
    for index, extension in enumerate(config.extension):
        if extension.number == ACCOUNT:
            text = f"{ACCOUNT!r} is the account that callbacks are charged to"
            yield Problem(("extension", index, "number"), text, "give the extension another number")
    prices = [trunk for trunk in config.trunk if trunk.rates or trunk.rate_per_minute is not None]
    if (settings.money_per_day or settings.money_per_month) and not prices:
        key = "money_per_day" if settings.money_per_day else "money_per_month"
        text = "limits money, and no trunk has a price: no callback could be made"
        yield Problem(("callback", key), text, "set rates or rate_per_minute of the trunks")


def _limits(config: Config) -> Iterator[Problem]:
    for key in ("limits_per_number", "limits_per_source"):
        for position, text in enumerate(getattr(config.callback, key)):
            try:
                read_limit(text)
            except ValueError as error:
                yield Problem(("callback", key, position), str(error), 'for example "7/15m"')


def _destinations(config: Config) -> Iterator[Problem]:
    settings = config.callback
    for position, country in enumerate(settings.countries):
        if not is_country(country):
            yield Problem(("callback", "countries", position), f"{country!r} is no country", 'ISO 3166: "PL", "RU"')
    for position, kind in enumerate(settings.kinds):
        if kind in COSTLY and not (settings.money_per_day or settings.money_per_month):
            text = f"numbers of the kind {kind} may be called without a limit of money"
            yield Problem(("callback", "kinds", position), text, "set callback.money_per_day")
    for position, beginning in enumerate(settings.blocked):
        if not (beginning[:1] == "+" and beginning[1:].isascii() and beginning[1:].isdigit()):
            text = f"{beginning!r} is no beginning of an international number"
            yield Problem(("callback", "blocked", position), text, 'write "+4870"')
    for key in ("dial_prefix", "caller_id"):
        yield from _number(("callback", key), getattr(settings, key))


def _hours(config: Config) -> Iterator[Problem]:
    name = config.callback.hours
    found = next((entry for entry in config.hours if entry.name == name), None)
    if name and found is None:
        known = ", ".join(entry.name for entry in config.hours) or "none"
        yield Problem(("callback", "hours"), f"there are no hours {name!r}", f"known: {known}")
    elif found is not None and found.timezone:
        text = f"hours {name!r} have the zone {found.timezone}, and customers are called by their own clocks"
        yield Problem(("callback", "hours"), text, "name hours without a timezone")


def _zones(config: Config) -> Iterator[Problem]:
    """Countries whose mobile numbers may be in zones that no moment of the hours suits: nobody would ever be called."""
    settings = config.callback
    if not settings.hours:
        return  # from 08:00 to 21:00: half a day, and the widest country has eleven clocks
    homes = {settings.ambiguous_zone} | {queue.callback.ambiguous_zone for queue in config.queue} - {""}
    for home in sorted(homes):
        hours = CallingHours(config, hours=settings.hours, holidays=False, home=home)
        for country in settings.countries or filter(None, [config.numbering.country]):
            number = mobile_example(country)
            if number and math.isinf(hours.next_open(number, country.upper(), SOME_DAY)):
                text = f"no moment of the hours {settings.hours!r} suits all zones of mobile numbers of {country}"
                yield Problem(("callback", "ambiguous_zone"), text, 'wider hours, or a zone such as "Europe/Moscow"')


def _queues(config: Config) -> Iterator[Problem]:
    for index, queue in enumerate(config.queue):
        path: Path = ("queue", index, "callback")
        settings = queue.callback
        if settings.caller_id != "called":
            yield from _number((*path, "caller_id"), settings.caller_id)
        if settings.on and not config.callback.enabled:
            key = (*path, "on")
            yield Problem(key, "asks for callbacks, which are not enabled", "set callback.enabled = true")


def _number(path: Path, text: str) -> Iterator[Problem]:
    if text and (clean_number(text) != text or not any(mark.isdigit() for mark in text)):
        yield Problem(path, f"{text!r} is no number", "write digits, with + in front of a country code")
