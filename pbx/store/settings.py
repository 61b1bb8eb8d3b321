"""Keeps settings: every write is a durable intent that puts the documents and the revision together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from pbx.settings.history import MAX_REVISIONS, Revision, Rows, Step, Stored
from pbx.store.encode import clean, micros, seconds
from pbx.store.errors import StoreError
from pbx.store.schema_settings import settings_documents, settings_revisions, settings_steps

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
_D, _R, _S = settings_documents.c, settings_revisions.c, settings_steps.c
_NEWEST = select(func.coalesce(func.max(_R.revision), 0))


class StoredSettings:
    """A pbx.settings.history.SettingsStore."""

    def __init__(self) -> None:
        self._read = Stored(0, {})
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads all documents, for `load`."""
        self._read = read_settings(connection)

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    def load(self) -> Stored:
        found, self._read = self._read, Stored(0, {})
        return found

    async def write(self, rows: Rows, who: str, note: str, at: float) -> int:
        def intent(connection: Connection) -> int:
            revision = int(connection.execute(_NEWEST).scalar_one()) + 1
            values = {"revision": revision, "at_us": micros(at), "who": clean(who), "note": clean(note)}
            connection.execute(insert(settings_revisions).values(values))
            for (section, key), document in rows.items():
                _put(connection, revision, section, key, document)
            _prune(connection, revision - MAX_REVISIONS)
            return revision

        revision: int = await self._run(intent)
        return revision

    async def revisions(self, limit: int, before: int = 0) -> Sequence[Revision]:
        query = select(_R.revision).order_by(_R.revision.desc()).limit(limit)
        if before:
            query = query.where(_R.revision < before)
        found: Sequence[Revision] = await self._run(
            lambda connection: _revisions(connection, connection.execute(query).scalars().all())
        )
        return found

    async def since(self, revision: int) -> Sequence[Revision] | None:
        def intent(connection: Connection) -> Sequence[Revision] | None:
            newest = int(connection.execute(_NEWEST).scalar_one())
            query = select(_R.revision).where(_R.revision > revision).order_by(_R.revision.desc())
            numbers = connection.execute(query).scalars().all()
            return _revisions(connection, numbers) if len(numbers) == max(0, newest - revision) else None

        found: Sequence[Revision] | None = await self._run(intent)
        return found

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def read_settings(connection: Connection) -> Stored:
    """All documents, and the newest revision."""
    rows = connection.execute(select(_D.section, _D.key, _D.document))
    found = {(section, key): document for section, key, document in rows}
    return Stored(int(connection.execute(_NEWEST).scalar_one()), found)


def _put(connection: Connection, revision: int, section: str, key: str, document: str | None) -> None:
    place = and_(_D.section == section, _D.key == key)
    before = connection.execute(select(_D.document).where(place)).scalar_one_or_none()
    step = {"revision": revision, "section": section, "key": key, "before": before, "after": document}
    connection.execute(insert(settings_steps).values(step))
    if document is None:
        connection.execute(delete(settings_documents).where(place))
    elif before is None:
        row = {"section": section, "key": key, "document": document, "revision": revision}
        connection.execute(insert(settings_documents).values(row))
    else:
        connection.execute(update(settings_documents).where(place).values(document=document, revision=revision))


def _prune(connection: Connection, last: int) -> None:
    """What is too old to be gone back to."""
    if last > 0:
        connection.execute(delete(settings_steps).where(_S.revision <= last))
        connection.execute(delete(settings_revisions).where(_R.revision <= last))


def _revisions(connection: Connection, numbers: Sequence[int]) -> list[Revision]:
    if not numbers:
        return []
    wanted = and_(_S.revision >= min(numbers), _S.revision <= max(numbers))
    rows = connection.execute(select(settings_steps).where(wanted).order_by(_S.revision, _S.section, _S.key))
    steps = {
        revision: tuple(Step(row.section, row.key, row.before, row.after) for row in group)
        for revision, group in groupby(rows, lambda row: row.revision)
    }
    within = and_(_R.revision >= min(numbers), _R.revision <= max(numbers))
    heads = connection.execute(select(settings_revisions).where(within).order_by(_R.revision.desc()))
    return [Revision(row.revision, seconds(row.at_us), row.who, row.note, steps.get(row.revision, ())) for row in heads]
