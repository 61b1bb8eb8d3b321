"""The tables of customers who are known by number, and of imported ranges of numbers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from pbx.store.metadata import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),  # of the company's own books, or the first number
    _text("name"),
    _text("language"),
    Column("vip", Boolean(create_constraint=False), nullable=False),
    _text("tags"),  # JSON array
    _text("agent"),
    _text("note"),
    _text("pin"),  # hashed, "" for none
    _text("batch"),  # of the import that it came in
)

customer_numbers = Table(
    "customer_numbers",
    metadata,
    Column("number", Text, primary_key=True),  # E.164
    _text("customer"),
    _text("tail"),  # its last digits
    Index("ix_customer_numbers_customer", "customer"),
    Index("ix_customer_numbers_tail", "tail"),
)

number_ranges = Table(
    "number_ranges",
    metadata,
    Column("source", Text, primary_key=True),  # the table's name; with a line feed at its end while it comes
    Column("first", BigInteger, primary_key=True, autoincrement=False),  # E.164 digits, as the next
    Column("last", BigInteger, nullable=False),
    _text("region"),
    _text("operator"),
    Column("imported", Integer, nullable=False),  # the higher, the later
)
