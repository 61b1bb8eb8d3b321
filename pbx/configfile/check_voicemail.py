"""Voicemail boxes and announcements: whom they belong to, and that somebody can open them."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config
from pbx.config_voicemail import Texts
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import must_exist

MAX_TEXT_CHARS = 4000  # pbx.media.prompts


def check_voicemail(config: Config) -> Iterator[Problem]:
    """References, owners, codes, texts."""
    extensions = [entry.number for entry in config.extension]
    hours = [entry.name for entry in config.hours]
    owners: dict[str, str] = {}
    for index, box in enumerate(config.voicemail):
        where = ("voicemail", index)
        for key, number in (
            ("extension", box.extension),
            *((f"lamps.{at}", lamp) for at, lamp in enumerate(box.lamps)),
        ):
            if number or key != "extension":
                yield from must_exist((*where, key), number, extensions, "extension")
        if box.extension in owners and box.extension:
            text = f"extension {box.extension} has the box {owners[box.extension]!r} already"
            yield Problem((*where, "extension"), text, "give the extension one box; list it under lamps of the other")
        owners.setdefault(box.extension, box.name)
        if not box.pin and not box.extension:
            text = f"nobody can open box {box.name!r}: it has neither an extension nor a pin"
            yield Problem(where, text, 'write pin = "4 to 16 digits", or extension = "NUMBER"')
        if box.queue:
            yield from must_exist((*where, "queue"), box.queue, [entry.name for entry in config.queue], "queue")
        if box.hours:
            yield from must_exist((*where, "hours"), box.hours, hours, "hours")
        elif box.closed_greeting:
            text = "has a closed_greeting and no hours, so it would never be heard"
            yield Problem((*where, "closed_greeting"), text, 'write hours = "NAME" of an [[hours]]')
        yield from _texts((*where, "greeting"), box.greeting)
        yield from _texts((*where, "closed_greeting"), box.closed_greeting)
        if box.transcribe and not config.speech.recognizer.url:
            text = f"box {box.name!r} wants texts, and nothing recognizes speech"
            yield Problem((*where, "transcribe"), text, "write url in [speech.recognizer]")
        if box.min_s >= box.max_s:
            yield Problem((*where, "min_s"), f"{box.min_s:g} is not below max_s, {box.max_s:g}", "make it shorter")


def check_announcements(config: Config) -> Iterator[Problem]:
    """What is recorded by phone has a code and a PIN of its own; what is never recorded has a text."""
    codes: dict[str, str] = {}
    for index, entry in enumerate(config.announcement):
        where = ("announcement", index)
        if entry.code and not entry.pin:
            text = f"announcement {entry.name!r} has a code and no pin: anybody could record it"
            yield Problem((*where, "pin"), text, 'write pin = "4 to 16 digits"')
        if not entry.code and not any(entry.text.values()):
            text = f"announcement {entry.name!r} has neither a text nor a code to record it by"
            yield Problem(where, text, 'write text = {en = "..."}, or code = "1" and a pin')
        if entry.code in codes:
            text = f"{entry.code!r} records announcement {codes[entry.code]!r} already"
            yield Problem((*where, "code"), text, "give every announcement its own")
        elif entry.code:
            codes[entry.code] = entry.name
        if entry.hours:
            known = [hours.name for hours in config.hours]
            yield from must_exist((*where, "hours"), entry.hours, known, "hours")
        if not entry.when:
            yield Problem((*where, "when"), "is empty", 'name states: when = ["closed", "holiday"]')
        begin, end = entry.valid_from, entry.valid_until
        if begin is not None and end is not None and begin.replace(tzinfo=None) >= end.replace(tzinfo=None):
            yield Problem((*where, "valid_until"), f"{end} is not after valid_from, {begin}", "correct one of them")
        yield from _texts((*where, "text"), entry.text)


def _texts(path: Path, texts: Texts) -> Iterator[Problem]:
    for language, words in texts.items():
        if not words.strip():
            yield Problem((*path, language), "is empty", "write what is to be heard, or leave the language out")
        elif len(words) > MAX_TEXT_CHARS:
            text = f"has more than {MAX_TEXT_CHARS} characters, which is what can be spoken"
            yield Problem((*path, language), text, "shorten it")
