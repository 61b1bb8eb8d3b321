"""Automatic messages: what a block of a flow or a queue sent by itself, and whether the customer rang again."""

from __future__ import annotations

from sqlalchemy import Connection, and_, case, func, select

from pbx.reporting.opened.messages import BY_ITSELF, again, week_over
from pbx.reporting.proportion import Share
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.store.schema_sms import sms_messages

COLUMNS = (
    Column("source", "Sent by", Unit.TEXT),
    Column("template", "Template", Unit.TEXT),
    Column("messages", "Messages", formula="SMS.AUTO"),
    Column("delivered", "Deliv-\nered", formula="SMS.AUTO.DELIVERED"),
    Column("week_over", "Week\nover", formula="SMS.WEEK_OVER"),
    Column("no_repeat", "No\nrepeat", formula="SMS.DEFLECTED"),
    Column("no_repeat_share", "No repeat,\nshare", Unit.SHARE, "SMS.DEFLECTED"),
    Column("no_repeat_low", "from", Unit.SHARE),
    Column("no_repeat_high", "to", Unit.SHARE),
)
NOTES = (
    "Sent by: flow:NAME:BLOCK or queue:NAME. No repeat: messages accepted by a gateway whose 7 days are over, and in\n"
    "them the number did not ring again; with the 95 % interval (Wilson). That the message was the cause is not shown."
)


def automatic_sheet(connection: Connection, request: Request) -> list[Sheet]:
    """By what sent it and template."""
    message, over = sms_messages.c, week_over(request)
    query = (
        select(
            message.source,
            message.template,
            func.count(),
            func.sum(case((message.state == "delivered", 1), else_=0)),
            func.sum(case((over, 1), else_=0)),
            func.sum(case((and_(over, ~again(request)), 1), else_=0)),
        )
        .where(message.created_us >= request.period.start_us, message.created_us < request.period.end_us)
        .where(BY_ITSELF)
        .group_by(message.source, message.template)
        .order_by(func.count().desc(), message.source, message.template)
    )
    sheet = Sheet(f"Automatic messages, {request.period.label}", COLUMNS, notes=NOTES)
    for source, template, count, delivered, past, quiet in connection.execute(query):
        share = Share(int(quiet), int(past))
        shown = (share.value, *share.interval) if share.whole else (None, None, None)
        sheet.rows.append((source, template, count, int(delivered), share.whole, share.part, *shown))
    return [sheet]
