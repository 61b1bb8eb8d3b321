"""Contacts: who asked or was missed, when he was spoken with, and what became of missed customers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pbx.contact.item import ContactItem
from tests.pbx.reporting.oracle.counting import Cut, Row, nearest_rank, ratio
from tests.pbx.reporting.oracle.reading import Called, us

NOBODY_HAD_TO = ("merged", "cancelled", "customer_came_back", "not_a_customer")


def callbacks(items: Sequence[ContactItem], calls: Sequence[Called], cut: Cut) -> dict[str, Row]:
    """By queue, and "all"."""
    tried: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in calls:
        if call.callback is not None:
            tried[call.callback.get("contact") or call.contact].append(call.callback)
    found: dict[str, list[ContactItem]] = defaultdict(list)
    for item in items:
        wanted = item.kind.value in ("callback", "widget") or item.automatic or item.id in tried
        if wanted and cut.holds(us(item.created)):
            found[item.queue].append(item)
    rows = {name: _callbacks(mine, tried) for name, mine in found.items()}
    if len(rows) > 1:
        rows["all"] = _callbacks([item for mine in found.values() for item in mine], tried)
    return rows


def speed_of(tries: list[dict[str, Any]]) -> float | None:
    """Request to bridge, of the first talk; a machine is nobody."""
    return min((one["speed_s"] for one in tries if "speed_s" in one and one["outcome"] != "voicemail"), default=None)


def _callbacks(items: list[ContactItem], tried: dict[str, list[dict[str, Any]]]) -> Row:
    base = [item for item in items if item.end not in NOBODY_HAD_TO]
    speeds = [(item, speed) for item in base if (speed := speed_of(tried[item.id])) is not None]
    fast = [speed for _, speed in speeds]
    kept = sum(
        max(item.created, float(item.source.get("slot", 0))) + speed <= item.promise + 1e-6
        for item, speed in speeds
        if item.promise
    )
    promised = sum(bool(item.promise) for item in base)
    tries = [one for item in items for one in tried[item.id]]
    answered = [one for one in tries if one.get("reach_s") is not None]
    return {
        "asked": len(base),
        "reached": len(fast),
        "p50_s": nearest_rank(fast, 0.5),
        "p90_s": nearest_rank(fast, 0.9),
        **{f"within_{limit}_s": ratio(sum(one <= limit for one in fast), len(base)) for limit in (28, 60, 300)},
        "never_reached": ratio(len(base) - len(fast), len(base)),
        "promised": promised,
        "promise_kept": ratio(kept, promised),
        "attempts": len(tries),
        "tries_answered": len(answered),
        "silent": ratio(sum(bool(one.get("silent")) for one in tries), len(answered)),
        "came_back": sum(item.end == "customer_came_back" for item in items),
        "refused": sum(item.end == "refused" for item in items),
        "open": sum(item.end == "" for item in items),
    }


def missed(items: Sequence[ContactItem], cut: Cut) -> dict[str, Row]:
    """By queue, and "all": a customer is a number a day, who without one is one for each contact."""
    by_id = {item.id: item for item in items}

    def end(item: ContactItem) -> str:
        while item.merged_into in by_id:
            item = by_id[item.merged_into]
        return item.end

    mine = [item for item in items if item.kind.value in ("abandoned", "missed", "lead")]
    queues = {item.queue: [one for one in mine if one.queue == item.queue] for item in mine} | {"all": mine}
    rows = {}
    for name, some in queues.items():
        inside = [item for item in some if cut.holds(us(item.created))]
        if inside or name == "all":
            rows[name] = _missed(some, inside, cut, {item.id: end(item) for item in some})
    return rows


def _missed(some: list[ContactItem], inside: list[ContactItem], cut: Cut, ends: dict[str, str]) -> Row:
    customers: dict[tuple[str, object], list[ContactItem]] = defaultdict(list)
    for item in some:
        if ends[item.id] != "not_a_customer":
            customers[item.number or item.id, cut.day(us(item.created))].append(item)
    states: dict[str, int] = defaultdict(int)
    for contacts in customers.values():
        if cut.holds(max(us(one.created) for one in contacts)):
            told = {ends[one.id] for one in contacts}
            spoken = told <= {"reached", "customer_came_back"}
            states[
                "open" if "" in told else "lost" if not spoken else "reached" if "reached" in told else "came_back"
            ] += 1
    everybody = sum(states.values())
    return {
        "contacts": len(inside),
        "not_customers": sum(ends[item.id] == "not_a_customer" for item in inside),
        "customers": everybody,
        **{name: states[name] for name in ("reached", "came_back", "open", "lost")},
        "recovery_rate": ratio(states["reached"] + states["came_back"], everybody),
    }
