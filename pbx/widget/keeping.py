"""A WidgetStore that forgets with the process: for tests, and to run without a database."""

from __future__ import annotations

from pbx.widget.ports import WidgetRow


class MemoryWidgets:
    """See pbx.widget.ports.WidgetStore."""

    def __init__(self) -> None:
        self.rows: dict[str, WidgetRow] = {}
        self.wordings: dict[str, str] = {}

    async def write(self, row: WidgetRow) -> None:
        self.rows.setdefault(row.id, row)

    async def get(self, request: str) -> WidgetRow | None:
        return self.rows.get(request)

    async def of_contact(self, contact: str) -> list[WidgetRow]:
        return [row for row in self.rows.values() if row.contact == contact]

    async def mark(self, contact: str, *, rung: float = 0.0, connected: float = 0.0) -> None:
        for row in self.rows.values():
            if row.contact == contact:
                row.rung, row.connected = row.rung or rung, row.connected or connected

    async def keep_wording(self, version: str, language: str, text: str, now: float) -> None:  # noqa: ARG002
        self.wordings.setdefault(version, text)

    async def wording(self, version: str) -> str:
        return self.wordings.get(version, "")

    async def latest(self, limit: int, before: float = 0.0) -> list[WidgetRow]:
        rows = [row for row in self.rows.values() if not before or row.created < before]
        return sorted(rows, key=lambda row: -row.created)[:limit]

    async def prune(self, site: str, before: float) -> int:
        return self._drop([row.id for row in self.rows.values() if row.site == site and row.created < before])

    async def forget(self, number: str) -> int:
        return self._drop([row.id for row in self.rows.values() if row.number == number])

    def _drop(self, ids: list[str]) -> int:
        for each in ids:
            del self.rows[each]
        return len(ids)
