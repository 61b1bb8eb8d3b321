"""The call features: members, targets and names that must exist, and settings that would contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config
from pbx.configfile.check_time import check_zone
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import check_application, must_exist

MAX_MEMBERS = 64  # pbx.call.ringing


def check_groups(config: Config) -> Iterator[Problem]:
    """Members of ring and page groups can be rung, follow-me steps too; who rings outside says who pays."""
    extensions = {entry.number: entry for entry in config.extension}
    for index, group in enumerate(config.group):
        if not group.members:
            yield Problem(("group", index, "members"), "is empty: nobody would ring", "list extensions or numbers")
        if len(group.members) > MAX_MEMBERS:
            text = f"lists {len(group.members)} phones, and {MAX_MEMBERS} can ring for one call"
            yield Problem(("group", index, "members"), text, "use a queue, or several groups with no_answer")
        outside = [member for member in group.members if member not in extensions]
        if outside:
            yield from _payer(("group", index, "account"), group.account, outside[0], config)
        if group.no_answer:
            yield from check_application(("group", index, "no_answer"), group.no_answer, config)
            if group.no_answer == f"group:{group.name}":
                yield Problem(("group", index, "no_answer"), "leads back to the same group", "name another application")
    for index, page in enumerate(config.page):
        if not page.members:
            yield Problem(("page", index, "members"), "is empty: nobody would hear", "list extensions")
        for key in ("members", "callers"):
            for position, number in enumerate(getattr(page, key)):
                yield from must_exist(("page", index, key, position), number, list(extensions), "extension")
    for index, extension in enumerate(config.extension):
        for position, step in enumerate(extension.follow_me):
            if step.target not in extensions:
                path = ("extension", index, "follow_me", position, "target")
                yield from _reachable(path, extension.number, step.target, config)


def check_rooms_and_lots(config: Config) -> Iterator[Problem]:
    """PINs tell moderators from the others; slots of park lots belong to nobody else."""
    extensions = [entry.number for entry in config.extension]
    for index, room in enumerate(config.room):
        for key in ("pin", "moderator_pin"):
            pin = getattr(room, key)
            if pin and not (pin.isascii() and pin.isdigit()):
                yield Problem(("room", index, key), "holds what no phone can enter", "use digits only")
        if room.pin and room.pin == room.moderator_pin:
            yield Problem(("room", index, "moderator_pin"), "is the same as pin", "give moderators another")
        if (room.wait_for_moderator or room.end_with_moderator) and not (room.moderator_pin or room.moderators):
            text = f"room {room.name!r} waits for a moderator, and nobody can be one"
            yield Problem(("room", index), text, "set moderator_pin, or list extensions in moderators")
        for position, number in enumerate(room.moderators):
            yield from must_exist(("room", index, "moderators", position), number, extensions, "extension")


def check_sites(config: Config) -> Iterator[Problem]:
    """Sites have zones of the tz database; routes name hours that exist."""
    for index, site in enumerate(config.site):
        if site.timezone:
            yield from check_zone(("site", index, "timezone"), site.timezone)
    hours = [entry.name for entry in config.hours]
    for index, route in enumerate(config.route):
        if route.hours:
            yield from must_exist(("route", index, "hours"), route.hours, hours, "hours")


def check_supervisors(config: Config) -> Iterator[Problem]:
    """Who is supervised is a queue, a call group or an extension."""
    known = [entry.name for entry in config.queue]
    known += [group for entry in config.extension for group in entry.call_groups]
    known += [entry.number for entry in config.extension]
    for index, extension in enumerate(config.extension):
        if extension.supervises and not extension.supervisor:
            text = f"extension {extension.number} lists whom it supervises and is no supervisor"
            yield Problem(("extension", index, "supervises"), text, "set supervisor = true, or remove the list")
        for position, name in enumerate(extension.supervises):
            yield from must_exist(
                ("extension", index, "supervises", position), name, known, "queue, call group or extension"
            )


def _payer(path: Path, account: str, target: str, config: Config) -> Iterator[Problem]:
    """`account` must be an extension that may call `target`."""
    if not account:
        text = f"{target!r} is outside and nobody is named whose right to call there is used"
        yield Problem(path, text, 'name an extension with outbound = true: account = "101"')
        return
    known = [entry.number for entry in config.extension]
    yield from must_exist(path, account, known, "extension")
    yield from _reachable(path, account, target, config)


def _reachable(path: Path, account: str, target: str, config: Config) -> Iterator[Problem]:
    for entry in config.extension:
        if entry.number == account and not entry.outbound:
            text = f"{target!r} leaves through a trunk, which extension {account} may not use"
            yield Problem(path, text, "set outbound = true for this extension")


def check_incall(config: Config) -> Iterator[Problem]:
    """In-call codes can be told apart digit by digit; who is told of messages without asking exists."""
    seen: list[tuple[str, str]] = []
    settings = config.incall.model_dump()
    for name, code in settings.items():
        if not isinstance(code, str) or not code:
            continue
        if code.strip("0123456789*#"):
            yield Problem(("incall", name), f"{code!r} cannot be pressed", "use digits, * and #")
        if name in ("cancel", "swap", "conference"):
            continue  # only while consulting, where the others do not count
        for other, known in seen:
            if code.startswith(known) or known.startswith(code):
                text = f"{code} and incall.{other} ({known}) cannot be told apart"
                yield Problem(("incall", name), text, 'choose another code, or "" to turn it off')
        seen.append((name, code))
    numbers = [extension.number for extension in config.extension]
    for index, number in enumerate(config.subscriptions.unsolicited_mwi):
        yield from must_exist(("subscriptions", "unsolicited_mwi", index), number, numbers, "extension")
