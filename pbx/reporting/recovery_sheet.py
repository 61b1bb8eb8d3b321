"""Missed contacts as a sheet."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.intervals import Interval
from pbx.reporting.recovery import Recovery
from pbx.reporting.sheet import Column, Sheet, Unit

COLUMNS = (
    Column("queue", "Queue", Unit.TEXT),
    Column("contacts", "Contacts", formula="MISSED.CONTACTS"),
    Column("not_customers", "No\ncust.", formula="MISSED.NO_CUSTOMER"),
    Column("customers", "Customers", formula="MISSED"),
    Column("reached", "Reached", formula="MISSED.REACHED"),
    Column("came_back", "Came\nback", formula="MISSED.CAME_BACK"),
    Column("open", "Open", formula="MISSED.OPEN"),
    Column("lost", "Lost", formula="MISSED.LOST"),
    Column("recovery_rate", "Recovery", Unit.SHARE, "RECOVERY"),
)
NOTES = (
    "Customers: numbers, each once a day. Recovery = customers whose contacts of the day all ended in a talk, in\n"
    "either direction / customers. Test calls and short abandons are no customers; withheld numbers cannot be served.\n"
    "Of all calls of a queue: report customers."
)


def recovery_sheet(interval: Interval, lines: Sequence[Recovery]) -> Sheet:
    """A row for each queue, and one for all."""
    sheet = Sheet(f"Missed, {interval.label}", COLUMNS, notes=NOTES)
    for one in lines:
        counts = (one.contacts, one.not_customers, one.customers, one.reached, one.came_back, one.open, one.lost)
        sheet.rows.append((one.queue, *counts, one.rate))
    return sheet
