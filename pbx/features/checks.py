"""What only this layer can check of a configuration: patterns, park slots, codes that hide each other, holidays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from pbx.call.codes import listed, slots
from pbx.call.hours import holiday_name
from pbx.call.patterns import Pattern, PatternError, is_pattern
from pbx.config import Config
from pbx.configfile.check_time import is_span
from pbx.configfile.problem import ConfigError, Path, Problem

REMEDY = 'X is 0-9, Z 1-9, N 2-9, [1-4] a range, . the rest: "_0ZXXXXXXXX", "_00."'


def check_features(config: Config) -> list[Problem]:
    """The problems of patterns, lots, codes and holidays."""
    return [*_patterns(config), *_lots(config), *_codes(config), *_holidays(config), *_emergency(config)]


def check_music(config: Config, names: Sequence[str]) -> None:
    """Raises ConfigError when music is named that is not among `names`, those that were loaded."""
    used: list[tuple[Path, str]] = []
    for section in ("extension", "trunk", "room", "parking"):
        for index, entry in enumerate(getattr(config, section)):
            used.append(((section, index, "music"), entry.music))
    remedy = f"put it into media.music_dir, or name one of: {', '.join(names)}"
    problems = [
        Problem(path, f"there is no music {name!r}", remedy) for path, name in used if name and name not in names
    ]
    if problems:
        raise ConfigError(problems)


def _patterns(config: Config) -> Iterator[Problem]:
    texts = [(("number", index, "number"), entry.number) for index, entry in enumerate(config.number)]
    texts += [(("route", index, "match"), entry.match) for index, entry in enumerate(config.route)]
    for path, text in texts:
        if is_pattern(text):
            try:
                Pattern.parse(text)
            except PatternError as error:
                yield Problem(path, f"{text!r}: {error}", REMEDY)


def _lots(config: Config) -> Iterator[Problem]:
    owner = {entry.number: "an extension" for entry in config.extension}
    owner |= {entry.number: "a number" for entry in config.number if entry.internal}
    for index, lot in enumerate(config.parking):
        try:
            names = list(slots(lot))
        except ValueError as error:
            yield Problem(("parking", index, "slots"), str(error), 'write "701-720"')
            continue
        for slot in names:
            if slot in owner:
                text = f"slot {slot} is also {owner[slot]}"
                yield Problem(("parking", index, "slots"), text, "choose numbers that are free")
            owner[slot] = f"a slot of {lot.name!r}"


def _codes(config: Config) -> Iterator[Problem]:
    """A code that a number follows must not be the beginning of a number of ours."""
    plan = [entry.number for entry in config.extension]
    plan += [entry.number for entry in config.number if entry.internal and not is_pattern(entry.number)]
    for name, code, followed in listed(config):
        if not followed:
            continue
        for number in plan:
            if len(number) > len(code) and number.startswith(code):
                text = f"{code!r} hides {number}, which begins with it"
                yield Problem(("features", name), text, 'choose another code, or "" to turn it off')
                break
    dials = [("speed_dials", entry) for entry in config.speed_dials]
    for _, key in dials:
        if not (key.isascii() and key.isdigit()):
            yield Problem(("speed_dials", key), "is no key of a phone", "use digits")
    for index, extension in enumerate(config.extension):
        for key in extension.speed_dials:
            if not (key.isascii() and key.isdigit()):
                yield Problem(("extension", index, "speed_dials", key), "is no key of a phone", "use digits")


def _holidays(config: Config) -> Iterator[Problem]:
    today = datetime.now(UTC).date()
    for index, hours in enumerate(config.hours):
        for position, country in enumerate(hours.holidays):
            try:
                holiday_name(country, today)
            except ValueError as error:
                remedy = 'write a country, or a country and a part of it: "PL", "RU", "DE-BY"'
                yield Problem(("hours", index, "holidays", position), str(error), remedy)
        for day, spans in hours.exceptions.items():
            try:
                date.fromisoformat(day)
            except ValueError:
                yield Problem(("hours", index, "exceptions", day), f"{day!r} is no date", 'write "2026-12-24"')
            for text in spans:
                if not is_span(text):
                    where = ("hours", index, "exceptions", day)
                    yield Problem(where, f"{text!r} is no span of a day", 'write "09:00-12:00"; [] is closed')


def _emergency(config: Config) -> Iterator[Problem]:
    """An extension that is called like an emergency number would hide it."""
    numbers = config.emergency.numbers or []
    for index, extension in enumerate(config.extension):
        if extension.number in numbers:
            text = f"{extension.number} is an emergency number"
            yield Problem(("extension", index, "number"), text, "give the extension another number")
