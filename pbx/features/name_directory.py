"""The directory by name: the caller spells on the keys, hears who fits, chooses, and is connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.causes import for_caller
from pbx.events import Kind
from pbx.features.saying import fill
from pbx.features.spelling import spellings

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.services import Services
    from pbx.config import Config, Extension
    from pbx.config_features import Directory

    Entries = dict[str, tuple[Extension, frozenset[str]]]  # by number

ATTEMPTS = 3
SPELL: dict[str, str] = {
    "pl": "Podaj pierwsze litery imienia lub nazwiska i naciśnij krzyżyk.",
    "ru": "Наберите первые буквы имени или фамилии и нажмите решётку.",
    "en": "Spell the first letters of the name, then press hash.",
}
NOBODY: dict[str, str] = {
    "pl": "Nie znaleziono takiej osoby.",
    "ru": "Такого имени нет.",
    "en": "There is nobody of that name.",
}
TOO_MANY: dict[str, str] = {
    "pl": "Pasuje zbyt wiele osób. Podaj więcej liter.",
    "ru": "Подходит слишком много имён. Наберите больше букв.",
    "en": "Too many names fit. Please spell more letters.",
}
CHOICE: dict[str, str] = {
    "pl": "{name}: naciśnij {key}.",
    "ru": "{name}: нажмите {key}.",
    "en": "For {name}, press {key}.",
}
GOODBYE: dict[str, str] = {"pl": "Do usłyszenia.", "ru": "До свидания.", "en": "Goodbye."}
TEXTS = (SPELL, NOBODY, TOO_MANY, GOODBYE)


class NameDirectory:
    """The extensions that have a name and may be found by it."""

    def __init__(self, services: Services) -> None:
        self._entries: Entries = {}
        self._take(self._tables(services.config))
        services.followers.build(lambda change: self._tables(change.new), self._take, "directory", "extension")

    def _tables(self, config: Config) -> tuple[Directory, Entries]:
        known = self._entries
        found: Entries = {}
        for entry in config.extension:
            if entry.name and entry.directory:
                before = known.get(entry.number)
                same = before is not None and before[0].name == entry.name
                found[entry.number] = (entry, before[1] if same and before else spellings(entry.name))
        return config.directory, found

    def _take(self, tables: tuple[Directory, Entries]) -> None:
        self._config, self._entries = tables

    def find(self, keys: str) -> list[Extension]:
        """Whose name begins with what `keys` spell, by name."""
        found = [entry for entry, forms in self._entries.values() if any(form.startswith(keys) for form in forms)]
        return sorted(found, key=lambda entry: entry.name.casefold())

    def application(self, name: str) -> Application | None:
        """The application "directory"."""
        return self._run if not name else None

    async def _run(self, call: Call) -> None:
        await call.answer()
        for _ in range(ATTEMPTS):
            spell = await call.services.prompts.get(SPELL[call.language], call.language)
            keys = await call.collect(maximum=20, timeout_s=10.0, between_s=4.0, prompt=[spell])
            if len(keys) < self._config.digits or not keys.isdigit():
                continue
            found = self.find(keys)
            if not found:
                await call.say(NOBODY)
            elif len(found) > self._config.max_choices:
                await call.say(TOO_MANY)
            else:
                chosen = found[0] if len(found) == 1 else await self._choose(call, found)
                if chosen is not None:
                    await self._connect(call, chosen, keys)
                    return
        await call.say(GOODBYE)

    async def _choose(self, call: Call, found: list[Extension]) -> Extension | None:
        prompts, language = call.services.prompts, call.language
        clips = [
            await prompts.get(fill(CHOICE, name=entry.name, key=str(key))[language], language)
            for key, entry in enumerate(found, 1)
        ]
        pressed = await call.collect(maximum=1, timeout_s=6.0, terminator="", prompt=clips)
        return found[int(pressed) - 1] if pressed.isdigit() and 1 <= int(pressed) <= len(found) else None

    async def _connect(self, call: Call, extension: Extension, keys: str) -> None:
        call.emit(Kind.DIRECTORY_FOUND, extension=extension.number, spelled=keys)
        result = await call.dial(extension.number, timeout_s=extension.ring_timeout_s)
        if not result.answered:
            await call.hangup(result.cause, for_caller(result.sip_status), by="callee")
