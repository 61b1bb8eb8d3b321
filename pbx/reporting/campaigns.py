"""Campaigns by message: who was written to, who clicked, who rang, and with whom somebody spoke.

A campaign is a template of messages that no flow and no queue sent. Its base is the numbers that were written to.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, select

from pbx.events import Kind
from pbx.reporting.proportion import Share
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Sheet, Unit, Value
from pbx.store import schema
from pbx.store.schema_sms import sms_messages

WEEK_US = 7 * 86_400_000_000
COLUMNS = (
    Column("template", "Campaign", Unit.TEXT),
    Column("base", "Base", formula="CAMPAIGN.BASE"),
    Column("delivered", "Deliv-\nered", formula="CAMPAIGN.BASE"),
    Column("clickers", "Clicked"),
    Column("ctr", "CTR", Unit.SHARE, "CTR"),
    Column("rang", "Rang"),
    Column("contact_rate", "Contact\nrate", Unit.SHARE, "CONTACT_RATE"),
    Column("contact_low", "from", Unit.SHARE),
    Column("contact_high", "to", Unit.SHARE),
    Column("conversion", "Conver-\nsion", Unit.SHARE, "CONVERSION"),
    Column("conversion_low", "from", Unit.SHARE),
    Column("conversion_high", "to", Unit.SHARE),
)
NOTES = (
    "Base: numbers written to. CTR = unique clickers / delivered. Contact rate = numbers spoken with, in either\n"
    "direction, within 7 days / base. Conversion = numbers that clicked or rang within 7 days / base. Intervals: 95 %\n"
    "(Wilson)."
)


@dataclass(slots=True)
class _Campaign:
    base: set[str] = field(default_factory=set)
    delivered: set[str] = field(default_factory=set)
    clickers: set[str] = field(default_factory=set)
    rang: set[str] = field(default_factory=set)
    spoken: set[str] = field(default_factory=set)


def campaigns_sheet(connection: Connection, request: Request) -> list[Sheet]:
    """By template, the largest base first."""
    found = _read(connection, request)
    sheet = Sheet(f"Campaigns, {request.period.label}", COLUMNS, notes=NOTES)
    for template, one in sorted(found.items(), key=lambda entry: (-len(entry[1].base), entry[0])):
        sheet.rows.append(_row(template, one))
    return [sheet]


def _row(template: str, one: _Campaign) -> tuple[Value, ...]:
    base = len(one.base)
    contact, conversion = Share(len(one.spoken), base), Share(len(one.clickers | one.rang), base)
    ctr = Share(len(one.clickers & one.delivered), len(one.delivered)).value
    head = (template, base, len(one.delivered), len(one.clickers), ctr, len(one.rang))
    return (*head, contact.value, *contact.interval, conversion.value, *conversion.interval)


def _read(connection: Connection, request: Request) -> dict[str, _Campaign]:
    message, cdr, step = sms_messages.c, schema.cdrs.c, schema.journey.c
    mine = and_(
        message.created_us >= request.period.start_us,
        message.created_us < request.period.end_us,
        message.template != "",
        message.source.not_like("flow:%"),
        message.source.not_like("queue:%"),
    )
    found: dict[str, _Campaign] = {}
    for template, number, state in connection.execute(
        select(message.template, message.number, message.state).where(mine, message.state != "refused")
    ):
        one = found.setdefault(template, _Campaign())
        one.base.add(number)
        if state == "delivered":
            one.delivered.add(number)
    clicks = select(message.template, message.number).join(schema.journey, step.call_id == message.id)
    for template, number in connection.execute(clicks.where(mine, step.kind == str(Kind.SMS_CLICKED.value))):
        if template in found:
            found[template].clickers.add(number)
    for column, direction in ((cdr.caller, "inbound"), (cdr.callee, "outbound")):
        calls = select(message.template, message.number, cdr.bridged_us).join(
            schema.cdrs,
            and_(
                column == message.number,
                cdr.started_us > message.created_us,
                cdr.started_us <= message.created_us + WEEK_US,
            ),
        )
        for template, number, bridged_us in connection.execute(calls.where(mine, cdr.direction == direction)):
            if template not in found:
                continue
            if direction == "inbound":
                found[template].rang.add(number)
            if bridged_us is not None:
                found[template].spoken.add(number)
    return found
