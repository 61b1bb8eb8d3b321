"""Short messages: campaigns, automatic ones, and what customers did after them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert

from pbx.contact.item import ContactItem
from pbx.store import schema
from pbx.store.schema_sms import sms_messages
from tests.pbx.reporting.oracle.counting import WEEK_US, Cut, Row, customers_of, ratio, who, wilson
from tests.pbx.reporting.oracle.owed import NOBODY_HAD_TO, speed_of
from tests.pbx.reporting.oracle.reading import MICRO, Called, us
from tests.pbx.reporting.oracle.stories import PEOPLE

STATES = ("delivered", "delivered", "accepted", "failed", "expired", "refused", "queued", "in_doubt")
SOURCES = ("api", "api", "panel", "flow:hotline:send", "queue:sales")


@dataclass
class Sent:
    """A message; `clicks`: how often its link was opened, each told by a step of its own."""

    id: str
    number: str
    template: str
    source: str
    state: str
    created_us: int
    accepted_us: int
    ended_us: int
    parts: int
    cost: float
    origin_call: str
    clicks: int = 0


def send(rng: random.Random, calls: Sequence[Called], first_us: int, span_us: int, count: int) -> list[Sent]:
    found = []
    for number in range(count):
        at = first_us + rng.randrange(span_us)
        call = rng.choice(calls)
        after = at + rng.randrange(1, 90 * MICRO)
        state, source = rng.choice(STATES), rng.choice(SOURCES)
        told = (after, after + rng.randrange(60 * MICRO), rng.randrange(1, 4), round(rng.random(), 3))
        known = rng.choice(("late", "sale", "")), source, state
        found.append(Sent(f"{2 * 10**6 + number:032x}", rng.choice(PEOPLE[:5])[0], *known, at, *told, call.id))
        found[-1].clicks = rng.choice((0, 0, 1, 3)) if state in ("delivered", "accepted") else 0
    return found


def write(connection: Connection, sent: Sequence[Sent]) -> None:
    names = [name for name in Sent.__dataclass_fields__ if name != "clicks"]
    blank = {column.name: column.type.python_type() for column in sms_messages.columns}
    connection.execute(
        insert(sms_messages), [blank | {"key": one.id} | {name: getattr(one, name) for name in names} for one in sent]
    )
    steps = [(one, count) for one in sent for count in range(one.clicks)]
    rows = [
        {
            "seq": 10**9 + n,
            "call_id": one.id,
            "at_us": one.created_us + count,
            "kind": "sms.clicked",
            "leg": "",
            "data": "{}",
        }
        for n, (one, count) in enumerate(steps)
    ]
    if rows:
        connection.execute(insert(schema.journey), rows)


def sms(sent: Sequence[Sent], cut: Cut) -> dict[str, Row]:
    """By what asked for them and template."""
    found: dict[str, list[Sent]] = defaultdict(list)
    for one in sent:
        if cut.holds(one.created_us):
            found[f"{one.source} {one.template}"].append(one)
    return {key: _sms(mine) for key, mine in found.items()}


def _sms(mine: list[Sent]) -> Row:
    def of(*states: str) -> list[Sent]:
        return [one for one in mine if one.state in states]

    took = of("accepted", "in_doubt", "delivered", "failed", "expired")
    times = [(one.ended_us - one.accepted_us) / MICRO for one in of("delivered")]
    return {
        "messages": len(mine),
        "parts": sum(one.parts for one in took),
        **{state: len(of(state)) for state in ("delivered", "failed", "expired", "refused")},
        "open": len(of("accepted", "queued", "in_doubt")),
        "delivered_share": ratio(len(times), len(of("delivered", "failed", "expired"))),
        "delivery_s": ratio(sum(times), len(times)),
        "cost": sum(one.cost for one in took),
    }


def automatic(sent: Sequence[Sent], calls: Sequence[Called], cut: Cut, now_us: int) -> dict[str, Row]:
    """Of what flows and queues sent by themselves: whether the number rang again within a week."""
    found: dict[str, list[Sent]] = defaultdict(list)
    for one in sent:
        if cut.holds(one.created_us) and one.source.startswith(("flow:", "queue:")):
            found[f"{one.source} {one.template}"].append(one)
    rows = {}
    for key, mine in found.items():
        over = [
            one
            for one in mine
            if one.state in ("accepted", "delivered", "in_doubt") and one.created_us + WEEK_US <= now_us
        ]
        quiet = sum(not any(call.id != one.origin_call for call in _rang(one, calls)) for one in over)
        low, high = wilson(quiet, len(over)) if over else (None, None)
        rows[key] = {
            "messages": len(mine),
            "delivered": sum(one.state == "delivered" for one in mine),
            "week_over": len(over),
            "no_repeat": quiet,
            "no_repeat_share": ratio(quiet, len(over)),
            "no_repeat_low": low,
            "no_repeat_high": high,
        }
    return rows


def _rang(one: Sent, calls: Sequence[Called], direction: str = "inbound") -> list[Called]:
    """Calls with the number in the week after the message."""
    return [
        call
        for call in customers_of(calls)
        if call.direction == direction
        and one.created_us < call.at_us <= one.created_us + WEEK_US
        and who(call.caller if direction == "inbound" else call.callee) == one.number
    ]


def campaigns(sent: Sequence[Sent], items: Sequence[ContactItem], calls: Sequence[Called], cut: Cut) -> dict[str, Row]:
    """By kind and campaign; a base is of numbers."""
    groups: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for one in sent:
        if not cut.holds(one.created_us) or not one.template or one.state == "refused":
            continue
        if one.source.startswith(("flow:", "queue:")):
            continue
        member = groups[f"sms {one.template}"].setdefault(one.number, {})
        rang, called = _rang(one, calls), _rang(one, calls, "outbound")
        member["delivered"] = member.get("delivered") or one.state == "delivered"
        member["clicked"] = member.get("clicked") or one.clicks > 0
        member["rang"] = member.get("rang") or bool(rang)
        member["spoken"] = member.get("spoken") or any(call.met_us is not None for call in (*rang, *called))
    tried: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in calls:
        if call.callback is not None:
            tried[call.callback.get("contact") or call.contact].append(call.callback)
    for item in items:
        asked = item.kind.value in ("callback", "widget") or item.automatic or item.id in tried
        base = item.end not in NOBODY_HAD_TO or item.end == "customer_came_back"
        if not (asked and base and item.number and cut.holds(us(item.created))):
            continue
        member = groups[f"callback {item.kind.value}"].setdefault(item.number, {"tries": []})
        member["tries"] += [one.get("reach_s") is not None for one in tried[item.id]]
        member["rang"] = member.get("rang") or item.end == "customer_came_back"
        spoken = speed_of(tried[item.id]) is not None or item.end in ("reached", "customer_came_back")
        member["spoken"] = member.get("spoken") or spoken
    return {key: _campaign(key, list(members.values())) for key, members in groups.items()}


def _campaign(key: str, members: list[dict[str, Any]]) -> Row:
    tries = [yes for one in members for yes in one.get("tries", ())]
    delivered = [one for one in members if one.get("delivered")]
    clicked = sum(bool(one.get("clicked")) for one in delivered)
    spoken = sum(bool(one.get("spoken")) for one in members)
    reacted = sum(bool(one.get("clicked") or one.get("rang") or any(one.get("tries", ()))) for one in members)
    written = key.startswith("sms")
    return {
        "base": len(members),
        "delivered": len(delivered) if written else None,
        "clickers": sum(bool(one.get("clicked")) for one in members) if written else None,
        "ctr": ratio(clicked, len(delivered)) if written else None,
        "tries": None if written else len(tries),
        "pickup": None if written else ratio(sum(tries), len(tries)),
        "rang": sum(bool(one.get("rang")) for one in members),
        "spoken": spoken,
        "contact_rate": ratio(spoken, len(members)),
        "contact_low": wilson(spoken, len(members))[0],
        "conversion": ratio(reacted, len(members)),
        "conversion_high": wilson(reacted, len(members))[1],
    }
