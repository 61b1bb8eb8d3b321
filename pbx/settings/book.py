"""What holds now: the file's configuration, the documents of the database over it, and what comes of both.

Nothing here changes anything by itself: `change` and `rebase` say what would come of it, and `take` makes it hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from pbx.config import Config
from pbx.configfile.problem import ConfigError, Problem
from pbx.settings.diff import Change, Index, diff, indexed
from pbx.settings.documents import document_of, entry_of
from pbx.settings.history import DELETED, Rows, Stored
from pbx.settings.overlay import Overlay, blamed, effective, named, overlaid, without_idle
from pbx.settings.secrets import Seal, SealError, hashed, opened, sealed
from pbx.settings.sections import AREAS, ONLY, TECHNICAL, Area, Key
from pbx.settings.yaml_text import area_of

Check = Callable[[Config], list[Problem]]  # everything that is wrong with a configuration


@dataclass(slots=True)
class Draft:
    """What would hold after a change: not in force, nowhere written."""

    base: Config
    overlay: dict[Key, BaseModel | None]
    config: Config
    changes: list[Change]
    rows: dict[Key, str | None]  # for the store
    index: Index
    restart: list[str] = field(default_factory=list)  # technical sections whose change waits for the next start


class Book:
    """`check` is told whole configurations; it may be slow, so that what asks it belongs into a thread."""

    def __init__(self, base: Config, seal: Seal, check: Check) -> None:
        self.base = base
        self.overlay: dict[Key, BaseModel | None] = {}
        self.config = base
        self.revision = 0
        self._index: tuple[Config | None, Index] = (None, {})  # of which configuration
        self.aside: dict[Key, str] = {}  # documents of the database that do not fit, and why
        self._seal = seal
        self._check = check

    # -- the start -------------------------------------------------------------------------------------------------

    def open(self, stored: Stored) -> None:
        """Takes up what the database holds. What does not fit (any more) is set aside: the PBX starts in any case."""
        self.revision = stored.revision
        for place, text in stored.rows.items():
            try:
                self.overlay[place] = self._entry(place, text)
            except (ConfigError, SealError) as error:
                self.aside[place] = str(error)
        self.overlay = without_idle(self.base, self.overlay)
        self.config = self._fitting()
        self._index = self.config, indexed(self.config)

    def _entry(self, place: Key, text: str) -> BaseModel | None:
        section, key = place
        area = area_of(section)
        if text == DELETED:
            return None
        return entry_of(area, opened(area, json.loads(text), self._seal), key if area.is_list else None)

    def _fitting(self) -> Config:
        """The configuration with as many documents as fit; the others go aside."""
        while True:
            config = effective(self.base, self.overlay)
            problems = self._check(config)
            if not problems:
                return config
            places = blamed(problems, config, self.overlay) or self._unexplained()
            if not places:  # the file alone has problems: it passed its checks before, so nothing of it is ours
                return config
            why = "; ".join(str(named(problem, config)) for problem in problems[:3])
            for place in places:
                self.overlay.pop(place)
                self.aside[place] = why

    def _unexplained(self) -> list[Key]:
        """Documents that make problems elsewhere, such as a deleted queue that the file's numbers lead to."""
        deleted = [place for place, entry in self.overlay.items() if entry is None]
        return deleted or list(self.overlay)

    # -- changes ---------------------------------------------------------------------------------------------------

    def entry(self, section: str, key: str, document: Any) -> BaseModel:
        """The entry that a document describes, its password hashed. Raises ConfigError."""
        area = area_of(section)
        return self.guarded(section, entry_of(area, document, key if area.is_list else None))

    def guarded(self, section: str, entry: BaseModel) -> BaseModel:
        """The entry with its password hashed."""
        area = AREAS[section]
        document = document_of(area, entry)
        safe = hashed(area, document, self.base.sip.domain)
        return entry if safe is document else entry_of(area, safe)

    def change(self, wanted: Overlay) -> Draft:
        """What would come of it. Raises ConfigError with every problem."""
        kept = {place: self._kept(place, entry) for place, entry in wanted.items()}
        overlay = overlaid(self.base, self.overlay, kept)
        return self._draft(self.base, overlay, kept)

    def restore(self, rows: Rows) -> Draft:
        """What would come of these rows in the database. Raises ConfigError."""
        overlay = dict(self.overlay)
        for place, text in rows.items():
            if text is None:
                overlay.pop(place, None)
            else:
                overlay[place] = self._entry(place, text)
        return self._draft(self.base, without_idle(self.base, overlay), rows)

    def rebase(self, base: Config) -> Draft:
        """What would come of a new file; technical sections stay as they are. Raises ConfigError."""
        restart = [name for name in TECHNICAL if getattr(base, name) != getattr(self.base, name)]
        mixed = base.model_copy(update={name: getattr(self.base, name) for name in TECHNICAL})
        draft = self._draft(mixed, without_idle(mixed, self.overlay), {})
        draft.restart = restart
        return draft

    def take(self, draft: Draft, revision: int | None = None) -> None:
        """The draft is in force."""
        self.base, self.overlay, self.config = draft.base, draft.overlay, draft.config
        self._index = draft.config, draft.index
        if revision is not None:
            self.revision = revision
        for place in draft.rows:
            self.aside.pop(place, None)

    def tag(self, section: str, key: str = ONLY) -> str:
        """A mark of the entry's present state, "" when there is none."""
        entry = self.find(section, key)
        return self.tag_of(AREAS[section], entry) if entry is not None else ""

    def tag_of(self, area: Area, entry: BaseModel) -> str:
        """The same of an entry at hand."""
        return self._seal.tag([area.name, document_of(area, entry)])

    def find(self, section: str, key: str = ONLY) -> BaseModel | None:
        """The effective entry. Raises ConfigError for a section that is none."""
        area = area_of(section)
        return self.index[section].get(key if area.is_list else ONLY)

    @property
    def index(self) -> Index:
        """The effective entries of every section by their keys, in their order."""
        made_of, index = self._index
        if made_of is not self.config:
            index = indexed(self.config)
            self._index = self.config, index
        return index

    def origin(self, section: str, key: str = ONLY) -> str:
        """Where the entry comes from: "file" or "database"."""
        return "database" if (section, key) in self.overlay else "file"

    def _kept(self, place: Key, entry: BaseModel | None) -> BaseModel | None:
        if entry is None or entry == self.find(*place):
            return entry
        return self.guarded(place[0], entry)

    def _draft(self, base: Config, overlay: dict[Key, BaseModel | None], touched: Mapping[Key, Any]) -> Draft:
        config = effective(base, overlay)
        problems = self._check(config)
        if problems:
            raise ConfigError([named(problem, config) for problem in problems])
        rows = {place: self._row(place, overlay) for place in touched}
        index = indexed(config)
        return Draft(base, overlay, config, diff(self.index, index), rows, index)

    def _row(self, place: Key, overlay: Overlay) -> str | None:
        if place not in overlay:
            return None
        entry = overlay[place]
        if entry is None:
            return DELETED
        area = AREAS[place[0]]
        document = hashed(area, document_of(area, entry), self.base.sip.domain)
        return json.dumps(sealed(area, document, self._seal), ensure_ascii=False)
