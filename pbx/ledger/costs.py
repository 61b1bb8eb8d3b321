"""What adverts cost, from a table or from the API: one sum for each source, medium, campaign, number and day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from pbx.ledger.amounts import MICRO, AmountError, Rates, decimal_mark, micros, split_currency
from pbx.ledger.columns import MAX_BAD, Bad, Field, Table, read
from pbx.ledger.dates import DateError, day_order, read_day
from pbx.ledger.labels import label
from pbx.numbers.plan import NumberPlan

MAX_DAYS = 366  # that one row may be spread over
MAX_ENTRIES = 50_000  # of one import: they are written in one transaction
FIELDS = (
    Field("day", ("day", "date", "dzień", "data", "день", "дата", "ga_date", "segments_date")),
    Field("first", ("from", "start", "first", "start_date", "reporting_starts", "od", "с", "начало")),
    Field("last", ("to", "end", "last", "end_date", "reporting_ends", "do", "по", "конец")),
    Field(
        "source", ("source", "utm_source", "platform", "network", "channel", "źródło", "zrodlo", "источник", "площадка")
    ),
    Field("medium", ("medium", "utm_medium", "kanał", "kanal", "канал")),
    Field("campaign", ("campaign", "utm_campaign", "campaign_name", "kampania", "кампания", "название_кампании")),
    Field("number", ("number", "phone", "did", "numer", "telefon", "номер", "телефон")),
    Field(
        "cost",
        (
            *("cost", "spend", "spent", "amount", "amount_spent", "cost_micros", "koszt", "kwota", "wydatki"),
            *("расход", "затраты", "стоимость", "сумма", "amount_spent_pln", "amount_spent_eur", "amount_spent_usd"),
            *("amount_spent_rub", "расход_руб", "koszt_pln"),
        ),
        needed=True,
    ),
    Field("currency", ("currency", "currency_code", "waluta", "валюта")),
)


@dataclass(frozen=True, slots=True, order=True)
class CostKey:
    """Whose cost. "" in a field: of all of them."""

    day: date
    source: str = ""
    medium: str = ""
    campaign: str = ""
    number: str = ""


@dataclass(slots=True)
class CostReading:
    """What a table holds. With something in `bad` nothing of it is to be taken."""

    entries: dict[CostKey, tuple[int, str]] = field(default_factory=dict)  # (millionths, currency)
    bad: list[Bad] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    rows: int = 0
    totals: int = 0

    def refuse(self, line: int, reason: str) -> None:
        if len(self.bad) < MAX_BAD:
            self.bad.append(Bad(line, reason))


@dataclass(frozen=True, slots=True)
class Defaults:
    """What rows do not tell: the source of the whole file, its currency, how its numbers and days are written."""

    source: str = ""
    medium: str = ""
    currency: str = ""
    decimal: str = ""
    order: str = ""


def read_costs(
    text: str,
    name: str,
    rates: Rates,
    plan: NumberPlan,
    *,
    mapping: Mapping[str, str] | None = None,
    defaults: Defaults | None = None,
) -> CostReading:
    """The costs of a CSV text. Rows of one key in one text are added up; a row of several days is spread evenly over
    them. Raises TableError for a table that is none.
    """
    given = defaults or Defaults()
    table = read(text, name, FIELDS, mapping)
    reading = CostReading(columns=table.columns, unknown=table.unknown, rows=len(table.rows), totals=table.totals)
    given = Defaults(
        given.source,
        given.medium,
        given.currency,
        given.decimal or decimal_mark(table.cells("cost")),
        given.order or day_order([*table.cells("day"), *table.cells("first"), *table.cells("last")]),
    )
    micro = any(what == "cost" and column.endswith("micros") for column, what in table.columns.items())
    for line, cells in table.rows:
        try:
            _take(reading, cells, given, rates, plan, micro=micro)
        except (AmountError, DateError, CostError) as error:
            reading.refuse(line, str(error))
    if not table_tells_days(table):
        reading.refuse(1, "has no column of days; name it: day=COLUMN, or first=COLUMN and last=COLUMN")
    return reading


def table_tells_days(table: Table) -> bool:
    """Whether there is a column of days, or two of periods."""
    there = set(table.columns.values())
    return "day" in there or {"first", "last"} <= there


class CostError(ValueError):
    """A row cannot be used."""


def _take(
    reading: CostReading, cells: Mapping[str, str], given: Defaults, rates: Rates, plan: NumberPlan, *, micro: bool
) -> None:
    first, last = _days(cells, given.order)
    amount = micros(cells.get("cost", ""), given.decimal, 1 if micro else MICRO)
    currency = cells.get("currency", "").upper() or split_currency(cells.get("cost", ""))[1] or given.currency
    currency = currency or rates.currency
    if not rates.knows(currency):
        raise CostError(f"{currency!r} has no rate; write it under ledger.rates, or convert the file")
    number = _number(cells.get("number", ""), plan)
    source, medium = cells.get("source", "") or given.source, cells.get("medium", "") or given.medium
    told = (label(source), label(medium), label(cells.get("campaign", "")), number)
    if not any(told):
        raise CostError("names no source, campaign, medium or number that it is for")
    count = (last - first).days + 1
    if count < 1 or count > MAX_DAYS:
        raise CostError(f"runs from {first} to {last}: that is no period of 1 to {MAX_DAYS} days")
    for at in range(count):
        part = amount * (at + 1) // count - amount * at // count  # the parts add up to the whole
        _add(reading, CostKey(first + timedelta(days=at), *told), part, currency)


def _add(reading: CostReading, key: CostKey, micro: int, currency: str) -> None:
    before = reading.entries.get(key)
    if before is not None and before[1] != currency:
        raise CostError(f"costs of {key.source or key.campaign} on {key.day} come in {before[1]} and in {currency}")
    if before is None and len(reading.entries) >= MAX_ENTRIES:
        raise CostError(f"more than {MAX_ENTRIES} sums: divide the file")
    reading.entries[key] = ((before[0] if before else 0) + micro, currency)


def _days(cells: Mapping[str, str], order: str) -> tuple[date, date]:
    if cells.get("day"):
        found = read_day(cells["day"], order)
        return found, found
    if cells.get("first") and cells.get("last"):
        return read_day(cells["first"], order), read_day(cells["last"], order)
    raise DateError("the day is missing")


def _number(text: str, plan: NumberPlan) -> str:
    if not text:
        return ""
    plain = "".join(mark for mark in text if mark not in " -()./\u00a0\u2011\u2013")
    found = plan.e164(plain)
    if not found:
        raise CostError(f"{text[:40]!r} is no full number")
    return found
