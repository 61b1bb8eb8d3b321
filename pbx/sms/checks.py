"""What only this layer can check of a configuration: gateways, templates, limits, hours, and who names a template."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pbx.config import Config
from pbx.config_sms import SmsGateway
from pbx.configfile.problem import Path, Problem
from pbx.contact.limits import read_limit
from pbx.numbers.plan import is_country
from pbx.sms.templates import TextError, links, names

NAME_LENGTH = 11  # of a sender that is a name (3GPP TS 23.040, 9.1.2.5)
SYSTEM_ID = 15  # characters (section 5.2.1)
PASSWORD = 32  # section 5.2.2 says 8, and many servers take more
HOOK_NAMES = ("company", "queue", "caller", "called")
QUEUE_NAMES = (*HOOK_NAMES, "wait_min")
CONTACT_NAMES = (*HOOK_NAMES, "name")
WEB_NAMES = (*CONTACT_NAMES, "slot")
REMEDY = 'text = { pl = "...", en = "..." }'


def check_sms(config: Config) -> list[Problem]:
    """The problems of [sms], and of all that names a template."""
    found = [*_gateways(config), *_templates(config), *_limits(config), *_hours(config), *_hooks(config)]
    return found + list(_needs(config)) if config.sms.enabled else found


def _needs(config: Config) -> Iterator[Problem]:
    settings = config.sms
    if not settings.gateway:
        yield Problem(("sms", "enabled"), "messages need a gateway", "add an [[sms.gateway]]")
    if not (settings.countries or config.numbering.country):
        text = "messages are enabled, and no country's numbers may be written to"
        yield Problem(("sms", "countries"), text, 'set numbering.country, or countries = ["PL"]')
    if settings.queue and settings.queue not in {queue.name for queue in config.queue}:
        yield Problem(("sms", "queue"), f"there is no queue {settings.queue!r}", "name a [[queue]]")


def _gateways(config: Config) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, gateway in enumerate(config.sms.gateway):
        path: Path = ("sms", "gateway", index)
        if gateway.name in seen or not gateway.name.replace("-", "").replace("_", "").isalnum():
            text = f"{gateway.name!r} is no name of its own"
            yield Problem((*path, "name"), text, "letters, digits, - and _; each name once")
        seen.add(gateway.name)
        yield from _sender((*path, "sender"), gateway.sender)
        yield from _smpp(path, gateway) if gateway.kind == "smpp" else _http(path, gateway, config)
        limits = gateway.money_per_day or gateway.money_per_month
        if limits and not gateway.price_per_part:
            text = "limits money, and has no price"
            yield Problem((*path, "price_per_part"), text, "set price_per_part")
    priced = {gateway.currency for gateway in config.sms.gateway if gateway.price_per_part}
    if (config.sms.money_per_day or config.sms.money_per_month) and len(priced) > 1:
        text = f"limits money over several currencies: {', '.join(sorted(priced))}"
        yield Problem(("sms", "money_per_day"), text, "limit the gateways one by one")


def _smpp(path: Path, gateway: SmsGateway) -> Iterator[Problem]:
    if not gateway.host:
        yield Problem((*path, "host"), "SMPP needs the host of its server", 'host = "smsc.example:2775"')
    elif ":" in gateway.host and not gateway.host.rpartition(":")[2].isdigit():
        yield Problem((*path, "host"), f"{gateway.host!r} has no port", 'host = "smsc.example:2775"')
    for key, most in (("system_id", SYSTEM_ID), ("password", PASSWORD)):
        value = getattr(gateway, key)
        if len(value) > most or not value.isascii():
            yield Problem((*path, key), f"has {len(value)} characters", f"SMPP allows {most}, ASCII only")
    if not gateway.system_id:
        yield Problem((*path, "system_id"), "SMPP needs a system_id", "the carrier gives it")


def _http(path: Path, gateway: SmsGateway, config: Config) -> Iterator[Problem]:
    if gateway.url and (urlsplit(gateway.url).scheme not in ("http", "https") or not urlsplit(gateway.url).hostname):
        yield Problem((*path, "url"), f"{gateway.url!r} is no address", 'write "https://api.example"')
    if not gateway.token:
        yield Problem((*path, "token"), f"{gateway.kind} needs a token", "the service gives it")
    if gateway.kind == "twilio" and not gateway.account:
        yield Problem((*path, "account"), "twilio needs the account's SID", 'account = "AC..."')
    if gateway.kind == "twilio" and not gateway.sender:
        yield Problem(
            (*path, "sender"), "twilio needs a sender", "a number of yours, or the SID of a messaging service"
        )
    if gateway.kind == "smsapi" and config.sms.public_url and len(gateway.callback_secret) < 16:
        text = "SMSAPI signs nothing: whoever guesses the address could report in its name"
        yield Problem((*path, "callback_secret"), text, "at least 16 characters, such as `openssl rand -hex 16`")


def _sender(path: Path, sender: str) -> Iterator[Problem]:
    is_name = not sender.removeprefix("+").isdigit() and not sender.startswith("MG")
    if is_name and (len(sender) > NAME_LENGTH or not sender.isascii()):
        text = f"{sender!r} is no number and has {len(sender)} characters"
        yield Problem(path, text, f"a name has at most {NAME_LENGTH}, ASCII only")


def _templates(config: Config) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, template in enumerate(config.sms.template):
        path: Path = ("sms", "template", index)
        if template.name in seen or not template.name:
            yield Problem((*path, "name"), f"the name {template.name!r} is there twice", "give each its own")
        seen.add(template.name)
        if not template.text or not all(template.text.values()):
            yield Problem((*path, "text"), "a template needs its text", REMEDY)
        for language, text in template.text.items():
            try:
                names(text)
            except TextError as error:
                yield Problem((*path, "text", language), str(error))
                continue
            for url in links(text):
                if urlsplit(url).scheme not in ("http", "https"):
                    yield Problem((*path, "text", language), f"{url!r} is no address", "write {link:https://...}")
        yield from _sender((*path, "sender"), template.sender)


def _limits(config: Config) -> Iterator[Problem]:
    for key in ("limits_per_number", "limits_per_source", "pumping"):
        for position, text in enumerate(getattr(config.sms, key)):
            try:
                read_limit(text)
            except ValueError as error:
                yield Problem(("sms", key, position), str(error), 'for example "5/1h"')
    for position, country in enumerate(config.sms.countries):
        if not is_country(country):
            yield Problem(("sms", "countries", position), f"{country!r} is no country", 'ISO 3166: "PL", "RU"')
    for position, beginning in enumerate(config.sms.blocked):
        if not (beginning[:1] == "+" and beginning[1:].isascii() and beginning[1:].isdigit()):
            text = f"{beginning!r} is no beginning of an international number"
            yield Problem(("sms", "blocked", position), text, 'write "+4870"')
    url = config.sms.public_url
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname or urlsplit(url).query):
        yield Problem(("sms", "public_url"), f"{url!r} is no address", 'write "https://pbx.example"')


def _hours(config: Config) -> Iterator[Problem]:
    name = config.sms.hours
    found = next((entry for entry in config.hours if entry.name == name), None)
    if name and found is None:
        known = ", ".join(entry.name for entry in config.hours) or "none"
        yield Problem(("sms", "hours"), f"there are no hours {name!r}", f"known: {known}")
    elif found is not None and found.timezone:
        text = f"hours {name!r} have the zone {found.timezone}, and customers are written to by their own clocks"
        yield Problem(("sms", "hours"), text, "name hours without a timezone")


def _hooks(config: Config) -> Iterator[Problem]:
    for index, queue in enumerate(config.queue):
        for key in ("sms_on_timeout", "sms_on_abandon"):
            yield from _hook(config, ("queue", index, key), getattr(queue, key), QUEUE_NAMES)
    yield from _hook(config, ("sms", "on_missed"), config.sms.on_missed, CONTACT_NAMES)
    yield from _hook(config, ("callback", "sms_on_failure"), config.callback.sms_on_failure, CONTACT_NAMES)
    for index, site in enumerate(config.site_web):
        for key in ("sms_on_failure", "sms_on_schedule"):
            yield from _hook(config, ("site_web", index, "widget", key), getattr(site.widget, key), WEB_NAMES)


def _hook(config: Config, path: Path, name: str, values: tuple[str, ...]) -> Iterator[Problem]:
    """A template that is sent by itself may need only what is known then."""
    if not name:
        return
    if not config.sms.enabled:
        yield Problem(path, "asks for messages, which are not enabled", "set sms.enabled = true")
    template = next((entry for entry in config.sms.template if entry.name == name), None)
    if template is None:
        known = ", ".join(entry.name for entry in config.sms.template) or "none"
        yield Problem(path, f"there is no template {name!r}", f"templates: {known}")
        return
    for text in template.text.values():
        try:
            unknown = [each for each in names(text) if each not in values]
        except TextError:  # told where the template is
            continue
        if unknown:
            why = f"template {name!r} needs {', '.join(unknown)}, which nobody knows then"
            yield Problem(path, why, f"known: {', '.join(values)}")
