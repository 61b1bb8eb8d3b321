"""Keeps versions of flows: every write is a durable intent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from pbx.flow.versions import MAX_FLOWS, MAX_VERSIONS, FlowVersion, VersionState
from pbx.store.encode import clean, micros, seconds
from pbx.store.errors import StoreError
from pbx.store.schema import flow_versions

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
_C = flow_versions.c
_ALL = select(flow_versions)


class StoredFlowVersions:
    """A pbx.flow.versions.FlowStore."""

    def __init__(self) -> None:
        self._read: list[FlowVersion] = []
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads the published versions, for `load`."""
        rows = connection.execute(_ALL.where(_C.state == VersionState.PUBLISHED.value).order_by(_C.flow))
        self._read = [_version(row) for row in rows]

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    def load(self) -> list[FlowVersion]:
        found, self._read = self._read, []
        return found

    async def draft(self, flow: str, document: str, author: str, note: str, at: float) -> FlowVersion | None:
        name = clean(flow)
        values = {"document": document, "author": clean(author), "note": clean(note), "created_us": micros(at)}

        def intent(connection: Connection) -> FlowVersion | None:
            present = connection.execute(
                select(_C.version).where(_C.flow == name, _C.state == VersionState.DRAFT.value)
            ).scalar()
            if present is not None:
                connection.execute(update(flow_versions).where(_one(name, present)).values(values))
                return _get(connection, name, present)
            newest = connection.execute(select(func.max(_C.version)).where(_C.flow == name)).scalar()
            if newest is None and connection.execute(select(func.count(_C.flow.distinct()))).scalar_one() >= MAX_FLOWS:
                return None
            version = (newest or 0) + 1
            kept = {"flow": name, "version": version, "state": VersionState.DRAFT.value, **values}
            connection.execute(insert(flow_versions).values(published_us=0, published_by="", **kept))
            _prune(connection, name)
            return _get(connection, name, version)

        found: FlowVersion | None = await self._run(intent)
        return found

    async def publish(self, flow: str, version: int, by: str, note: str, at: float) -> FlowVersion | None:
        name = clean(flow)

        def intent(connection: Connection) -> FlowVersion | None:
            if _get(connection, name, version) is None:
                return None
            _retire(connection, name)
            values: dict[str, Any] = {"published_us": micros(at), "published_by": clean(by)}
            if note:
                values["note"] = clean(note)
            published = update(flow_versions).where(_one(name, version))
            connection.execute(published.values(state=VersionState.PUBLISHED.value, **values))
            return _get(connection, name, version)

        found: FlowVersion | None = await self._run(intent)
        return found

    async def withdraw(self, flow: str) -> FlowVersion | None:
        name = clean(flow)

        def intent(connection: Connection) -> FlowVersion | None:
            row = connection.execute(
                _ALL.where(_C.flow == name, _C.state == VersionState.PUBLISHED.value)
            ).one_or_none()
            _retire(connection, name)
            return _version(row) if row is not None else None

        found: FlowVersion | None = await self._run(intent)
        return found

    async def versions(self, flow: str = "") -> list[FlowVersion]:
        query = select(*(column for column in _C if column.name != "document"))
        query = query.where(_C.flow == clean(flow)) if flow else query
        query = query.order_by(_C.flow, _C.version.desc()).limit(MAX_FLOWS * MAX_VERSIONS)
        found: list[FlowVersion] = await self._run(
            lambda connection: [_version(row) for row in connection.execute(query)]
        )
        return found

    async def get(self, flow: str, version: int) -> FlowVersion | None:
        name = clean(flow)
        found: FlowVersion | None = await self._run(lambda connection: _get(connection, name, version))
        return found

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def _one(name: str, version: int) -> Any:
    return (_C.flow == name) & (_C.version == version)


def _get(connection: Connection, name: str, version: int) -> FlowVersion | None:
    row = connection.execute(_ALL.where(_one(name, version))).one_or_none()
    return _version(row) if row is not None else None


def _retire(connection: Connection, name: str) -> None:
    published = (_C.flow == name) & (_C.state == VersionState.PUBLISHED.value)
    connection.execute(update(flow_versions).where(published).values(state=VersionState.RETIRED.value))


def _prune(connection: Connection, name: str) -> None:
    """The oldest retired versions go when there are too many."""
    retired = select(_C.version).where(_C.flow == name, _C.state == VersionState.RETIRED.value)
    old = connection.execute(retired.order_by(_C.version.desc()).offset(MAX_VERSIONS - 2)).scalars().all()
    if old:
        connection.execute(delete(flow_versions).where(_C.flow == name, _C.version.in_(old)))


def _version(row: Row[Any]) -> FlowVersion:
    return FlowVersion(
        flow=row.flow,
        version=row.version,
        state=VersionState(row.state),
        document=getattr(row, "document", ""),
        author=row.author,
        created=seconds(row.created_us),
        note=row.note,
        published=seconds(row.published_us),
        published_by=row.published_by,
    )
