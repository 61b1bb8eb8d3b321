"""Overflow partners: what went there, how it ended, what it cost, and whether it was worth it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from pbx.events import Kind
from pbx.reporting.intervals import Interval
from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Measure, Sheet, Unit
from pbx.store import schema
from pbx.store.encode import from_json

SHORT_S = 10.0  # a talk that ends sooner helped nobody
REFUSED = ("cap", "closed", "not_worth")


@dataclass(slots=True)
class _Partner:
    results: dict[str, int] = field(default_factory=dict)
    short: int = 0
    talk_s: float = 0.0
    cost: float = 0.0
    loss: float = 0.0
    weighed: int = 0
    currency: str = ""

    def add(self, told: Mapping[str, Any]) -> None:
        """One call that was to go there."""
        result = str(told["result"])
        self.results[result] = self.results.get(result, 0) + 1
        self.currency = str(told.get("currency", ""))
        self.talk_s += told.get("talk_s", 0.0)
        self.cost += told.get("cost", 0.0)
        if result == "answered":
            self.short += told["talk_s"] < SHORT_S
            if "loss" in told:
                self.weighed += 1
                self.loss += told["loss"]

    def row(self, name: str) -> list[str | int | float | None]:
        counts = self.results
        answered = counts.get("answered", 0)
        sent = sum(count for result, count in counts.items() if result not in REFUSED)
        over = counts.get("cap", 0) + counts.get("closed", 0)
        loss = self.loss if self.weighed else None
        called: list[str | int | float | None] = [
            name,
            sent,
            answered,
            self.short,
            sent - answered,
            over,
            counts.get("not_worth", 0),
        ]
        return [*called, self.talk_s, self.cost, loss, self.currency]


COLUMNS = (
    Column("partner", "partner", Unit.TEXT),
    Column("sent", "sent there", formula="PARTNER.SENT"),
    Column("answered", "answered", formula="PARTNER.ANSWERED"),
    Column("short", "under 10 s", formula="PARTNER.SHORT"),
    Column("unanswered", "not answered", formula="PARTNER.UNANSWERED"),
    Column("cap", "over a cap", formula="PARTNER.CAP"),
    Column("not_worth", "not worth it", formula="PARTNER.NOT_WORTH"),
    Column("talk_s", "talk", Unit.SECONDS, "PARTNER.TALK", Measure.SUM),
    Column("cost", "cost", Unit.MONEY, "PARTNER.COST"),
    Column("loss", "loss averted", Unit.MONEY, "PARTNER.LOSS"),
    Column("currency", "currency", Unit.TEXT),
)


def partners_sheet(connection: Connection, interval: Interval) -> Sheet:
    """A row a partner, over the calls that began in the interval."""
    partners: dict[str, _Partner] = {}
    for told, _, _ in _told(connection, interval):
        partners.setdefault(str(told["partner"]), _Partner()).add(told)
    sheet = Sheet(
        f"Overflow partners, {interval.label}",
        COLUMNS,
        notes="Loss averted: of answered calls, the chance to give up while waiting times what a call is worth, as it "
        "was reckoned when the call went there. Closed hours count with the caps.",
    )
    sheet.rows += [partner.row(name) for name, partner in sorted(partners.items())]
    return sheet


def partner_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each call that was to go to a partner, with what came of it."""
    for told, call_id, at_us in _told(connection, request.period):
        result, talk_s, cost = str(told["result"]), float(told.get("talk_s", 0.0)), float(told.get("cost", 0.0))
        answered, sent = result == "answered", result not in REFUSED
        marks: dict[str, Mark] = {
            "PARTNER.SENT": (sent, talk_s),
            "PARTNER.ANSWERED": (answered, talk_s),
            "PARTNER.SHORT": (answered and talk_s < SHORT_S, talk_s),
            "PARTNER.UNANSWERED": (sent and not answered, None),
            "PARTNER.CAP": (result in ("cap", "closed"), None),
            "PARTNER.NOT_WORTH": (result == "not_worth", None),
            "PARTNER.TALK": (answered, talk_s),
            "PARTNER.COST": (cost > 0, cost),
        }
        if answered and "loss" in told:
            marks["PARTNER.LOSS"] = True, float(told["loss"])
        yield Fact(at_us, call_id, {"partner": str(told["partner"])}, marks, result)


def _told(connection: Connection, interval: Interval) -> Iterator[tuple[dict[str, Any], str, int]]:
    """What was said of each, its call, and when."""
    cdr, step = schema.cdrs.c, schema.journey.c
    query = (
        select(step.data, cdr.id, step.at_us)
        .join(schema.cdrs, cdr.id == step.call_id)
        .where(cdr.started_us >= interval.start_us, cdr.started_us < interval.end_us)
        .where(step.kind == Kind.OVERFLOW_TRIED.value, cdr.test == "")
        .order_by(step.seq)
    )
    for data, call_id, at_us in connection.execute(query):
        yield from_json(data), call_id, at_us
