"""Settings in the process: taken up before anything is built of the configuration, and answered for."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from pbx.api.control import Refused
from pbx.app.checks import all_problems
from pbx.app.nonce_key import nonce_key
from pbx.app.reconfigure import Applied, Reconfigurer, SettingsRefused, at_leisure_aside, tell_aside
from pbx.configfile.problem import ConfigError, Problem
from pbx.metrics.settings import SettingsMetrics
from pbx.settings.book import Book
from pbx.settings.documents import document_of, entry_of, masked, unmasked
from pbx.settings.history import Revision
from pbx.settings.secrets import Seal
from pbx.settings.sections import AREAS, TECHNICAL, Area, Key
from pbx.settings.yaml_text import area_of, dump, export, held, parse, wanted_of
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

KEY_FILE = "settings.key"
MAX_HISTORY = 500
MAX_STEPS = 500  # of one revision that are told one by one


async def start_settings(app: Pbx) -> Reconfigurer:
    """The documents of the database over the file, before anything is built: `app.config` is what holds from here on.
    What does not fit is set aside, with an alarm.
    """
    book = Book(app.config, Seal(nonce_key(app.data_dir / KEY_FILE)), all_problems)
    stored = app.store.settings.load()
    if stored.rows:
        await asyncio.to_thread(book.open, stored)
    else:
        book.revision = stored.revision
    app.config = book.config
    reconfigurer = Reconfigurer(app, book, app.reload)
    if book.aside:
        tell_aside(app, book.aside)
    return reconfigurer


def count_settings(app: Pbx) -> None:
    """The metrics of settings."""
    settings = app.settings
    app.metrics.add(SettingsMetrics(lambda: settings.book.revision, settings.results, lambda: len(settings.book.aside)))


class SettingsFault(Refused):
    """A refusal with the problems one by one."""

    def __init__(self, status: int, problems: list[Problem]) -> None:
        super().__init__(status, "\n".join(str(problem) for problem in problems))
        self.errors = [
            {"where": ["settings", *problem.key], "text": "; ".join(filter(None, (problem.text, problem.remedy)))}
            for problem in problems
        ]


class PbxSettingsControl:
    """What REST and the control socket ask; no secret leaves it unless `secrets` is asked for."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    @property
    def _settings(self) -> Reconfigurer:
        return self._app.settings

    @property
    def _book(self) -> Book:
        return self._app.settings.book

    # -- looking ---------------------------------------------------------------------------------------------------

    def overview(self) -> dict[str, Any]:
        """The sections, how many entries each has, and what is technical, and why."""
        book = self._book
        sections = [
            {"name": area.name, "list": area.is_list, "entries": len(area.entries(book.config))}
            for area in AREAS.values()
        ]
        technical = [{"name": name, "why": why} for name, why in TECHNICAL.items()]
        aside = [{"section": place[0], "key": place[1], "why": why} for place, why in book.aside.items()]
        return {"revision": book.revision, "sections": sections, "technical": technical, "set_aside": aside}

    def schema(self, section: str) -> dict[str, Any]:
        """The JSON Schema of one entry."""
        return found_area(section).model.model_json_schema()

    async def entries(self, section: str) -> list[dict[str, Any]]:
        """Every entry of a section, as `entry` shows one."""
        area, index = found_area(section), self._book.index
        shown: list[dict[str, Any]] = await at_leisure_aside(
            lambda: [self._shown(area, key, entry) for key, entry in index[area.name].items()]
        )
        return shown

    def page(self, section: str, limit: int, after: str | None) -> list[dict[str, Any]]:
        """At most `limit` of them, in the order of their keys, behind `after`."""
        area, index = found_area(section), self._book.index[section]
        keys = heapq.nsmallest(limit, (key for key in index if after is None or key > after))
        return [self._shown(area, key, index[key]) for key in keys]

    def entry(self, section: str, key: str) -> dict[str, Any]:
        """One entry: its document without secrets, where it comes from, its tag."""
        area, entry = self._found(section, key)
        return self._shown(area, key, entry)

    def _shown(self, area: Area, key: str, entry: BaseModel) -> dict[str, Any]:
        return {
            "section": area.name,
            "key": key,
            "origin": self._book.origin(area.name, key),
            "tag": self._book.tag_of(area, entry),
            "document": masked(area, document_of(area, entry)),
        }

    def _found(self, section: str, key: str) -> tuple[Area, BaseModel]:
        area = found_area(section)
        entry = self._book.find(section, key)
        if entry is None:
            raise Refused(404, f"{section} has no entry {key!r}")
        return area, entry

    async def export(self, sections: list[str], *, secrets: bool = False) -> str:
        """YAML."""
        config = self._book.config
        try:
            text: str = await at_leisure_aside(lambda: dump(export(config, sections, secrets=secrets)))
            return text
        except ConfigError as error:
            raise SettingsFault(404, error.problems) from None

    async def history(self, limit: int, before: int = 0) -> list[dict[str, Any]]:
        """Who changed what and when, the newest first."""
        found = await self._app.store.settings.revisions(min(limit, MAX_HISTORY), before)
        return [_revision(revision) for revision in found]

    # -- changing --------------------------------------------------------------------------------------------------

    async def put(
        self, section: str, key: str, document: Any, who: str, note: str = "", *, match: str = "", create: bool = False
    ) -> dict[str, Any]:
        """One entry as the document says it. `match`: the tag that it must have ("*": any); `create`: it is new."""
        area = found_area(section)

        def fits() -> None:
            self._match(section, key, match)
            if create and self._book.find(section, key) is not None:
                raise Refused(412, f"{section} has an entry {key!r} already")

        entry = self._read(area, key, document)
        return await self._answer(await self._done(self._settings.change_if(fits, {(section, key): entry}, who, note)))

    async def set(
        self, section: str, key: str, fields: Mapping[str, Any], who: str, note: str = "", *, apply: bool = True
    ) -> dict[str, Any]:
        """Some fields of an entry; those that are None get their default. An entry that is not there is made."""
        area = found_area(section)
        present = held(area, self._book.find(section, key)) or {}
        merged = {**present, **fields}
        document = {name: value for name, value in merged.items() if value is not None}
        entry = self._read(area, key, document)
        return await self._answer(
            await self._done(self._settings.change({(section, key): entry}, who, note, apply=apply))
        )

    async def delete(
        self, section: str, key: str, who: str, note: str = "", *, match: str = "", apply: bool = True
    ) -> dict[str, Any]:
        """The entry is no more; a section that is one table gets its defaults."""
        area = found_area(section)
        if (section, key) not in self._book.aside:
            self._found(section, key)
        gone = None if area.is_list else area.model.model_validate({})

        def fits() -> None:
            self._match(section, key, match)

        wanted: dict[Key, BaseModel | None] = {(section, key): gone}
        return await self._answer(await self._done(self._settings.change_if(fits, wanted, who, note, apply=apply)))

    async def import_yaml(
        self, text: str, who: str, note: str = "", *, apply: bool, merge: bool = False, expected: int | None = None
    ) -> dict[str, Any]:
        """What would change, or with `apply` what has changed."""
        try:
            wanted = await at_leisure_aside(lambda: wanted_of(parse(text), self._book.config, merge=merge))
        except ConfigError as error:
            raise SettingsFault(422, error.problems) from None
        return await self._answer(
            await self._done(self._settings.change(wanted, who, note, apply=apply, expected=expected))
        )

    async def revert(self, revision: int | None, who: str, note: str = "", *, apply: bool = True) -> dict[str, Any]:
        return await self._answer(await self._done(self._settings.revert(revision, who, note, apply=apply)))

    async def reread(self, who: str) -> dict[str, Any]:
        """The file of the configuration again."""
        return await self._answer(await self._done(self._settings.reread(who)))

    def _read(self, area: Area, key: str, document: Any) -> BaseModel:
        try:
            if isinstance(document, dict):
                present = held(area, self._book.find(area.name, key))
                document = unmasked(area, (area.name, key), document, present)
            return entry_of(area, document, key if area.is_list else None)
        except ConfigError as error:
            raise SettingsFault(422, error.problems) from None

    def _match(self, section: str, key: str, match: str) -> None:
        if not match:
            return
        tag = self._book.tag(section, key)
        if not tag or match not in ("*", tag):
            raise Refused(412, f"{section} {key} was changed by somebody else; read it again")

    async def _done(self, work: Any) -> Applied:
        try:
            applied: Applied = await work
        except SettingsRefused as refused:
            raise SettingsFault(refused.status, refused.problems) from None
        except StoreError as error:
            raise Refused(503, f"the change cannot be kept, so nothing was changed: {error}") from None
        return applied

    async def _answer(self, applied: Applied) -> dict[str, Any]:
        changes = await at_leisure_aside(lambda: [change.as_dict() for change in applied.changes])
        return {
            "revision": applied.revision,
            "applied": applied.applied,
            "changes": changes,
            "restart": applied.restart,
        }


def found_area(section: str) -> Area:
    """Refused 404 with the reason for a section that may not be changed."""
    try:
        return area_of(section)
    except ConfigError as error:
        raise SettingsFault(404, error.problems) from None


def _revision(revision: Revision) -> dict[str, Any]:
    steps = [
        {"section": step.section, "key": step.key, "what": _what(step.before, step.after)}
        for step in revision.steps[:MAX_STEPS]
    ]
    return {
        "revision": revision.revision,
        "at": revision.at,
        "who": revision.who,
        "note": revision.note,
        "steps": steps,
        "more": len(revision.steps) - len(steps),
    }


def _what(before: str | None, after: str | None) -> str:
    if after is None:
        return "as the file says"
    if after == "":
        return "deleted"
    return "written" if before is None else "changed"
