"""Which number a call out shows, and how a carrier is told: From, P-Asserted-Identity, Privacy (RFC 3323, RFC 3325)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pbx.call.identity import address, clean_number, uri_user

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.trunks.trunk import Trunk
    from pbx.config import CallerId, Config, Extension, Site

ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'
VARIABLE = "caller_id"  # of a call: a feature says which number its calls show, before everything else
TAG = "tag"  # of a call: what it is made for, when that is not what was dialled


class Shown(NamedTuple):
    """Who a call out comes from, as the called party sees it."""

    name: str
    number: str
    withheld: bool = False


class Presented(NamedTuple):
    """The From value, and further header lines."""

    from_: str
    headers: tuple[str, ...] = ()


class CallerIds:
    """Chooses the number: what a feature set, the tag's, the paying extension's, the trunk's, the caller's own."""

    def __init__(self, config: Config) -> None:
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on as `config` says."""
        self._by_tag: Mapping[str, CallerId] = {entry.tag: entry for entry in config.caller_id}
        self._sites: Mapping[str, Site] = {site.name: site for site in config.site}

    def site_of(self, payer: Extension | None) -> Site | None:
        """Where the phone stands."""
        return self._sites.get(payer.site) if payer is not None and payer.site else None

    def shown(self, call: Call, trunk: Trunk, payer: Extension | None) -> Shown:
        """What an ordinary call shows on `trunk`."""
        name, number = call.caller_name, ""
        chosen = call.variables.get(VARIABLE) if call.variables else None
        tag = (call.variables.get(TAG) if call.variables else None) or call.setup.tag
        entry = self._by_tag.get(tag) if tag else None
        if chosen:
            number = clean_number(str(chosen))
        elif entry is not None:
            name, number = entry.name or name, entry.number
        elif payer is not None and payer.caller_id:
            number = payer.caller_id
        elif (site := self.site_of(payer)) is not None:
            number = site.caller_id
        number = allowed(number, trunk) or trunk.caller_id or allowed(call.caller, trunk)
        withheld = call.setup.withheld or (payer is not None and payer.withhold_number)
        return Shown(name, trunk.written_caller(number), withheld)

    def shown_in_emergency(self, call: Call, trunk: Trunk, payer: Extension | None) -> Shown:
        """What an emergency call shows: the site's number, never withheld."""
        site = self.site_of(payer)
        if site is None or not site.emergency_caller_id:
            return self.shown(call, trunk, payer)._replace(withheld=False)
        return Shown(call.caller_name, trunk.written_caller(site.emergency_caller_id))


def allowed(number: str, trunk: Trunk) -> str:
    """`number` if the carrier accepts it as a caller ID; else the first exact number that it accepts, or ""."""
    patterns: Sequence[str] = trunk.config.caller_ids
    if not patterns or not number:
        return number
    plain = trunk.plan.e164(number) or number
    for pattern in patterns:
        if plain == pattern or (pattern.endswith("*") and plain.startswith(pattern[:-1])):
            return number
    return next((pattern for pattern in patterns if not pattern.endswith("*")), "")


def present(shown: Shown, trunk: Trunk) -> Presented:
    """The headers that tell the carrier, in the way that it wants to be told."""
    how = trunk.config.identity
    plain = address(shown.name, shown.number, trunk.domain)
    if how == "from" and not shown.withheld:
        return Presented(plain)
    headers: list[str] = []
    if how == "p-asserted-identity":
        headers.append(f"P-Asserted-Identity: {plain}")
    elif how == "p-preferred-identity":
        headers.append(f"P-Preferred-Identity: {plain}")
    elif how == "remote-party-id":
        privacy = "full" if shown.withheld else "off"
        headers.append(f"Remote-Party-ID: {plain};party=calling;screen=yes;privacy={privacy}")
    if not shown.withheld:
        return Presented(plain, tuple(headers))
    headers.append("Privacy: id")
    return Presented(ANONYMOUS, tuple(headers))


def contact_user(shown: Shown, trunk: Trunk) -> str:
    """The user part of our Contact: what the carrier knows us by, and nothing of who withholds the number."""
    if trunk.username:
        return uri_user(clean_number(trunk.username))
    return "" if shown.withheld else uri_user(clean_number(shown.number))
