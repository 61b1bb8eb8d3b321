"""Calls of the database as conversions for advert systems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.engine import URL

from pbx.ledger.conversions import Conversion, google_ads, metrica
from pbx.ledger.terms import Terms
from pbx.numbers.plan import NumberPlan
from pbx.reporting.intervals import Interval
from pbx.reporting.request import BadRequest
from pbx.store import schema
from pbx.store.database import reader_engine
from pbx.store.schema_ledger import sales
from pbx.store.schema_tracking import call_sources, visits

FORMS = ("google_ads", "metrica")
_cdr, _told, _visit, _sale = schema.cdrs.c, call_sources.c, visits.c, sales.c


def conversions(connection: Connection, interval: Interval, terms: Terms) -> list[Conversion]:
    """The attributed calls of the interval, with the sum of their sales."""
    plan = NumberPlan(terms.country)
    sold = (
        select(_sale.call_id, func.sum(_sale.amount_micro).label("micro"), func.min(_sale.currency).label("currency"))
        .group_by(_sale.call_id)
        .subquery()
    )
    query = (
        select(
            *(_cdr.started_us, _cdr.caller, _cdr.callee, _cdr.direction, _cdr.bridged_us, _cdr.talk_s, _cdr.hold_s),
            *(_told.click_id, _told.click_kind, _told.method, _told.is_unique, _told.landing),
            *(_visit.ym_uid, sold.c.micro, sold.c.currency),
        )
        .join_from(schema.cdrs, call_sources, _told.call_id == _cdr.id)
        .outerjoin(visits, _visit.id == _told.visit)
        .outerjoin(sold, sold.c.call_id == _cdr.id)
        .where(_cdr.started_us >= interval.start_us, _cdr.started_us < interval.end_us, _cdr.test == "")
        .order_by(_cdr.started_us, _cdr.id)
    )
    found = []
    for row in connection.execute(query):
        at_us, caller, callee, direction, bridged_us, talk_s, hold_s, click, kind, method, first, landing, *rest = row
        heard = callee if direction == "outbound" else caller
        client, micro, currency = rest
        found.append(
            Conversion(
                *(at_us, click, kind, client or "", plan.e164(heard) or heard, method, bridged_us is not None),
                *(bool(first), talk_s, hold_s, int(micro or 0), currency or "", landing),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class ConversionsJob:
    """See pbx.reporting.jobs.Job: the CSV, as {"csv": text}."""

    url: URL
    terms: Terms
    period: Interval
    form: str
    name: str = "Phone call"

    def run(self) -> dict[str, Any]:
        if self.form not in FORMS:
            raise BadRequest(f"{self.form!r} is no form: write one of {', '.join(FORMS)}")
        engine = reader_engine(self.url)
        try:
            with engine.begin() as connection:
                found = conversions(connection, self.period, self.terms)
        finally:
            engine.dispose()
        return {"csv": google_ads(found, self.name) if self.form == "google_ads" else metrica(found)}
