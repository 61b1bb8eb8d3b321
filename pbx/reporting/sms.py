"""Messages of an interval by what asked for them: automatic answers (A3.5 of the mission), their delivery and cost.

Delivered share: delivered / messages with an end that the network told (delivered, failed, expired); a message that is
still under way, or was refused before any network saw it, is in neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from pbx.reporting.intervals import Interval
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value
from pbx.reporting.words.remarks import remark
from pbx.store.schema_sms import sms_inbox, sms_messages

if TYPE_CHECKING:
    from pbx.config import Language

MICRO = 1_000_000
TOLD = ("delivered", "failed", "expired")
NOTES = (
    "Delivered share: delivered / (delivered + failed + expired); messages under way, and those that no gateway took,\n"
    "are in neither. Cost: of what gateways accepted, in their currencies."
)
COLUMNS = (
    Column("source", "source", Unit.TEXT),
    Column("template", "template", Unit.TEXT),
    Column("messages", "msgs", formula="SMS"),
    Column("parts", "parts", Unit.COUNT, "SMS.PARTS", Measure.SUM),
    Column("delivered", "deliv.", formula="SMS.DELIVERED"),
    Column("failed", "failed", formula="SMS.FAILED"),
    Column("expired", "exp.", formula="SMS.EXPIRED"),
    Column("refused", "ref.", formula="SMS.REFUSED"),
    Column("open", "open", formula="SMS.OPEN"),
    Column("delivered_share", "share", Unit.SHARE, "SMS.DELIVERED.SHARE"),
    Column("delivery_s", "mean", Unit.SECONDS, "SMS.DELIVERY"),
    Column("cost", "cost", Unit.MONEY, "SMS.COST"),
)


@dataclass(slots=True)
class SmsLine:
    """The messages of one source and template."""

    source: str
    template: str
    states: dict[str, int] = field(default_factory=dict)
    parts: int = 0
    cost: float = 0.0
    delivery_s: float = 0.0  # mean, accepted to delivered

    @property
    def messages(self) -> int:
        return sum(self.states.values())

    @property
    def open(self) -> int:
        return self.messages - sum(self.states.get(state, 0) for state in (*TOLD, "refused"))

    @property
    def delivered_share(self) -> float | None:
        """See the module; None when no network told anything."""
        return share(self.states.get("delivered", 0), sum(self.states.get(state, 0) for state in TOLD))


def sms_sheet(connection: Connection, interval: Interval, language: Language = "en") -> Sheet:
    """By source and template, the most messages first; then what customers wrote."""
    found = sorted(_lines(connection, interval).values(), key=lambda line: (-line.messages, line.source, line.template))
    sheet = Sheet(f"Messages, {interval.label}", COLUMNS, [_row(line) for line in found], NOTES)
    inbox = sms_inbox.c
    heard = (
        select(inbox.what, func.count())
        .where(inbox.received_us >= interval.start_us, inbox.received_us < interval.end_us)
        .group_by(inbox.what)
        .order_by(inbox.what)
    )
    replies = ", ".join(f"{count} {what}" for what, count in connection.execute(heard))
    sheet.remarks = remark(language, "replies", what=replies or remark(language, "none"))
    return sheet


def _lines(connection: Connection, interval: Interval) -> dict[tuple[str, str], SmsLine]:
    table = sms_messages.c
    query = (
        select(
            table.source,
            table.template,
            table.state,
            func.count(),
            func.sum(table.parts),
            func.sum(table.cost),
            func.sum(table.ended_us - table.accepted_us),
        )
        .where(table.created_us >= interval.start_us, table.created_us < interval.end_us)
        .group_by(table.source, table.template, table.state)
    )
    lines: dict[tuple[str, str], SmsLine] = {}
    for source, template, state, count, parts, cost, taken_us in connection.execute(query):
        line = lines.setdefault((source, template), SmsLine(source, template))
        line.states[state] = count
        if state in ("accepted", "in_doubt", *TOLD):
            line.parts += int(parts or 0)
            line.cost += float(cost or 0.0)
        if state == "delivered":
            line.delivery_s = float(taken_us or 0) / MICRO / count
    return lines


def _row(line: SmsLine) -> Sequence[Value]:
    ends = [line.states.get(state, 0) for state in (*TOLD, "refused")]
    share_, speed = line.delivered_share, line.delivery_s or None
    return (line.source, line.template, line.messages, line.parts, *ends, line.open, share_, speed, line.cost)
