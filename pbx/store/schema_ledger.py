"""The tables of money: advert costs, sales, what other systems were told, and reconciliations.

Sums are whole millionths of their currency (`_micro`), days are local dates of the server's zone.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from pbx.store.metadata import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _whole(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


ad_costs = Table(
    "ad_costs",
    metadata,
    Column("source", Text, primary_key=True),  # "" in one of these: the cost is of all of them
    Column("medium", Text, primary_key=True),
    Column("campaign", Text, primary_key=True),
    Column("number", Text, primary_key=True),  # E.164, of offline media
    Column("day", String(10), primary_key=True),
    _whole("amount_micro"),
    _text("currency"),
    _text("batch"),  # the import that it came with
    Index("ix_ad_costs_day", "day"),
)

sales = Table(
    "sales",
    metadata,
    Column("order_id", Text, primary_key=True),
    _whole("at_us"),
    _text("number"),  # of the customer, E.164; "" where only the call is told
    _text("told_id"),  # of a call or contact, as the sale names it
    _whole("amount_micro"),
    _text("currency"),
    _text("batch"),
    _text("call_id"),  # whose sale it is; "" while none is found
    _text("matched_by"),  # "call", "contact", "number" or ""
    Index("ix_sales_at_us", "at_us"),
    Index("ix_sales_call_id", "call_id"),
)

ledger_marks = Table(
    "ledger_marks",
    metadata,
    Column("call_id", String(32), primary_key=True),
    Column("target", Text, primary_key=True),  # "ga4:G-...", "crm:NAME"
    Column("event", Text, primary_key=True),  # "phone_call", "lead", "call", "task"...
    _text("state"),  # pbx.ledger.mark.State
    _text("reason"),
    _whole("at_us"),
    Index("ix_ledger_marks_at_us", "at_us"),
)

ledger_leads = Table(
    "ledger_leads",
    metadata,
    Column("target", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    _text("call_id"),  # the contact that made the lead
    _whole("at_us"),  # of the latest contact of that number
)

reconcile_runs = Table(
    "reconcile_runs",
    metadata,
    Column("id", String(32), primary_key=True),
    _whole("start_us"),
    _whole("end_us"),
    _text("label"),
    _whole("made_us"),
    _text("made_by"),  # "night", or who asked
    _text("summary"),  # JSON: counts of the systems, steps from one to another
    Index("ix_reconcile_runs_made_us", "made_us"),
)

reconcile_rows = Table(
    "reconcile_rows",
    metadata,
    Column("run", String(32), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _text("call_id"),  # "" for a record of another system that no call of ours is
    _whole("at_us"),
    _text("number"),
    _text("place"),  # line of the export, for a record that no call of ours is
    _text("present"),  # JSON array of systems
    _text("reasons"),  # JSON object: system to why it does not have it, or has it
    Index("ix_reconcile_rows_call_id", "call_id"),
)
