"""What one section may not say because of another: duplicates, references to what is not there, numbers that overlap.

Each function takes the whole configuration and yields problems; `cross_check` is the list of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from pbx.config import Config, Number
from pbx.configfile.check_agents import check_agents, check_breaks, check_teams, check_wrapup
from pbx.configfile.check_api import check_api
from pbx.configfile.check_blocks import check_blocks
from pbx.configfile.check_caller_id import unknown_callers
from pbx.configfile.check_comfort import check_comfort
from pbx.configfile.check_contacts import check_contacts
from pbx.configfile.check_distribution import check_caller_lists, check_distribution, idle_skills
from pbx.configfile.check_features import (
    check_groups,
    check_incall,
    check_rooms_and_lots,
    check_sites,
    check_supervisors,
)
from pbx.configfile.check_ledger import check_ledger
from pbx.configfile.check_network import check_addresses, check_peers, check_ports, check_speech_and_store
from pbx.configfile.check_selftest import check_selftests
from pbx.configfile.check_speech import check_speech
from pbx.configfile.check_time import check_hours, check_timezone
from pbx.configfile.check_transport import (
    check_certificate_names,
    check_dns,
    check_origins,
    check_service_route,
    check_tls,
)
from pbx.configfile.check_trunks import (
    check_emergency,
    check_number_ranges,
    check_routes_out,
    check_screening,
    check_trunks,
)
from pbx.configfile.check_voicemail import check_announcements, check_voicemail
from pbx.configfile.check_web import check_web
from pbx.configfile.problem import Problem
from pbx.configfile.recording_key import check_recordings
from pbx.configfile.references import check_application, must_exist

BLOCK_LISTS = ("calendar", "rota", "pin_list", "dealer", "partner")
WEB_LISTS = ("site_web", "source_rule", "number_pool", "masked_number")


def cross_check(config: Config) -> list[Problem]:
    """Every contradiction of the configuration; an empty list when it may be used."""
    return [problem for check in CHECKS for problem in check(config)]


def warn(config: Config) -> list[Problem]:
    """What may be used but should be looked at."""
    return [
        *_weak_secrets(config),
        *_idle_agents(config),
        *_small_port_range(config),
        *_open_keys(config),
        *idle_skills(config),
        *unknown_callers(config),
    ]


def check_duplicates(config: Config) -> Iterator[Problem]:
    """A name or number given twice: only one of the two would be reached."""
    lists: list[tuple[str, str, list[str]]] = [
        ("extension", "number", [entry.number for entry in config.extension]),
        ("trunk", "name", [entry.name for entry in config.trunk]),
        ("number", "number", [entry.number for entry in config.number]),
        ("agent", "extension", [entry.extension for entry in config.agent]),
        ("queue", "name", [entry.name for entry in config.queue]),
        ("break_reason", "name", [entry.name for entry in config.break_reason]),
        ("team", "name", [entry.name for entry in config.team]),
        ("shift", "name", [entry.name for entry in config.shift]),
        ("caller_list", "name", [entry.name for entry in config.caller_list]),
        ("flow", "name", [entry.name for entry in config.flow]),
        ("hours", "name", [entry.name for entry in config.hours]),
        *((name, "name", [entry.name for entry in getattr(config, name)]) for name in BLOCK_LISTS),
        ("route", "match", [f"{entry.match} {entry.hours}".strip() for entry in config.route]),
        ("room", "name", [entry.name for entry in config.room]),
        ("group", "name", [entry.name for entry in config.group]),
        ("page", "name", [entry.name for entry in config.page]),
        ("parking", "name", [entry.name for entry in config.parking]),
        ("site", "name", [entry.name for entry in config.site]),
        ("voicemail", "name", [entry.name for entry in config.voicemail]),
        ("selftest", "name", [entry.name for entry in config.selftest]),
        ("screen_pop", "name", [entry.name for entry in config.screen_pop]),
        ("announcement", "name", [entry.name for entry in config.announcement]),
        *((name, "name", [entry.name for entry in getattr(config, name)]) for name in WEB_LISTS),
    ]
    for section, key, names in lists:
        seen: dict[str, int] = {}
        for index, name in enumerate(names):
            if name in seen:
                text = f"{name!r} is already used by {section}[{seen[name]}]"
                yield Problem((section, index, key), text, "give every entry its own")
            elif name == "":
                yield Problem((section, index, key), "is empty", "write a name or number")
            seen.setdefault(name, index)
    for index, queue in enumerate(config.queue):
        for name, count in Counter(queue.agents).items():
            if count > 1:
                yield Problem(("queue", index, "agents"), f"lists {name!r} {count} times", "list every agent once")


def check_dial_plan(config: Config) -> Iterator[Problem]:
    """One dialled string, one meaning: extensions, numbers and feature codes may not overlap."""
    owner = {entry.number: f"extension[{index}]" for index, entry in enumerate(config.extension)}
    for index, entry in enumerate(config.number):
        if entry.internal and entry.number in owner:
            text = f"{entry.number!r} is also {owner[entry.number]}, so a phone that dials it could mean either"
            remedy = "change one of them, or set internal = false for a number that only trunks reach"
            yield Problem(("number", index, "number"), text, remedy)
        elif entry.internal:
            owner[entry.number] = f"number[{index}]"
    for key, code in config.features:
        if not code:
            continue
        if code in owner:
            text = f"{code!r} is also {owner[code]}"
            yield Problem(("features", key), text, 'choose another code, or "" to turn it off')
        owner[code] = f"features.{key}"
    for index, extension in enumerate(config.extension):
        if any(not (mark.isalnum() or mark in "._-+") for mark in extension.number):
            text = f"{extension.number!r} cannot be the user part of a SIP address"
            yield Problem(("extension", index, "number"), text, "use digits, letters, dot, dash or underscore")
        if not extension.secret:
            yield Problem(
                ("extension", index, "secret"), "is empty", "give the phone a password of 12 or more characters"
            )


def check_references(config: Config) -> Iterator[Problem]:
    """Names of trunks, hours and applications that are used must exist."""
    trunks = [entry.name for entry in config.trunk]
    for index, route in enumerate(config.route):
        if route.trunk:
            yield from must_exist(("route", index, "trunk"), route.trunk, trunks, "trunk")
    for index, number in enumerate(config.number):
        for position, name in enumerate(number.trunks):
            yield from must_exist(("number", index, "trunks", position), name, trunks, "trunk")
        yield from check_application(("number", index, "application"), number.application, config)
        yield from _conditions(index, number, config)
        if not number.internal and not number.trunks:
            text = "can be reached neither from a phone nor from a trunk"
            yield Problem(("number", index), text, "set internal = true or list trunks")
    for index, trunk in enumerate(config.trunk):
        if trunk.application:
            yield from check_application(("trunk", index, "application"), trunk.application, config)


def _conditions(index: int, number: Number, config: Config) -> Iterator[Problem]:
    """Hours of a number need somewhere to go outside them."""
    for key in ("closed", "holiday"):
        application = getattr(number, key)
        if application:
            yield from check_application(("number", index, key), application, config)
    if number.hours:
        hours = [entry.name for entry in config.hours]
        yield from must_exist(("number", index, "hours"), number.hours, hours, "hours")
        if not number.closed:
            text = f"number {number.number!r} has hours and says nothing for the time outside them"
            yield Problem(("number", index, "closed"), text, 'name an application: closed = "flow:closed"')


def check_routes(config: Config) -> Iterator[Problem]:
    """A route needs a trunk that can be called out on; forwarding needs a target that can be dialled."""
    hosts = {entry.name: entry.host for entry in config.trunk}
    for index, route in enumerate(config.route):
        if hosts.get(route.trunk) == "":
            text = f"sends calls to trunk {route.trunk!r}, which has no host"
            yield Problem(("route", index, "trunk"), text, 'give the trunk `host = "carrier.example"`')
    targets = {entry.number for entry in config.extension} | {entry.number for entry in config.number if entry.internal}
    for index, extension in enumerate(config.extension):
        for key in ("forward_always", "forward_busy", "forward_no_answer", "forward_unregistered"):
            target = getattr(extension, key)
            if not target or target in targets:
                continue
            if not any(target.startswith(route.match) or route.match.startswith("_") for route in config.route):
                text = f"{target!r} is no extension, no number, and no route matches it"
                yield Problem(("extension", index, key), text, "name an extension or number, or add a [[route]]")
            elif not extension.outbound:
                text = f"{target!r} leaves through a trunk, which extension {extension.number} may not use"
                yield Problem(("extension", index, key), text, "set outbound = true for this extension")


def check_flows(config: Config) -> Iterator[Problem]:
    """A flow is of one kind: blocks with a start among them, a file, Python, or from the database."""
    ways = 'write [flow.block.NAME] tables, file = "NAME.json", python = "package.module:coroutine" or published = true'
    for index, flow in enumerate(config.flow):
        given = {"blocks": flow.block, "a file": flow.file, "python": flow.python, "published": flow.published}
        said = [name for name, value in given.items() if value]
        if len(said) != 1:
            text = f"has both {' and '.join(said)}" if said else "has neither blocks nor python, file or published"
            yield Problem(("flow", index), text, ways)
        elif flow.block and flow.start not in flow.block:
            yield from must_exist(("flow", index, "start"), flow.start, list(flow.block), "block of this flow")


CHECKS: Sequence[Callable[[Config], Iterator[Problem]]] = (
    check_duplicates,
    check_dial_plan,
    check_references,
    check_routes,
    check_contacts,
    check_agents,
    check_teams,
    check_breaks,
    check_wrapup,
    check_groups,
    check_rooms_and_lots,
    check_sites,
    check_supervisors,
    check_incall,
    check_comfort,
    check_distribution,
    check_caller_lists,
    check_blocks,
    check_flows,
    check_ports,
    check_addresses,
    check_peers,
    check_speech_and_store,
    check_speech,
    check_recordings,
    check_tls,
    check_certificate_names,
    check_dns,
    check_service_route,
    check_origins,
    check_api,
    check_trunks,
    check_routes_out,
    check_number_ranges,
    check_emergency,
    check_screening,
    check_timezone,
    check_hours,
    check_voicemail,
    check_announcements,
    check_selftests,
    check_web,
    check_ledger,
)


def _weak_secrets(config: Config) -> Iterator[Problem]:
    for index, entry in enumerate(config.extension):
        if entry.secret and (len(entry.secret) < 8 or entry.secret == entry.number):
            text = f"the password of extension {entry.number} is easy to guess"
            yield Problem(("extension", index, "secret"), text, "use 12 or more random characters")


def _idle_agents(config: Config) -> Iterator[Problem]:
    for index, queue in enumerate(config.queue):
        if not queue.agents and not queue.teams:
            yield Problem(("queue", index, "agents"), f"queue {queue.name!r} has no agents", "callers will only wait")


def _open_keys(config: Config) -> Iterator[Problem]:
    """SRTP keys in SDP are worth what protects the SIP that carries them (RFC 4568 section 8)."""
    if config.http.listen_tls or any(listen.startswith("tls:") for listen in config.sip.listen):
        return
    said = {
        **{("extension", index): entry.media_encryption for index, entry in enumerate(config.extension)},
        **{("trunk", index): entry.media_encryption for index, entry in enumerate(config.trunk)},
    }
    for place, policy in said.items():
        if policy in ("sdes", "optional"):
            text = f"{policy!r} puts keys into SIP, and no listener encrypts that"
            yield Problem((*place, "media_encryption"), text, 'add "tls:0.0.0.0:5061" to sip.listen')


def _small_port_range(config: Config) -> Iterator[Problem]:
    pairs = (config.media.port_max - config.media.port_min + 1) // 2
    if pairs < min(config.sip.max_calls, 100):
        text = f"the RTP range holds {pairs} streams (a bridged call takes two), fewer than sip.max_calls may need"
        yield Problem(("media", "port_max"), text, "widen the range; above it calls are refused with 503")
