"""Campaigns: who was written to or called, who clicked, who rang, and with whom somebody spoke.

There are two kinds of which there is a closed base today. `sms`: a template of messages that no flow and no queue sent;
its base is the numbers that were written to. `callback`: customers whom the PBX called by itself, by the reason (asked,
abandoned...); its base is their numbers. Lists of numbers that are dialled one after the other do not exist yet, so no
figure of them does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, and_, select

from pbx.events import Kind
from pbx.reporting.callbacks import asked
from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.people import People
from pbx.reporting.proportion import Share
from pbx.reporting.recovery import SPOKEN_WITH
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Sheet, Unit, Value
from pbx.store import schema
from pbx.store.schema_sms import sms_messages

WEEK_US = 7 * 86_400_000_000
ROWS = 20_000
SMS, CALLBACK = "sms", "callback"
COLUMNS = (
    Column("kind", "Kind", Unit.TEXT),
    Column("template", "Campaign", Unit.TEXT),
    Column("base", "Base", formula="CAMPAIGN.BASE"),
    Column("delivered", "Deliv-\nered", formula="CAMPAIGN.DELIVERED"),
    Column("clickers", "Clicked", formula="CAMPAIGN.CLICKED"),
    Column("ctr", "CTR", Unit.SHARE, "CTR"),
    Column("ctr_low", "from", Unit.SHARE),
    Column("ctr_high", "to", Unit.SHARE),
    Column("tries", "Tries", formula="CAMPAIGN.TRIES"),
    Column("pickup", "Picked\nup", Unit.SHARE, "CAMPAIGN.PICKUP"),
    Column("rang", "Rang", formula="CAMPAIGN.RANG"),
    Column("spoken", "Spoken\nwith", formula="CONTACT_RATE"),
    Column("contact_rate", "Contact\nrate", Unit.SHARE, "CONTACT_RATE"),
    Column("contact_low", "from", Unit.SHARE),
    Column("contact_high", "to", Unit.SHARE),
    Column("conversion", "Conver-\nsion", Unit.SHARE, "CONVERSION"),
    Column("conversion_low", "from", Unit.SHARE),
    Column("conversion_high", "to", Unit.SHARE),
)
NOTES = (
    "Base: numbers written to (sms), or numbers that the PBX called by itself, by the reason (callback). CTR = unique\n"
    "clickers / delivered. Picked up = answered tries / tries. Contact rate = numbers spoken with, in either\n"
    "direction, within 7 days / base. Conversion = numbers that clicked, rang or picked up within 7 days / base.\n"
    "Intervals: 95 % (Wilson). Lists of numbers that are dialled in bulk are not in it: there are none yet."
)


@dataclass(slots=True)
class Member:
    """A number of a campaign's base, by the message or contact that it first came with."""

    id: str
    at_us: int
    delivered: bool = False
    clicked: bool = False
    rang: bool = False
    spoken: bool = False
    tries: list[tuple[str, int, bool]] = field(default_factory=list)  # call, when, whether he picked up

    @property
    def reacted(self) -> bool:
        return self.clicked or self.rang or any(yes for _, _, yes in self.tries)


Members = dict[str, Member]  # by number


def campaigns_sheet(connection: Connection, request: Request) -> list[Sheet]:
    """By kind and campaign, the largest base first."""
    sheet = Sheet(f"Campaigns, {request.period.label}", COLUMNS, notes=NOTES)
    found = _read(connection, request)
    for (kind, name), members in sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        sheet.rows.append(_row(kind, name, list(members.values())))
    return [sheet]


def campaign_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each number once, and each try to call it."""
    for (kind, name), members in _read(connection, request).items():
        keys = {"kind": kind, "template": name}
        for one in members.values():
            marks: dict[str, Mark] = {
                "CAMPAIGN.BASE": (True, None),
                "CAMPAIGN.RANG": (one.rang, None),
                "CONTACT_RATE": (one.spoken, None),
                "CONVERSION": (one.reacted, None),
            }
            if kind == SMS:
                marks |= {"CAMPAIGN.DELIVERED": (one.delivered, None), "CAMPAIGN.CLICKED": (one.clicked, None)}
            if one.delivered:
                marks["CTR"] = one.clicked, None
            yield Fact(one.at_us, one.id, keys, marks)
            for call, at_us, yes in one.tries:
                yield Fact(at_us, call, keys, {"CAMPAIGN.TRIES": (True, None), "CAMPAIGN.PICKUP": (yes, None)})


def _row(kind: str, name: str, members: list[Member]) -> list[Value]:
    base = len(members)
    row: list[Value] = [kind, name, base]
    if kind == SMS:
        delivered = [one for one in members if one.delivered]
        clicks = Share(sum(one.clicked for one in delivered), len(delivered))
        row += [len(delivered), sum(one.clicked for one in members), *_cells(clicks), None, None]
    else:
        tries = [yes for one in members for _, _, yes in one.tries]
        row += [None] * 5 + [len(tries), Share(sum(tries), len(tries)).value]
    spoken, reacted = (Share(count, base) for count in (_sum(members, "spoken"), _sum(members, "reacted")))
    return [*row, _sum(members, "rang"), spoken.part, *_cells(spoken), *_cells(reacted)]


def _cells(share: Share) -> tuple[Value, ...]:
    return (share.value, *share.interval) if share.whole else (None, None, None)


def _sum(members: Iterable[Member], name: str) -> int:
    return sum(getattr(one, name) for one in members)


def _read(connection: Connection, request: Request) -> dict[tuple[str, str], Members]:
    found: dict[tuple[str, str], Members] = {}
    _messages(connection, request, found)
    for one in asked(connection, request.period):
        if not one.number or not (one.base or one.came_back):
            continue
        member = found.setdefault((CALLBACK, one.kind), {}).setdefault(one.number, Member(one.id, one.at_us))
        member.tries += [(each.call_id, each.at_us, each.reach_s is not None) for each in one.tries]
        member.rang |= one.came_back
        member.spoken |= one.speed_s is not None or one.end in SPOKEN_WITH
    return found


def _at_once(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """Many rows in parts: one by one they cost twice."""
    for part in connection.execute(query).partitions(ROWS):
        yield from part


def _messages(connection: Connection, request: Request, found: dict[tuple[str, str], Members]) -> None:
    message, step = sms_messages.c, schema.journey.c
    mine = and_(
        message.created_us >= request.period.start_us,
        message.created_us < request.period.end_us,
        message.template != "",
        message.source.not_like("flow:%"),
        message.source.not_like("queue:%"),
        message.state != "refused",
    )
    rows = select(message.template, message.number, message.state, message.id, message.created_us).where(mine)
    sent: dict[str, list[tuple[int, Member]]] = {}  # by number: when, and to whom
    for template, number, state, ident, at_us in _at_once(connection, rows.order_by(message.created_us, message.id)):
        members = found.setdefault((SMS, template), {})
        one = members.get(number)
        if one is None:
            one = members[number] = Member(ident, at_us)
        one.delivered |= state == "delivered"
        sent.setdefault(number, []).append((at_us, one))
    clicks = select(message.template, message.number).join(schema.journey, step.call_id == message.id)
    for template, number in connection.execute(clicks.where(mine, step.kind == str(Kind.SMS_CLICKED.value))):
        found[SMS, template][number].clicked = True
    if sent:
        _calls_after(connection, People(request.money.country), sent)


def _calls_after(connection: Connection, people: People, sent: Mapping[str, Sequence[tuple[int, Member]]]) -> None:
    """Who rang, or was spoken with, in the week after a message. Calls are read once: to look for those of each
    message by all forms of its number took three times as long as the rest of a year's page.
    """
    cdr = schema.cdrs.c
    known: dict[str, list[tuple[int, Member]]] = {}
    for number, messages in sent.items():
        known.setdefault(people.who(number), []).extend(messages)
    first_us = min(messages[0][0] for messages in sent.values())
    last_us = max(messages[-1][0] for messages in sent.values()) + WEEK_US
    calls = select(cdr.direction, cdr.caller, cdr.callee, cdr.started_us, cdr.bridged_us).where(
        *(cdr.started_us > first_us, cdr.started_us <= last_us, cdr.test == ""),
        cdr.direction.in_(("inbound", "outbound")),
    )
    for direction, caller, callee, started_us, bridged_us in _at_once(connection, calls):
        number = caller if direction == "inbound" else callee
        for at_us, one in known.get(people.who(number), ()):
            if at_us < started_us <= at_us + WEEK_US:
                one.rang |= direction == "inbound"
                one.spoken |= bridged_us is not None
