"""Voices and engines of speech: names that exist, addresses that can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pbx.config import Config
from pbx.configfile.problem import Problem

ESPEAK = "espeak"


def check_speech(config: Config) -> Iterator[Problem]:
    """Everything about [speech] that can be seen without asking an engine."""
    speech = config.speech
    engines = [ESPEAK, *(entry.name for entry in speech.engine)]
    for index, name in enumerate(engines):
        if name in engines[:index]:
            remedy = "give every engine its own name; espeak-ng is there as espeak"
            yield Problem(("speech", "engine", index - 1, "name"), f"{name!r} is given twice", remedy)
    voices = [entry.name for entry in speech.voice]
    for index, name in enumerate(voices):
        if name in voices[:index]:
            yield Problem(("speech", "voice", index, "name"), f"{name!r} is given twice", "give it another name")
    for index, engine in enumerate(speech.engine):
        if engine.kind == "http":
            url = urlsplit(engine.url)
            if url.scheme not in ("http", "https") or not url.hostname or url.username:
                text = f"{engine.url!r} is no address that can be asked"
                remedy = "write http://HOST:PORT/PATH or https://...; a password goes into headers"
                yield Problem(("speech", "engine", index, "url"), text, remedy)
        elif engine.kind == "piper" and not (engine.command and engine.command[0]):
            yield Problem(("speech", "engine", index, "command"), "is empty", 'write ["piper"]')
    for index, voice in enumerate(speech.voice):
        if voice.engine not in engines:
            remedy = f"name one of: {', '.join(engines)}, or add a [[speech.engine]]"
            yield Problem(("speech", "voice", index, "engine"), f"there is no engine {voice.engine!r}", remedy)
    yield from _check_names(config)


def _check_names(config: Config) -> Iterator[Problem]:
    """A voice of another language would speak, and nobody would understand it."""
    speaks = {entry.name: entry.language for entry in config.speech.voice}
    wanted = [(("speech", "voices", language), language, name) for language, name in config.speech.voices.items()]
    for language, names in config.speech.fallback.items():
        wanted += [(("speech", "fallback", language), language, name) for name in names]
    for path, language, name in wanted:
        if speaks.get(name, language) != language:
            text = f"voice {name!r} speaks {speaks[name]!r}, not {language!r}"
            yield Problem(path, text, "name a [[speech.voice]] of that language, or a voice of espeak-ng")
