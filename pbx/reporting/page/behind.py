"""The calls behind the figures of a page: a figure is a link to a list at the end, of its newest calls."""

from __future__ import annotations

from sqlalchemy import Connection

from pbx.reporting.behind import Selector, behind
from pbx.reporting.formulas import FIGURES
from pbx.reporting.intervals import local
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.html import Page
from pbx.reporting.sheet import Column

MOST_LISTS = 40
SHOWN = 25  # calls of a list


class Links:
    """Collects what the tables refer to; `write` makes the lists."""

    def __init__(self, connection: Connection, asked: Asked) -> None:
        self._connection = connection
        self._asked = asked
        self._wanted: dict[tuple[str, str, str], str] = {}

    def anchor(self, column: Column, key: str, name: str) -> str:
        """Where the calls of the figure in this column and of the row `name` are listed; "" for nowhere."""
        figure = FIGURES.get(column.formula)
        if figure is None or (name != "all" and key not in figure.source.keys):
            return ""
        wanted = (column.formula, "" if name == "all" else key, "" if name == "all" else name)
        if wanted not in self._wanted and len(self._wanted) >= MOST_LISTS:
            return ""
        return self._wanted.setdefault(wanted, f"calls-{len(self._wanted) + 1}")

    def write(self, page: Page) -> None:
        """The lists, closed until one is opened."""
        if not self._wanted:
            return
        asked = self._asked
        page.heading(asked.text("behind"))
        page.say(asked.text("behind_about", count=SHOWN), "note")
        for (formula, key, name), anchor in self._wanted.items():
            selector = Selector(formula, asked.interval, {key: name} if key else {})
            found = behind(self._connection, selector, asked.thresholds, limit=SHOWN, counted=False)
            title = f"{formula}{f', {name}' if name else ''}"
            rows = [
                (
                    f"{local(row.at_us, asked.zone):%Y-%m-%d %H:%M:%S}",
                    row.id,
                    "+" if row.counted else "",
                    asked.figure(f"{row.value:,.1f}") if row.value is not None else "",
                )
                for row in found.rows
            ]
            page.folded(anchor, title, selector.command(), rows)
