"""The calls behind the figures of a page: a figure is a link to a list at the end, of its newest calls."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from pbx.reporting.behind import Facts, Selector, behind, opened
from pbx.reporting.formulas import FIGURES
from pbx.reporting.intervals import local
from pbx.reporting.page.asked import MOST_DAYS, Asked
from pbx.reporting.page.html import Page
from pbx.reporting.sheet import Column, Sheet, Value

MOST_LISTS = 80
MOST_OF_TABLE = 10
MOST_OF_YEAR = 40  # on a page of a long period, each of whose lists takes longer to make
SHOWN = 25  # calls of a list


class Links:
    """Collects what the tables refer to; `write` makes the lists."""

    def __init__(self, connection: Connection, asked: Asked) -> None:
        self._connection = connection
        self._asked = asked
        self._wanted: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
        self._most = MOST_LISTS if asked.days <= MOST_DAYS else MOST_OF_YEAR
        self._left = 0

    def begin(self) -> None:
        """A table begins: no table takes the room of those after it."""
        self._left = MOST_OF_TABLE

    def anchor(self, sheet: Sheet, column: Column, row: Sequence[Value]) -> str:
        """Where the calls of the figure in this column and row are listed; "" for nowhere."""
        figure = FIGURES.get(column.formula)
        if figure is None:
            return ""
        wanted = (column.formula, tuple(sorted(opened(figure, sheet.columns, row).items())))
        if wanted not in self._wanted:
            if self._left <= 0 or len(self._wanted) >= self._most:
                return ""
            self._left -= 1
        return self._wanted.setdefault(wanted, f"calls-{len(self._wanted) + 1}")

    def write(self, page: Page) -> None:
        """The lists, closed until one is opened."""
        if not self._wanted:
            return
        asked = self._asked
        page.heading(asked.text("behind"))
        page.say(asked.text("behind_about", count=SHOWN), "note")
        request, known = asked.request(), Facts()
        for (formula, filters), anchor in self._wanted.items():
            selector = Selector(formula, asked.interval, dict(filters))
            found = behind(self._connection, selector, request, limit=SHOWN, counted=False, known=known)
            title = ", ".join((formula, *(value for _, value in filters)))
            rows = [
                (
                    f"{local(row.at_us, asked.zone):%Y-%m-%d %H:%M:%S}",
                    row.id,
                    "+" if row.counted else "",
                    asked.figure(f"{row.value:,.1f}") if row.value is not None else "",
                    row.note,
                )
                for row in found.rows
            ]
            page.folded(anchor, title, selector.command(), rows)
