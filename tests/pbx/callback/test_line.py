"""The line of customers who are due: the oldest first, whoever joins, merges or leaves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pbx.callback.line import Entry, Line, rank
from pbx.contact.item import ContactItem, ItemKind


def entry(line: Line, name: str, since: float, queue: str = "sales", **more: Any) -> Entry:
    made = Entry(ContactItem(name, ItemKind.CALLBACK, queue, "+48600100200", since, since, **more))
    made.ready = True
    line.put(made)
    return made


def test_the_oldest_first_over_all_queues() -> None:
    line = Line(SimpleNamespace(queues={"sales": 1, "support": 2}))  # type: ignore[arg-type]
    young, old = entry(line, "a", 200.0), entry(line, "b", 100.0, "support")
    same = entry(line, "c", 100.0)
    assert line.head(()) is old
    assert line.head({"support"}) is same
    assert line.head({"support", "sales"}) is None
    old.ready = same.ready = False
    assert line.head(()) is young
    line.put(young)
    line.put(young)
    young.item.since = 50.0  # merged with an older one: put again, the stale places are dropped
    line.put(young)
    assert line.head(()) is young
    young.ready = False
    assert line.head(()) is None


def test_priority_and_a_chosen_hour() -> None:
    line = Line(SimpleNamespace(queues={"sales": 1}))  # type: ignore[arg-type]
    plain, urgent = entry(line, "a", 100.0), entry(line, "b", 150.0, priority=1)
    later = entry(line, "c", 10.0, source={"slot": "500"})
    assert [rank(each.item) for each in (plain, urgent, later)] == [100.0, 90.0, 500.0]
    assert line.head(()) is urgent
