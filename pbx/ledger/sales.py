"""Sales, from a table or from the API: which order brought how much, from whom, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from pbx.ledger.amounts import AmountError, Rates, decimal_mark, micros, split_currency
from pbx.ledger.columns import MAX_BAD, Bad, Field, read
from pbx.ledger.dates import DateError, day_order, read_instant
from pbx.numbers.plan import NumberPlan

MAX_ID = 200
FIELDS = (
    Field(
        "order_id",
        (
            *("order_id", "order", "id", "deal", "deal_id", "transaction_id", "nr_zamówienia", "zamówienie"),
            *("номер_заказа", "заказ", "сделка", "id_сделки"),
        ),
        needed=True,
    ),
    Field("number", ("number", "phone", "telephone", "customer_phone", "numer", "telefon", "телефон", "номер")),
    Field("told_id", ("call_id", "call", "contact_id", "contact", "item_id", "id_звонка", "id_połączenia")),
    Field(
        "amount",
        ("amount", "value", "sum", "total", "revenue", "price", "kwota", "wartość", "сумма", "бюджет", "стоимость"),
        needed=True,
    ),
    Field("currency", ("currency", "currency_code", "waluta", "валюта")),
    Field(
        "at",
        ("when", "at", "date", "time", "created", "created_at", "closed_at", "data", "czas", "дата", "дата_создания"),
        needed=True,
    ),
)


class SaleError(ValueError):
    """A row cannot be used."""


@dataclass(frozen=True, slots=True)
class Sale:
    """`told_id` is the call's or contact's id, where the shop knows it; `number` is E.164."""

    order_id: str
    at_us: int
    micro: int
    currency: str
    number: str = ""
    told_id: str = ""


@dataclass(slots=True)
class SaleReading:
    """What a table holds. With something in `bad` nothing of it is to be taken."""

    sales: dict[str, Sale] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    rows: int = 0
    totals: int = 0

    def refuse(self, line: int, reason: str) -> None:
        if len(self.bad) < MAX_BAD:
            self.bad.append(Bad(line, reason))


def read_sales(
    text: str, name: str, rates: Rates, plan: NumberPlan, zone: ZoneInfo, mapping: Mapping[str, str] | None = None
) -> SaleReading:
    """The sales of a CSV text. An order that stands in two rows is a fault. Raises TableError for no table."""
    table = read(text, name, FIELDS, mapping)
    reading = SaleReading(columns=table.columns, unknown=table.unknown, rows=len(table.rows), totals=table.totals)
    mark, order = decimal_mark(table.cells("amount")), day_order(table.cells("at"))
    lines: dict[str, int] = {}
    for line, cells in table.rows:
        try:
            sale = sale_of(cells, rates, plan, zone, mark=mark, order=order)
            if sale.order_id in lines:
                raise SaleError(f"the order {sale.order_id} stands in line {lines[sale.order_id]} already")
        except (AmountError, DateError, SaleError) as error:
            reading.refuse(line, str(error))
            continue
        lines[sale.order_id] = line
        reading.sales[sale.order_id] = sale
    return reading


def sale_of(
    cells: Mapping[str, str], rates: Rates, plan: NumberPlan, zone: ZoneInfo, *, mark: str = "", order: str = ""
) -> Sale:
    """One sale of its fields as text. Raises AmountError, DateError, SaleError."""
    order_id = cells.get("order_id", "").strip()
    if not order_id or len(order_id) > MAX_ID:
        raise SaleError(f"the order has no id of at most {MAX_ID} characters")
    currency = cells.get("currency", "").upper() or split_currency(cells.get("amount", ""))[1] or rates.currency
    if not rates.knows(currency):
        raise SaleError(f"{currency!r} has no rate; write it under ledger.rates")
    told_id, written = cells.get("told_id", "").strip()[:32], cells.get("number", "").strip()
    plain = "".join(sign for sign in written if sign not in " -()./\u00a0\u2011\u2013")
    number = plan.e164(plain) if plain else ""
    if written and not number and not told_id:
        raise SaleError(f"{written[:40]!r} is no full number")
    if not number and not told_id:
        raise SaleError("names neither a number nor a call")
    at_us = read_instant(cells.get("at", ""), zone, order)
    return Sale(order_id, at_us, micros(cells.get("amount", ""), mark), currency, number, told_id)
