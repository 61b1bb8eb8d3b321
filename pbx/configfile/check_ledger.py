"""Money: systems that are told of calls must be told whom they are, and shares must have their ages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pbx.config import Config, Crm
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import must_exist


def check_ledger(config: Config) -> Iterator[Problem]:
    settings = config.ledger
    if settings.rates and not settings.currency:
        yield Problem(("ledger", "rates"), "there is no currency to turn others into", 'write currency = "PLN"')
    if len(settings.cancel_share) > len(config.contacts.sla_s):
        text = f"there are {len(settings.cancel_share)} shares, and {len(config.contacts.sla_s)} ages in contacts.sla_s"
        yield Problem(("ledger", "cancel_share"), text, "write one share for each age, in their order")
    sites = [site.name for site in config.site_web]
    names: set[str] = set()
    for at, ga in enumerate(config.ga4):
        yield from _url(("ga4", at, "url"), ga.url)
        if not ga.measurement_id.startswith("G-"):
            yield Problem(("ga4", at, "measurement_id"), f"{ga.measurement_id!r} is none", 'it begins with "G-"')
        if not ga.api_secret:
            yield Problem(("ga4", at, "api_secret"), "it is empty", "make one under Measurement Protocol API secrets")
        if ga.value and not ga.currency:
            yield Problem(("ga4", at, "currency"), "a value needs one", 'write currency = "PLN"')
        if ga.site:
            yield from must_exist(("ga4", at, "site"), ga.site, sites, "site_web")
        yield from _once(("ga4", at, "measurement_id"), ga.measurement_id, names)
    for at, crm in enumerate(config.crm):
        yield from _url(("crm", at, "url"), crm.url)
        yield from _once(("crm", at, "name"), crm.name, names)
        numeric = crm.kind in ("bitrix24", "amocrm")
        if crm.kind == "bitrix24" and crm.tasks and not crm.responsible:
            yield Problem(("crm", at, "responsible"), "a task needs somebody", "write the id of a user of Bitrix24")
        yield from _access(("crm", at), crm)
        for who in (crm.responsible, *crm.agents.values()):
            if numeric and who and not (who.isascii() and who.isdigit()):
                yield Problem(("crm", at, "agents"), f"{who!r} is no id of a user", "write its number")
        for extension in crm.agents:
            known = [entry.number for entry in config.extension]
            yield from must_exist(("crm", at, "agents"), extension, known, "extension")


def _access(path: Path, crm: Crm) -> Iterator[Problem]:
    """By which tokens a CRM is asked."""
    if crm.oauth_url:
        yield from _url((*path, "oauth_url"), crm.oauth_url)
    if not crm.client_id:
        if crm.kind == "amocrm" and not crm.token:
            remedy = "write a long-lived token, or client_id and what belongs to it"
            yield Problem((*path, "token"), "amoCRM answers nobody without one", remedy)
        return
    if crm.kind == "generic":
        yield Problem((*path, "client_id"), "a webhook has no application", "leave it out, or write the kind of CRM")
    if crm.token:
        yield Problem((*path, "token"), "is another way in than client_id", "leave one of them out")
    wanted = ["client_secret", "refresh_token", *(["redirect_uri"] if crm.kind == "amocrm" else [])]
    for name in wanted:
        if not getattr(crm, name):
            yield Problem((*path, name), "is missing", "write what the application shows in the CRM")


def _once(path: Path, name: str, names: set[str]) -> Iterator[Problem]:
    if name in names:
        yield Problem(path, f"{name!r} is there twice", "give each its own")
    names.add(name)


def _url(path: Path, url: str) -> Iterator[Problem]:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        yield Problem(path, f"{url!r} is no address of the web", 'write "https://..."')
    elif parts.scheme == "http" and not _local(parts.hostname):
        yield Problem(path, "secrets would go there in the clear", 'write "https://..."')


def _local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
