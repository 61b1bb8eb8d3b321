"""Who speaks: the voices of the configuration by name and by language, and who stands in for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config_speech import Speech

ESPEAK = "espeak"  # the engine that is always there
ESPEAK_VOICES = {"pl": "pl", "ru": "ru", "en": "en-gb"}


@dataclass(frozen=True, slots=True)
class Voice:
    """`name` is ours ("" for a voice of espeak-ng that has none), `voice` the engine's; `rate` in words a minute."""

    name: str
    engine: str
    voice: str
    rate: int


class Voices:
    """The voices of a configuration."""

    def __init__(self, config: Speech) -> None:
        self._config = config
        self._named = {
            entry.name: (entry.language, Voice(entry.name, entry.engine, entry.voice, entry.rate or config.rate))
            for entry in config.voice
        }
        self._of_language = {str(language): voice for language, voice in config.voices.items()}
        self._fallback = {str(language): list(names) for language, names in config.fallback.items()}

    def names(self, language: str) -> list[str]:
        """The named voices of a language."""
        return [name for name, (spoken, _) in self._named.items() if spoken == language]

    def choose(self, language: str, name: str = "") -> Voice:
        """The voice called `name`, or that of the language. Raises ValueError with what to do."""
        if name:
            known = self._named.get(name)
            if known is None or known[0] != language:
                there = ", ".join(self.names(language)) or "none"
                raise ValueError(f"no voice {name!r} speaks {language!r}; [[speech.voice]] has {there}")
            return known[1]
        wanted = self._of_language.get(language, "")
        if not wanted:
            raise ValueError(f"language {language!r} has no voice; set speech.voices.{language}")
        return self._find(language, wanted)

    def order(self, language: str, name: str = "") -> list[Voice]:
        """Who is asked to speak, one after the other. Raises ValueError as `choose`."""
        first = self.choose(language, name)
        stand_ins = [self._find(language, wanted) for wanted in self._fallback.get(language, [])]
        if not stand_ins and first.engine != ESPEAK and language in ESPEAK_VOICES:
            stand_ins = [self._espeak(ESPEAK_VOICES[language])]
        return list(dict.fromkeys([first, *stand_ins]))

    def _find(self, language: str, wanted: str) -> Voice:
        known = self._named.get(wanted)
        return known[1] if known is not None and known[0] == language else self._espeak(wanted)

    def _espeak(self, voice: str) -> Voice:
        return Voice("", ESPEAK, voice, self._config.rate)
